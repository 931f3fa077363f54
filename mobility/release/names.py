"""Names of releases: a name stands for the same numbers, made in the same way, for ever and in the whole project."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mobility.errors import ReleaseError, RequestError
from mobility.release.ledger import Record


def name_release(
    asked: str | None, study: str, tables: dict[str, str], definition: str, records: list[Record], folder: Path
) -> str:
    """The name of a release.

    The officer's files lie in `check/<release>/`, whatever the study, so all studies of a project share the names.

    Args:
        asked: `study.release.name`; None: that of the earlier release with the very same tables, made by the very same
            definition, else the next number.
        study: name of the study.
        tables: digests of the tables.
        definition: digest of the study and the profile.
        records: of everything the project has released.
        folder: export folder of the study.

    Raises:
        RequestError: the name cannot be that of a folder.
        ReleaseError: the name stands for something else already.
    """
    kept = {(record.study, record.release) for record in records}
    earlier = records + [each for each in _in_folder(folder, study) if (study, each.release) not in kept]
    others = {each.release for each in earlier if each.study != study}
    own = [each for each in earlier if each.study == study]
    if asked is None:
        same = [
            each.release
            for each in own
            if each.tables == tables and each.definition == definition and each.release not in others
        ]
        numbers = [int(each.release) for each in earlier if each.release.isdecimal()]
        return min(same, key=lambda name: (len(name), name)) if same else str(max(numbers, default=0) + 1)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", asked):
        raise RequestError("study.release.name is also the name of a folder: use letters, digits, dots, - and _ only.")
    if asked in others:
        raise ReleaseError(
            f"A release named {asked} was made before by another study of this project. The studies of a project share "
            "the names: choose another study.release.name, or null for the next number. Nothing was written."
        )
    if any(each.release == asked and (each.tables, each.definition) != (tables, definition) for each in own):
        raise ReleaseError(
            f"A release named {asked} of study {study} was made before, with other tables, other numbers or another "
            "definition. What has been released does not change: choose another study.release.name, or null for the next "
            "number. The earlier one was left as it is."
        )
    return asked


def _in_folder(folder: Path, study: str) -> list[Record]:
    """The releases that lie in the export folder of a study; one that cannot be read equals no other."""
    if not folder.is_dir():
        return []
    there = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [_read(path, study) for path in there if any(path.iterdir())]


def _read(release: Path, study: str) -> Record:
    try:
        package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
        tables = {resource["name"]: resource["hash"].removeprefix("sha256:") for resource in package["resources"]}
        return Record(study, release.name, tables, package["study"].get("definition"), "", {}, "", ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Record(study, release.name, {}, None, "", {}, "", ())
