"""The secret of the project, which decides the rounding, and the record of what was released with it."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobility.errors import ReleaseError
from mobility.run.files import make_folder, write_json

_LENGTH = 32


def read_secret(project: Path) -> bytes:
    """The secret; made at first use, readable by its owner only.

    Raises:
        ReleaseError: there are records of earlier releases but not the secret that rounded them, or the secret
            is damaged.
    """
    path = project / "secret"
    if not path.exists():
        if any(_records(project).rglob("*.json")):
            raise ReleaseError(
                f"{path} is gone, but {_records(project)} says that tables were released with it. With "
                f"another secret the same cell "
                "would get another number, and the two together narrow it down. Put the secret back from a "
                "backup of the project folder."
            )
        make_folder(project)
        _make(path)
    secret = path.read_bytes()
    if len(secret) != _LENGTH:
        raise ReleaseError(f"{path} is damaged. Put it back from a backup of the project folder.")
    return secret


@dataclass(frozen=True)
class Record:
    """What the project keeps of a release.

    Attributes:
        study: its study.
        release: its name.
        tables: the digests of its tables.
        definition: the digest of the study and the profile it was made by; None where an older program kept none.
        rules: the values of the profile, as far as they were kept.
    """

    study: str
    release: str
    tables: dict[str, str]
    definition: str | None
    rules: dict[str, Any]


def read_records(project: Path) -> list[Record]:
    """Every earlier release of the project, whatever its study.

    Raises:
        ReleaseError: a record is damaged.
    """
    found: list[Record] = []
    for path in sorted(_records(project).rglob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            tables, rules = dict(record["tables"]), dict(record.get("rules", {}))
            found.append(Record(record["study"], str(record["release"]), tables, record.get("definition"), rules))
        except (ValueError, KeyError, TypeError):
            damaged = path
            break
    else:
        return found
    raise ReleaseError(f"{damaged} is damaged, so it cannot be told what was released. Put it back from a backup.")


def write_record(project: Path, study: str, release: str, record: dict[str, Any]) -> None:
    """Keep what is released, so that the same name never stands for other numbers."""
    write_json(_records(project) / study / f"{release}.json", record | {"study": study, "release": release})


def _records(project: Path) -> Path:
    return project / "releases"


def _make(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # a colleague was first; theirs is the one
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_LENGTH))
