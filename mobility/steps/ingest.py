"""Read the registers, set refused rows apart, and link what is left into the panel."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mobility.areas import load_programme, load_zoning
from mobility.errors import DataError, RequestError
from mobility.panel.build import REGISTERS, Build, build_panel
from mobility.panel.store import Panel
from mobility.registers.decode import rules_of
from mobility.registers.dictionary import Register, load_register, register_names
from mobility.registers.find import LABEL_FILE, Found, find_files
from mobility.registers.ingest import Counts, for_year, ingest_file
from mobility.registers.read import column_names
from mobility.run.files import digest, make_folder, write_json
from mobility.run.progress import Tell
from mobility.settings import Settings, did_you_mean
from mobility.steps.job import Job, Told, workspace


def needed_files(settings: Settings) -> list[tuple[Register, Found]]:
    """The files a study needs, register by register and year by year.

    Raises:
        RequestError: the source tree or a required register is not there; the message names all that is missing.
    """
    root = settings.register.root
    if not root.is_dir():
        raise RequestError(
            f"register.root: there is no folder {root}. With register=synthetic run jobs/synthesise.py first (jobs/pipeline.py "
            "does); with register=cbs correct the root in conf/register/cbs.yaml."
        )
    known = set(register_names())
    for key in settings.register.files:
        if key.partition("/")[0].upper() not in known:
            raise RequestError(f"register.files: {key} is no register.{did_you_mean(key, known)}")
    needed, missing = [], []
    for register in _registers():
        found = find_files(register, root, settings.register.files)
        if not found:
            if register.required:
                missing.append(f"{register.name} (below {register.folder})")
            continue
        years = [max(found)] if register.editions == "newest" else _years_looked_at(settings, sorted(found))
        needed += [(register, found[year]) for year in years]
    if missing:
        raise RequestError(
            f"register.root: no file of {', '.join(missing)} in {root}. Check the root, or the folder and file names in "
            "schemas/registers."
        )
    return needed


def _registers() -> list[Register]:
    there = set(register_names())
    return [load_register(name) for name in REGISTERS if name in there]


def _years_looked_at(settings: Settings, there: list[int]) -> list[int]:
    """Years of a yearly register that a study looks at: those of its tables and of its cohorts, and some before for classes."""
    study = settings.study
    starts = [area.start.year for name in study.programmes for area in load_programme(name)[1]]
    lead_years = study.chains.lead_months // 12 + 1
    first = min([study.period.first_year, *(year - lead_years for year in starts)])
    before = study.chains.income_years + study.income.lag_years
    return [year for year in there if year >= first - before]


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    return {
        "rules": study.rules,
        "geography_year": study.geography.year,
        "cut_off": study.period.cut_off,
        "partitions": settings.place.partitions,
        "most_refused_share": study.most_refused_share,
        "files": settings.register.files,
    }


def _inputs(settings: Settings) -> list[Path]:
    return [found.path for _, found in needed_files(settings)]


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    space = workspace(settings)
    return [space.registers, space.quality / "ingest.json", *(space.panel / name for name in PANEL_TABLES)]


PANEL_TABLES = (
    "registrations",
    "persons",
    "households",
    "income",
    "objects.parquet",
    "areas.parquet",
    "tenure.parquet",
    "panel.json",
)


def _run(settings: Settings, tell: Tell) -> Told:
    space, study = workspace(settings), settings.study
    needed = needed_files(settings)
    check_rules(settings, [register for register, _ in needed])
    check_division(settings, needed)
    cut_off = find_cut_off(settings, needed)
    if settings.check:
        return {
            "would_read": [_described(found, settings.register.root) for _, found in needed],
            "absent": _absent(needed),
        }
    for folder in (space.registers, space.panel, space.quarantine):
        shutil.rmtree(folder, ignore_errors=True)
        make_folder(folder)
    counts: dict[str, Counts] = {}
    sources = []
    for number, (register, found) in enumerate(needed):
        tell("files read", number, len(needed))
        place = f"{register.name}/{found.year}"
        here = ingest_file(
            register, found, study.geography.year, study.rules, space.registers / place, space.quarantine / place
        )
        add_counts(counts.setdefault(register.name, Counts()), here)
        sources.append(
            {
                "register": register.name,
                "year": found.year,
                "version": found.version,
                "provisional": found.provisional,
                "file": found.path.relative_to(settings.register.root).as_posix(),
                "sha256": digest(found.path),
                "rows": here.read,
            }
        )
    tell("files read", len(needed), len(needed))
    build = Build(space.registers, space.quarantine, Panel(space.panel), counts, tell)
    build_panel(build, cut_off, study.geography.year, settings.place.partitions)
    write_json(space.registers / "sources.json", {"label": _label(settings.register.root), "files": sources})
    write_json(space.quality / "ingest.json", {name: asdict(count) for name, count in sorted(counts.items())})
    check_balance(counts)
    check_refused(counts, study.most_refused_share)
    return {name: asdict(count) for name, count in sorted(counts.items())}


_EXPECTED = {"after_cut_off", "exact_duplicate", "person_without_registration"}  # happen in sound files
_UNLINKABLE = {"person_not_in_brp", "date_unreadable", "end_before_start", "key_missing"}


def check_rules(settings: Settings, registers: list[Register]) -> None:
    """Refuse a rule that does not exist: a slip of the pen would silently switch nothing.

    Raises:
        RequestError: with the rule.
    """
    known = {rule for register in registers for rule in rules_of(for_year(register, settings.study.geography.year))}
    for rule in settings.study.rules:
        if rule not in known:
            raise RequestError(
                f"study.rules.{rule} is no rule.{did_you_mean(rule, known)} Rules: {', '.join(sorted(known))}."
            )
    for rule in sorted(_UNLINKABLE & settings.study.rules.keys()):
        if settings.study.rules[rule] == "warn":
            raise RequestError(
                f"study.rules.{rule} cannot be warn: such a row cannot be linked. Choose quarantine or stop."
            )
    absent = sorted(known - settings.study.rules.keys())
    if absent:
        raise RequestError(f"study.rules.{absent[0]} has no severity. Give it one: stop, quarantine or warn.")


def check_division(settings: Settings, needed: list[tuple[Register, Found]]) -> None:
    """Refuse a geography year the geography file does not have, before the long reading starts.

    Raises:
        RequestError: with the years there are.
    """
    year = settings.study.geography.year
    zoning = load_zoning(settings.study.geography.zoning)
    if zoning.geography_year != year:
        raise RequestError(
            f"study.geography.year: zoning {zoning.name} is written in the division of {zoning.geography_year}, the study in "
            f"that of {year}. Choose the same year, or write the zoning in codes of {year}."
        )
    found = next(found for register, found in needed if register.name == "VSLGWBTAB")
    there = sorted(
        int(name[3:]) for name in map(str.lower, column_names(found.path)) if re.fullmatch(r"gem\d{4}", name)
    )
    if there and year not in there:
        raise RequestError(
            f"study.geography.year: {found.path.name} has no division of {year}; it has {there[0]} to {there[-1]}. Choose one of "
            "those, with a zoning in its codes."
        )


def find_cut_off(settings: Settings, needed: list[tuple[Register, Found]]) -> dt.date:
    """The last day that counts: the study's, or the last day of the newest address file's year.

    Raises:
        RequestError: the study's lies after that, or its period does.
    """
    newest = next(found.year for register, found in needed if register.name == "GBAADRESOBJECTBUS")
    end, asked = dt.date(newest, 12, 31), settings.study.period.cut_off
    if asked and asked > end:
        raise RequestError(
            f"study.period.cut_off lies after the registers end, on {end}. Choose an earlier day, or null."
        )
    cut_off = asked or end
    if settings.study.period.last_year > cut_off.year:
        raise RequestError(
            f"study.period.last_year is {settings.study.period.last_year}, and the registers tell until {cut_off}. Choose "
            f"{cut_off.year} or earlier."
        )
    return cut_off


def add_counts(total: Counts, part: Counts) -> None:
    """Add the counts of one file to those of its register."""
    total.read += part.read
    total.kept += part.kept
    for name in ("quarantined", "warned", "repaired"):
        into: dict[str, int] = getattr(total, name)
        for rule, rows in getattr(part, name).items():
            into[rule] = into.get(rule, 0) + rows


def check_balance(counts: dict[str, Counts]) -> None:
    """Every row read was kept or set apart.

    Raises:
        DataError: a register does not balance; a fault of the program that must not go unseen.
    """
    for name, count in counts.items():
        if count.read != count.kept + sum(count.quarantined.values()):
            raise DataError(
                f"{name}: rows read are not rows kept plus rows set apart. Please report this fault of the program."
            )


def check_refused(counts: dict[str, Counts], most: float) -> None:
    """Refuse a register of which too many rows had to be set apart: a damaged file looks like many bad rows.

    Raises:
        DataError: with the register, the rules and the counts.
    """
    for name, count in counts.items():
        bad = {rule: rows for rule, rows in count.quarantined.items() if rule not in _EXPECTED}
        if count.read and sum(bad.values()) > most * count.read:
            told = ", ".join(f"{rule} {rows}" for rule, rows in sorted(bad.items()))
            raise DataError(
                f"{name}: {sum(bad.values())} of {count.read} rows had to be set apart ({told}), more than the share of {most} "
                "that study.most_refused_share allows. Look at them in the quarantine; correct the dictionary, copy the file "
                "again, or allow more."
            )


def _label(root: Path) -> str | None:
    path = root / LABEL_FILE
    return path.read_text(encoding="utf-8").strip() or None if path.is_file() else None


def _described(found: Found, root: Path) -> str:
    kind = " (provisional)" if found.provisional else ""
    return f"{found.register:<24} {found.year}  {found.path.relative_to(root).as_posix()}{kind}"


def _absent(needed: list[tuple[Register, Found]]) -> list[str]:
    return [register.name for register in _registers() if register not in {each for each, _ in needed}]


def _gaps(settings: Settings) -> dict[str, list[int]]:
    """Years within a yearly register of which there is no file."""
    years: dict[str, set[int]] = {}
    for register, found in needed_files(settings):
        if register.editions == "yearly":
            years.setdefault(register.name, set()).add(found.year)
    absent = {name: sorted(set(range(min(there), max(there))) - there) for name, there in years.items()}
    return {name: missing for name, missing in absent.items() if missing}


def _closing(settings: Settings, told: Told) -> list[str]:
    if "would_read" in told:
        absent = [f"{name:<24} not there: what depends on it is left out" for name in told["absent"]]
        return [*told["would_read"], *absent, "only looked at (check=true): nothing was read or changed"]
    read = sum(count["read"] for count in told.values())
    apart = sum(sum(count["quarantined"].values()) for count in told.values())
    gaps = [
        f"{name}: no file of {', '.join(map(str, years))}; classes of the year after are unknown"
        for name, years in _gaps(settings).items()
    ]
    return [
        *gaps,
        f"{len(told)} registers, {read:,} rows read, {apart:,} set apart",
        f"counts by register and rule: {workspace(settings).quality / 'ingest.json'}",
    ]


JOB = Job(
    name="ingest",
    does="read and check the registers, link them into the panel",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
)
