"""What there is of every register, what a study would read of it, and what that allows. Only names of files are looked at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mobility.registers.dictionary import Register
from mobility.registers.find import SPSS, Found, Looked, is_readable, look_around, resembles

Why = Literal[
    "older version",
    "provisional twin",
    "conversion",
    "further copy",
    "not the pinned file",
    "of another register",
    "name not understood",
    "ending not read",
]
Row = tuple[str, str, str]
_PERHAPS_MEANT = ("name not understood", "ending not read")
_FEW = 5  # names in a sentence
_NOTHING: Mapping[str, str] = {}
_NONE_LEFT: Mapping[str, tuple[str, ...]] = {}
_INDICATOR = re.compile(r"[A-G]\d+")


@dataclass(frozen=True)
class PassedOver:
    """A file that lies there and is not meant, and why not."""

    path: Path
    why: Why


@dataclass(frozen=True)
class Surveyed:
    """One register as it lies in the source tree.

    Attributes:
        register: its dictionary.
        is_read: whether the study reads it at all.
        there: years of which there is a file, in order.
        would_read: the files the study would read, by year.
        gaps: years without a file between the first and the last that would be read (that is there, if none would be).
        passed_over: the other files in its folders.
        why: what the study reads it for; empty when it does not.
        left: what else is to be said of years that are there and are not read.
        closed: folders that cannot be opened.
    """

    register: Register
    is_read: bool
    there: tuple[int, ...]
    would_read: tuple[Found, ...]
    gaps: tuple[int, ...]
    passed_over: tuple[PassedOver, ...]
    why: str = ""
    left: tuple[str, ...] = ()
    closed: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Depending:
    """Something that depends on registers: an indicator, or a part of the program.

    Attributes:
        what: a phrase of `Register.serves`.
        absent: registers it needs and of which there is no file the study could read.
        unread: registers it needs, that are there, and that this study does not read.
    """

    what: str
    absent: tuple[str, ...]
    unread: tuple[str, ...]


def survey(
    registers: Iterable[Register],
    root: Path,
    pinned: dict[str, str],
    years: Mapping[str, Iterable[int]],
    why: Mapping[str, str] = _NOTHING,
    left: Mapping[str, tuple[str, ...]] = _NONE_LEFT,
) -> list[Surveyed]:
    """Look what there is of every register; nothing is read, and nothing that is absent stops it.

    Args:
        registers: dictionaries, in the order of the table; also of registers that the study does not read.
        root: root of the source tree.
        pinned: as for `find_files`.
        years: name of each register the study reads to the years it would read; years without a file are left out.
        why: name to what the study reads it for.
        left: name to what is to be said of years that are there and are not read.

    Raises:
        RequestError: a pinned file is not there or is not of its register.
    """
    every = list(registers)
    return [
        replace(
            _surveyed(register, every, look_around(register, root, pinned), years),
            why=why.get(register.name, "") if register.name in years else "",
            left=left.get(register.name, ()),
        )
        for register in every
    ]


def depending(surveyed: Iterable[Surveyed]) -> list[Depending]:
    """What the registers allow and what their absence switches off, indicators last and in order.

    Something needs every register that serves it, and all that are required for the years of the study.
    """
    every = list(surveyed)
    required = {one.register.name for one in every if one.register.required and one.is_read}
    servers: dict[str, set[str]] = {}
    for one in every:
        for what in one.register.serves:
            servers.setdefault(what, set(required)).add(one.register.name)
    absent = {one.register.name for one in every if not one.there or (one.is_read and not one.would_read)}
    unread = {one.register.name for one in every if not one.is_read}
    return [
        Depending(what, tuple(sorted(by & absent)), tuple(sorted(by & unread - absent)))
        for what, by in sorted(servers.items(), key=lambda each: (bool(_INDICATOR.match(each[0])), each[0]))
    ]


def table(surveyed: Iterable[Surveyed], root: Path) -> list[Row]:
    """Rows of three texts (register, year, what): the files that would be read, and remarks without a year."""
    rows: list[Row] = []
    for one in surveyed:
        remarks = [("", text) for text in _remarks(one)]
        files = [(str(found.year), _described(found, root)) for found in one.would_read]
        why = [("", f"for: {one.why}")] if one.why else []
        names = [one.register.name, *[""] * (len(why) + len(files) + len(remarks))]
        rows += [(name, *row) for name, row in zip(names, [*why, *files, *remarks], strict=False)]
    return rows


def summary(surveyed: Iterable[Surveyed]) -> list[str]:
    """In sentences: what the registers allow, what is switched off and for want of which, and what the study leaves aside."""
    every = depending(surveyed)
    allowed = [one.what for one in every if not one.absent and not one.unread]
    lines = [f"these files allow: {_listed(allowed)}"] if allowed else []
    for names, what in _grouped((one.absent, one.what) for one in every if one.absent):
        lines.append(f"switched off, no {' and no '.join(names)}: {_listed(what)}")
    for names, what in _grouped((one.unread, one.what) for one in every if one.unread and not one.absent):
        lines.append(f"possible, but this study does not read {' and '.join(names)}: {_listed(what)}")
    return lines


def lines(surveyed: Iterable[Surveyed], root: Path) -> list[str]:
    """Table and summary as plain text."""
    every = list(surveyed)
    rows = table(every, root)
    width = max((len(name) for name, _, _ in rows), default=0)
    return [f"{name:<{width}}  {year:<4}  {what}".rstrip() for name, year, what in rows] + summary(every)


def _surveyed(
    register: Register, every: list[Register], looked: Looked, years: Mapping[str, Iterable[int]]
) -> Surveyed:
    there = sorted(looked.best)
    wanted = set(years.get(register.name, ()))
    read = [year for year in there if year in wanted]
    span = read or there
    gaps = sorted(set(range(span[0], span[-1])) - set(there)) if span and register.editions == "yearly" else []
    others = [PassedOver(found.path, _why(found, looked.best)) for found in looked.others]
    return Surveyed(
        register=register,
        is_read=register.name in years,
        there=tuple(there),
        would_read=tuple(looked.best[year] for year in read),
        gaps=tuple(gaps),
        closed=looked.closed,
        passed_over=(*others, *(PassedOver(path, _why_strange(path, register, every)) for path in looked.strangers)),
    )


def _why(found: Found, best: dict[int, Found]) -> Why:
    taken = best.get(found.year)
    if taken is None or found.rank > taken.rank:
        return "not the pinned file"
    if found.provisional and not taken.provisional:
        return "provisional twin"
    if (found.month or 12, found.version) < (taken.month or 12, taken.version):
        return "older version"
    return "conversion" if found.path.suffix.lower() != taken.path.suffix.lower() else "further copy"


def _why_strange(path: Path, register: Register, every: list[Register]) -> Why:
    if not is_readable(path):
        return "ending not read"
    is_like_another = not resembles(register, path) and any(resembles(other, path) for other in every)
    return "of another register" if is_like_another else "name not understood"


def _remarks(one: Surveyed) -> list[str]:
    found = []
    if not one.there:
        found.append("required, and not there" if one.register.required else "not there")
    elif not one.is_read:
        found.append(f"not needed by this study (there: {years_in_words(one.there)})")
    elif not one.would_read:
        found.append(f"no file of the years this study looks at (there: {years_in_words(one.there)})")
    found += one.left
    found += [f"cannot be opened: {folder}" for folder in one.closed]
    if one.gaps:
        found.append(f"no file of {years_in_words(one.gaps)}")
    numbers = Counter(other.why for other in one.passed_over)
    if numbers:
        found.append("passed over: " + ", ".join(f"{count} {why}" for why, count in sorted(numbers.items())))
    strange = [other.path.name for other in one.passed_over if other.why in _PERHAPS_MEANT]
    if strange:
        found.append(f"is one of these meant? {', '.join(strange[:_FEW])}{' ...' if len(strange) > _FEW else ''}")
    return found


def _described(found: Found, root: Path) -> str:
    ending = found.path.suffix.lower()
    marks = [
        f"month {found.month}" if found.month else "",
        f"version {found.version}" if found.version else "",
        "provisional" if found.provisional else "",
        f"converted to {ending[1:]}" if ending not in SPSS else "",
    ]
    told = ", ".join(mark for mark in marks if mark)
    below = found.path.relative_to(root).as_posix()
    return f"{below} ({told})" if told else below


def years_in_words(years: Iterable[int]) -> str:
    """2011-2013, 2015."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _listed(what: list[str]) -> str:
    """Parts of the program first, then the indicators."""
    indicators = [each for each in what if _INDICATOR.match(each)]
    parts = [each for each in what if not _INDICATOR.match(each)]
    return "; ".join([*parts, *([", ".join(indicators)] if indicators else [])])


def _grouped(pairs: Iterable[tuple[tuple[str, ...], str]]) -> list[tuple[tuple[str, ...], list[str]]]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for names, what in pairs:
        groups.setdefault(names, []).append(what)
    return list(groups.items())
