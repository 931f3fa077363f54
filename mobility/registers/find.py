"""From `(register, year)` to the one file that is meant, in a tree of files made by people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mobility.errors import RequestError
from mobility.registers.dictionary import Register

LABEL_FILE = "LABEL.txt"  # in the root of a source tree: what the tree says of itself, such as that it is synthetic
ENDINGS = (".sav", ".zsav", ".parquet", ".csv")
_CONVERSIONS = "geconverteerde data"
_DATE_PREFIX = re.compile(r"^\d{6} +")


@dataclass(frozen=True)
class Found:
    """One file of a register.

    Attributes:
        register: name of the register.
        year: the year in the file name.
        version: the number behind V, compared as a number (V10 is newer than V9); 0 where the name has none.
        provisional: the name starts with VRL.
        path: the file.
    """

    register: str
    year: int
    version: int
    provisional: bool
    path: Path

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Definitive before provisional, then the highest version, then SPSS before its conversions."""
        return (not self.provisional, self.version, -ENDINGS.index(self.path.suffix.lower()))


def find_files(register: Register, root: Path, pinned: dict[str, str]) -> dict[int, Found]:
    """The best file of every year that is there.

    Names are matched without regard to case, blanks and a date in front; conversions in `geconverteerde data` count when the
    original is absent.

    Args:
        register: its dictionary.
        root: root of the source tree.
        pinned: `{"REGISTER" or "REGISTER/year": path below root}`; a pinned file is taken whatever else is there.

    Raises:
        RequestError: a pinned file is not there or its name does not fit the register.
    """
    best: dict[int, Found] = {}
    for path in _candidates(register, root):
        found = parse_name(register, path)
        if found and (found.year not in best or found.rank > best[found.year].rank):
            best[found.year] = found
    for key, below in pinned.items():
        name, _, year = key.partition("/")
        if name.upper() == register.name:
            found = _pinned(register, root / below, key)
            if year and int(year) != found.year:
                raise RequestError(f"register.files: {key} names a file of {found.year}. Correct the key or the path.")
            if not year:
                best.clear()
            best[found.year] = found
    return best


def parse_name(register: Register, path: Path) -> Found | None:
    """Year, version and status from a file name; None when the name is not of this register."""
    stem = _DATE_PREFIX.sub("", path.stem).replace(" ", "")
    provisional = stem.upper().startswith("VRL")
    if provisional:
        stem = stem[3:]
    for form in register.files:
        match = _pattern(form).fullmatch(stem)
        if match:
            parts = match.groupdict()
            return Found(register.name, int(parts["year"]), int(parts.get("version") or 0), provisional, path)
    return None


def _pattern(form: str) -> re.Pattern[str]:
    name = re.escape(form.rpartition("/")[2])
    return re.compile(
        name.replace(r"\{year\}", r"(?P<year>\d{4})").replace(r"\{version\}", r"(?P<version>\d+)"), re.IGNORECASE
    )


def _candidates(register: Register, root: Path) -> Iterable[Path]:
    """Files below the register's folder, one level of years and of conversions deep; the folder is found whatever its case."""
    folders = [root]
    for part in register.folder.split("/"):
        if part == "{year}":
            folders += [child for folder in folders for child in _folders(folder) if re.fullmatch(r"\d{4}", child.name)]
        else:
            folders = [child for folder in folders for child in _folders(folder) if child.name.lower() == part.lower()]
    years = [child for folder in folders for child in _folders(folder) if re.fullmatch(r"\d{4}", child.name)]
    folders = list(dict.fromkeys([*folders, *years]))
    folders += [child for folder in folders for child in _folders(folder) if child.name.lower() == _CONVERSIONS]
    return sorted(
        path for folder in folders for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file()
    )


def _folders(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_dir())


def _pinned(register: Register, path: Path, key: str) -> Found:
    if not path.is_file():
        raise RequestError(
            f"register.files: the file of {key} is not there: {path}. Correct the path in conf/register."
        )
    found = parse_name(register, path)
    if found is None:
        raise RequestError(
            f"register.files: {path.name} is not named like a file of {register.name} ({' or '.join(register.files)})."
        )
    return found
