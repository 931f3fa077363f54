"""From `(register, year)` to the one file that is meant, in a tree of files made by people."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mobility.errors import RequestError
from mobility.registers.dictionary import Register

LABEL_FILE = "LABEL.txt"  # in the root of a source tree: what the tree says of itself, such as that it is synthetic
# Best first. The original is SPSS; Parquet keeps types, Stata keeps text, CSV keeps neither.
SPSS, STATA = (".sav", ".zsav"), ".dta"
ENDINGS = (*SPSS, ".parquet", STATA, ".csv")
CONVERSIONS = "geconverteerde data"
_DATE_PREFIX = re.compile(r"^\d{6} +")
_YEAR_FOLDER = re.compile(r"\d{4}")


@dataclass(frozen=True)
class Found:
    """One file of a register.

    Attributes:
        register: name of the register.
        year: the year in the file name.
        version: the number behind V, compared as a number (V10 is newer than V9); 0 where the name has none.
        provisional: the name starts with VRL.
        path: the file.
        month: the month in the file name, of registers that are delivered by month.
    """

    register: str
    year: int
    version: int
    provisional: bool
    path: Path
    month: int | None = None

    @property
    def last_day(self) -> dt.date:
        """The last day of its year, or of its month."""
        month = self.month or 12
        return dt.date(self.year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)

    @property
    def rank(self) -> tuple[bool, int, int, int, bool]:
        """Definitive before provisional, then the last month, then the highest version, then SPSS before what was made of it.

        Of two that are alike in that, the one in the register's own folder comes before the one among the conversions.
        """
        ending = -ENDINGS.index(self.path.suffix.lower())
        return (
            not self.provisional,
            self.month or 12,
            self.version,
            ending,
            self.path.parent.name.lower() != CONVERSIONS,
        )


@dataclass(frozen=True)
class Looked:
    """What the folders of a register hold.

    Attributes:
        best: the file that is meant, by year.
        others: further files of the register, of lesser rank or beside a pinned one.
        closed: folders that cannot be opened: what lies there is not known.
        strangers: readable files with a name that is not of this register, and files named like it with another ending.
    """

    best: dict[int, Found]
    others: tuple[Found, ...]
    strangers: tuple[Path, ...]
    closed: tuple[Path, ...]


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
    return look_around(register, root, pinned).best


def look_around(register: Register, root: Path, pinned: dict[str, str]) -> Looked:
    """Everything that lies in the folders of a register; see `find_files`."""
    best: dict[int, Found] = {}
    files, strangers = [], []
    candidates, closed = _candidates(register, root)
    for path in candidates:
        found = parse_name(register, path) if is_readable(path) else None
        if found is None:
            strangers.append(path)
            continue
        files.append(found)
        if found.year not in best or found.rank > best[found.year].rank:
            best[found.year] = found
    for key, below in pinned.items():
        name, _, year = key.partition("/")
        if name.upper() == register.name:
            found = _pinned(register, root, below, key)
            if year and year != str(found.year):
                raise RequestError(f"register.files: {key} names a file of {found.year}. Correct the key or the path.")
            if not year:
                best.clear()
            best[found.year] = found
    taken = {found.path for found in best.values()}
    return Looked(best, tuple(found for found in files if found.path not in taken), tuple(strangers), closed)


def parse_name(register: Register, path: Path) -> Found | None:
    """Year, version and status from a file name; None when the name is not of this register."""
    stem = _plain_stem(path)
    provisional = stem.upper().startswith("VRL")
    if provisional:
        stem = stem[3:]
    for form in register.files:
        match = _pattern(form).fullmatch(stem)
        if match:
            parts = match.groupdict()
            return Found(
                register=register.name,
                year=int(parts["year"]),
                version=int(parts.get("version") or 0),
                provisional=provisional,
                path=path,
                month=int(parts["month"]) if "month" in parts else None,
            )
    return None


def _plain_stem(path: Path) -> str:
    return _DATE_PREFIX.sub("", path.stem).replace(" ", "")


def _pattern(form: str) -> re.Pattern[str]:
    name = re.escape(form.rpartition("/")[2])
    for part, digits in (("year", r"\d{4}"), ("month", r"0[1-9]|1[0-2]"), ("version", r"\d+")):
        name = name.replace(rf"\{{{part}\}}", rf"(?P<{part}>{digits})")
    return re.compile(name, re.IGNORECASE)


def is_readable(path: Path) -> bool:
    """Whether a file ends like one that can be read."""
    return path.suffix.lower() in ENDINGS


def resembles(register: Register, path: Path) -> bool:
    """Whether a file name begins like those of the register."""
    stem = _plain_stem(path).upper().removeprefix("VRL")
    return any(stem.startswith(form.rpartition("/")[2].partition("{")[0].upper()) for form in register.files)


def _candidates(register: Register, root: Path) -> tuple[list[Path], tuple[Path, ...]]:
    """Files below the register's folder, one level of years and of conversions deep, and the folders that cannot be opened.

    The folder is found whatever its case.
    """
    closed: list[Path] = []
    folders = [root]
    for part in register.folder.split("/"):
        inside = [child for folder in folders for child in _folders(folder, closed)]
        if part == "{year}":
            folders += [child for child in inside if _YEAR_FOLDER.fullmatch(child.name)]
        else:
            folders = [child for child in inside if child.name.lower() == part.lower()]
    years = [child for folder in folders for child in _folders(folder, closed) if _YEAR_FOLDER.fullmatch(child.name)]
    folders = list(dict.fromkeys([*folders, *years]))
    folders += [child for folder in folders for child in _folders(folder, closed) if child.name.lower() == CONVERSIONS]
    named = (
        path for folder in folders for path in _inside(folder, closed) if is_readable(path) or resembles(register, path)
    )
    # The same order on every system, so that of two files of one rank the same is taken.
    meant = (path for path in named if path.is_file() or _leads_nowhere(path))
    files = sorted(meant, key=lambda path: (path.as_posix().lower(), path.name))
    return files, tuple(dict.fromkeys(closed))


def _leads_nowhere(path: Path) -> bool:
    """A link to a file that is not there: told when the file would be read, not passed over for an older one."""
    return path.is_symlink() and not path.exists()


def _folders(path: Path, closed: list[Path]) -> Iterable[Path]:
    return sorted(child for child in _inside(path, closed) if child.is_dir())


def _inside(folder: Path, closed: list[Path]) -> list[Path]:
    """What a folder holds; one that cannot be opened, or not be looked into, is noted and holds nothing."""
    try:
        found = list(folder.iterdir())
        for each in found[:1]:
            each.lstat()  # a folder may show names to everybody and what bears them to few
    except OSError:
        closed.append(folder)
        return []
    return found


def _pinned(register: Register, root: Path, below: str, key: str) -> Found:
    path = root / below
    if not path.is_relative_to(root) or ".." in Path(below).parts:
        raise RequestError(
            f"register.files: the path of {key} leads out of register.root. Write it as it is below the root."
        )
    if not path.is_file():
        raise RequestError(
            f"register.files: the file of {key} is not there: {path}. Correct the path in conf/register."
        )
    found = parse_name(register, path) if is_readable(path) else None
    if found is None:
        raise RequestError(
            f"register.files: {path.name} is not named like a file of {register.name} ({' or '.join(register.files)}, ending in "
            f"{', '.join(ENDINGS)})."
        )
    return found
