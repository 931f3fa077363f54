"""A step of the road, and whether it is up to date.

It is when its settings, its inputs and the program are what they were, and its outputs are still there. That is seen from size
and time of change; before a later step reads an output, its bytes are compared as well.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mobility.folders import PROGRAM
from mobility.run.files import checksum, write_json


@dataclass(frozen=True)
class Step:
    """One step in one workspace.

    Attributes:
        name: of the job.
        record: file that remembers the last time it was done, `<place.root>/runs/<name>.json`.
    """

    name: str
    record: Path

    def is_up_to_date(self, asked: dict[str, Any], inputs: Iterable[Path]) -> bool:
        """Whether doing it again would change nothing."""
        return self.stands(asked) and self._read().get("inputs") == states_of(inputs)

    def stands(self, asked: dict[str, Any]) -> bool:
        """Whether it was done with these settings by this program, and its outputs are still as they were."""
        known = self._read()
        same = known.get("asked") == fingerprint(asked) and known.get("program") == program_digest()
        return same and all(state_of(Path(path)) == state for path, state in known.get("outputs", {}).items())

    def damaged(self, paths: Iterable[Path]) -> list[Path]:
        """Those of some files that this step made and that no longer hold what it wrote, whatever their size and time say."""
        made = self._read().get("checksums", {})
        return [path for path in paths if str(path) in made and _checksum(path) != made[str(path)]]

    def forget(self) -> None:
        """Before it is done again: what it leaves half done is not taken for the whole."""
        self.record.unlink(missing_ok=True)

    def remember(
        self, asked: dict[str, Any], inputs: dict[str, str], outputs: Iterable[Path], told: dict[str, Any]
    ) -> None:
        """Once it is done: what was asked, from what, with what result.

        Args:
            asked: the settings its result depends on.
            inputs: `states_of` the files it read, taken before it began.
            outputs: the files it made.
            told: what it told.
        """
        made = list(outputs)
        content = {
            "step": self.name,
            "asked": fingerprint(asked),
            "settings": _plain(asked),
            "program": program_digest(),
            "inputs": inputs,
            "outputs": states_of(made),
            "checksums": {str(path): checksum(path) for path in made},
            "told": told,
        }
        write_json(self.record, content | {"seal": fingerprint(content)})

    def told(self) -> dict[str, Any]:
        """What the step told the last time it was done; nothing if it never was."""
        content: dict[str, Any] = self._read().get("told", {})
        return content

    def _read(self) -> dict[str, Any]:
        try:
            known: dict[str, Any] = json.loads(self.record.read_text(encoding="utf-8"))
            seal = known.pop("seal")
        except (OSError, ValueError, KeyError, AttributeError):
            return {}
        return known if fingerprint(known) == seal else {}  # a record that is damaged remembers nothing


@cache
def program_digest(part: str = "") -> str:
    """Digest of the program's own code: another program may give other numbers.

    Args:
        part: a folder of the program, for what depends on its code alone; empty: the whole program, schemas included.
    """
    known = hashlib.sha256()
    code = (path for path in (PROGRAM / "mobility" / part).rglob("*") if path.suffix in (".py", ".yaml", ".css", ".js"))
    schemas = () if part else (PROGRAM / "schemas").rglob("*.yaml")
    for path in sorted([*code, *schemas]):
        known.update(path.relative_to(PROGRAM).as_posix().encode())
        known.update(path.read_bytes())
    return known.hexdigest()


def files_below(*folders: Path) -> list[Path]:
    """All files in some folders and below, in order; a path that is a file stands for itself."""
    return sorted(
        path for folder in folders for path in (folder.rglob("*") if folder.is_dir() else [folder]) if path.is_file()
    )


def states_of(paths: Iterable[Path]) -> dict[str, str]:
    """`state_of` every file, by its path."""
    return {str(path): state_of(path) for path in paths}


def _checksum(path: Path) -> str:
    try:
        return checksum(path)
    except OSError:
        return "absent"


def state_of(path: Path) -> str:
    """Size and time of change: enough to see that a file was replaced, without reading it."""
    try:
        seen = path.stat()
    except OSError:
        return "absent"
    return f"{seen.st_size}:{seen.st_mtime_ns}"


def fingerprint(asked: dict[str, Any]) -> str:
    """Digest of settings: the same for the same values."""
    return hashlib.sha256(json.dumps(_plain(asked), sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, int | float | bool | str) or value is None else str(value)
