"""The lists in `schemas/areas/`: zonings (which code has which role in which region) and programmes (where, from when)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from mobility.errors import RequestError
from mobility.folders import SCHEMAS
from mobility.settings import did_you_mean

ROLES = ("centre", "city", "periphery", "growth_core", "satellite", "rest_of_region")
_CODE = re.compile(r"GM\d{4}|WK\d{6}|BU\d{8}")


@dataclass(frozen=True)
class Line:
    """One code of a zoning with its region and role, and the name people know it by where the file gives one."""

    code: str
    region: str
    role: str
    name: str = ""


@dataclass(frozen=True)
class Zoning:
    """Codes of gemeenten, wijken and buurten with their region and role, in the division of one year."""

    name: str
    geography_year: int
    lines: tuple[Line, ...]
    titles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ProgrammeArea:
    """One area of a programme: the codes it consists of and the day it starts."""

    programme: str
    area: str
    codes: tuple[str, ...]
    start: dt.date


@dataclass(frozen=True)
class Derivation:
    """A programme whose areas are found in the registers of dwellings.

    Attributes:
        programme: its name.
        level: `buurt` or `wijk`.
        first_year: in which an area may start.
        last_year: in which one may.
        window_years: within which dwellings disappear.
        least_share: of the corporation dwellings of a 1 January.
        least_dwellings: corporation dwellings an area has at least.
    """

    programme: str
    level: str
    first_year: int
    last_year: int
    window_years: int
    least_share: float
    least_dwellings: int


def load_zoning(name: str) -> Zoning:
    """A zoning by the name of its file.

    Raises:
        RequestError: there is no such file, or a line of it is wrong.
    """
    path, given = _load("zonings", name, "study.geography.zoning")
    with _Reading(path):
        lines = tuple(
            Line(
                _code(line["code"], path),
                _region(region, path),
                _role(line["role"], path),
                _words(line["name"], path) if "name" in line else "",
            )
            for region, content in given["regions"].items()
            for line in map(partial(_only, _LINE_KEYS, path), content["lines"])
        )
        zoning = Zoning(
            name=given["zoning"],
            geography_year=int(given["geography_year"]),
            lines=lines,
            titles=tuple((region, str(content["title"])) for region, content in given["regions"].items()),
        )
    codes = [line.code for line in lines]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise RequestError(f"{_name(path)}: {', '.join(twice)} stand in more than one line. Keep one line per code.")
    return zoning


def load_derivation(name: str) -> Derivation | None:
    """How the areas of a programme are found; None: they are listed.

    Raises:
        RequestError: there is no such file, or a line of it is wrong.
    """
    path, given = _load("programmes", name, "study.programmes")
    if "derive" not in given:
        return None
    with _Reading(path):
        rule = _only(_DERIVE_KEYS, path, given["derive"])
        found = Derivation(
            programme=_words(given["programme"], path),
            level=str(rule["level"]),
            first_year=int(rule["first_year"]),
            last_year=int(rule["last_year"]),
            window_years=int(rule["window_years"]),
            least_share=float(rule["least_share"]),
            least_dwellings=int(rule["least_dwellings"]),
        )
    if found.level not in ("buurt", "wijk") or not 0 < found.least_share <= 1 or found.window_years < 1:
        raise RequestError(
            f"{_name(path)}: derive.level is buurt or wijk, least_share more than 0 and at most 1, and window_years at least 1."
        )
    return found


def load_programme(name: str) -> tuple[int, tuple[ProgrammeArea, ...]]:
    """Geography year and listed areas of a programme, by the name of its file; none of a derived one.

    Raises:
        RequestError: there is no such file, or a line of it is wrong.
    """
    path, given = _load("programmes", name, "study.programmes")
    with _Reading(path):
        if "derive" in given:
            return int(given["geography_year"]), ()
        areas = tuple(
            ProgrammeArea(
                programme=_words(given["programme"], path),
                area=_words(area["area"], path),
                codes=tuple(_code(code, path) for code in area["codes"]),
                start=_date(area["start"], path),
            )
            for area in map(partial(_only, _AREA_KEYS, path), given["areas"])
        )
        year = int(given["geography_year"])
    empty = [area.area for area in areas if not area.codes]
    if empty:
        raise RequestError(
            f"{_name(path)}: {len(empty)} of {len(areas)} areas have no codes yet, {empty[0]} first. Fill them in, in the "
            f"division of {year}, or take the area out."
        )
    names = [area.area for area in areas]
    if len(set(names)) < len(names):
        raise RequestError(f"{_name(path)}: two areas have the same name. Give each its own.")
    codes = sorted(code for area in areas for code in area.codes)
    nested = [code for code in codes for other in codes if code != other and code[2:].startswith(other[2:])]
    twice = sorted({code for code in codes if codes.count(code) > 1} | set(nested))
    if twice:
        raise RequestError(
            f"{_name(path)}: {', '.join(twice)} lies in two areas, so its residents would count twice. Keep it in one."
        )
    return year, areas


_AREA_KEYS = {"area", "codes", "start", "source"}
_DERIVE_KEYS = {"level", "first_year", "last_year", "window_years", "least_share", "least_dwellings"}
_LINE_KEYS = {"code", "name", "role", "source"}


def _only(keys: set[str], path: Path, line: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(line) - keys)
    if unknown:
        raise RequestError(f"{_name(path)}: {unknown[0]} is not known there.{did_you_mean(unknown[0], keys)}")
    return line


def _words(given: object, path: Path) -> str:
    if not isinstance(given, str) or not re.fullmatch(r"[^\W\d_][\w .,'()/-]{0,79}", given):
        raise RequestError(
            f"{_name(path)}: a name of a programme, an area or a place is text that starts with a letter; one is not."
        )
    return given


class _Reading:
    """Turns what a malformed file provokes into a sentence."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, KeyError):
            raise RequestError(
                f"{_name(self.path)}: the key {fault.args[0]} is missing. Compare with the template beside it."
            ) from None
        if isinstance(fault, TypeError | ValueError | AttributeError):
            raise RequestError(
                f"{_name(self.path)}: the form is not that of a list of areas. Compare with the template beside it."
            ) from None


