"""Names of releases: a name stands for the same numbers for ever."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mobility.errors import ReleaseError, RequestError
from mobility.release.secret import read_records

Digests = dict[str, str]


def name_release(asked: str | None, digests: Digests, project: Path, study: str, folder: Path) -> str:
    """The name of a release.

    Args:
        asked: `study.release.name`; None: that of the earlier release with the very same tables, else the next number.
        digests: of its tables.
        project: folder with the records of what was released.
        study: name of the study.
        folder: export folder of the study.

    Raises:
        RequestError: the name cannot be that of a folder.
        ReleaseError: the name stands for other tables already.
    """
    earlier = _in_folder(folder) | read_records(project, study)
    if asked is None:
        same = sorted((name for name, known in earlier.items() if known == digests), key=lambda name: (len(name), name))
        numbers = [int(name) for name in earlier if name.isdecimal()]
        return same[0] if same else str(max(numbers, default=0) + 1)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", asked):
        raise RequestError("study.release.name is also the name of a folder: use letters, digits, dots, - and _ only.")
    if asked in earlier and earlier[asked] != digests:
        raise ReleaseError(
            f"A release named {asked} of study {study} was made before, with other tables or other numbers. What has been "
            "released does not change: choose another study.release.name, or null for the next number. The earlier one was "
            "left as it is."
        )
    return asked


def _in_folder(folder: Path) -> dict[str, Digests]:
    """The releases that lie in the export folder of a study, by name; one that cannot be read equals no other."""
    if not folder.is_dir():
        return {}
    there = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return {path.name: _digests(path) for path in there if any(path.iterdir())}


def _digests(release: Path) -> Digests:
    try:
        package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
        return {resource["name"]: resource["hash"].removeprefix("sha256:") for resource in package["resources"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