def _load(kind: str, name: str, key: str) -> tuple[Path, dict[str, Any]]:
    folder = SCHEMAS / "areas" / kind
    there = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in there:
        raise RequestError(f"{key}: there is no schemas/areas/{kind}/{name}.yaml. There are: {', '.join(there)}.")
    path = folder / f"{name}.yaml"
    try:
        given = _parsed(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise RequestError(
            f"{_name(path)}: it is not in UTF-8. Save it as UTF-8 (in Notepad: Save as, Encoding)."
        ) from None
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise RequestError(f"{_name(path)}{place}: this is not readable YAML. Check indentation and quotes.") from None
    if not isinstance(given, dict):
        raise RequestError(f"{_name(path)}: the file is empty.")
    return path, given


@cache
def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever a file holds
    """What YAML says; a run asks for the same lists many times, and reading them takes longer than their use."""
    return yaml.safe_load(text)


def _name(path: Path) -> str:
    return path.relative_to(SCHEMAS.parent).as_posix()


def _code(code: object, path: Path) -> str:
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise RequestError(
            f"{_name(path)}: {code!r} is not a code. Write GM0637, WK063701 or BU06370101, in quotes; without them "
            "0637 becomes 415."
        )
    return code


def _region(region: object, path: Path) -> str:
    if (
        not isinstance(region, str)
        or not re.fullmatch(r"[a-z][a-z0-9_]*", region)
        or region in ("elsewhere", "unplaceable", "national")
    ):
        raise RequestError(f"{_name(path)}: {region!r} cannot name a region; use small letters, digits and _.")
    return region


def _role(role: object, path: Path) -> str:
    if role not in ROLES:
        raise RequestError(f"{_name(path)}: {role!r} is not a role. Roles: {', '.join(ROLES)}.")
    return str(role)


def _date(value: object, path: Path) -> dt.date:
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        pass
    raise RequestError(f'{_name(path)}: a start is not a date that exists; write it as "YYYY-MM-DD", in quotes.')
