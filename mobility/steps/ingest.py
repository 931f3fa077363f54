"""Read the registers, set refused rows apart, and link what is left into the panel."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mobility.errors import DataError, RequestError
from mobility.panel.build import REGISTERS, Build, build_panel
from mobility.panel.store import Panel
from mobility.registers.decode import rules_of
from mobility.registers.dictionary import Register, load_register, register_names
from mobility.registers.find import Found, find_files
from mobility.registers.ingest import Counts, for_year, ingest_file
from mobility.run.files import digest, make_folder, write_json
from mobility.run.progress import Tell
from mobility.settings import Settings, did_you_mean
from mobility.steps.job import Job, Told, workspace

_LABEL = "LABEL.txt"


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
        years = [max(found)] if register.editions == "newest" else _income_or_stock_years(settings, sorted(found))
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


def _income_or_stock_years(settings: Settings, there: list[int]) -> list[int]:
    """Years of a yearly register that a study can look at: from a few years before its first, for frozen classes."""
    before = settings.study.chains.income_years + settings.study.income.lag_years + 2
    return [
        year
        for year in there
        if settings.study.period.first_year - before <= year <= settings.study.period.last_year + 1
    ]


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    return {
        "rules": study.rules,
        "geography_year": study.geography.year,
        "cut_off": study.period.cut_off,
        "partitions": settings.place.partitions,
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
    newest = next(found.year for register, found in needed if register.name == "GBAADRESOBJECTBUS")
    cut_off = study.period.cut_off or dt.date(newest, 12, 31)
    build = Build(space.registers, space.quarantine, Panel(space.panel), counts, tell)
    build_panel(build, cut_off, study.geography.year, settings.place.partitions)
    write_json(space.registers / "sources.json", {"label": _label(settings.register.root), "files": sources})
    write_json(space.quality / "ingest.json", {name: asdict(count) for name, count in sorted(counts.items())})
    check_balance(counts)
    return {name: asdict(count) for name, count in sorted(counts.items())}


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


def _label(root: Path) -> str | None:
    path = root / _LABEL
    return path.read_text(encoding="utf-8").strip() or None if path.is_file() else None


def _described(found: Found, root: Path) -> str:
    kind = " (provisional)" if found.provisional else ""
    return f"{found.register:<24} {found.year}  {found.path.relative_to(root).as_posix()}{kind}"


def _absent(needed: list[tuple[Register, Found]]) -> list[str]:
    return [register.name for register in _registers() if register not in {each for each, _ in needed}]


def _closing(settings: Settings, told: Told) -> list[str]:
    if "would_read" in told:
        absent = [f"{name:<24} not there: what depends on it is left out" for name in told["absent"]]
        return [*told["would_read"], *absent, "only looked at (check=true): nothing was read or changed"]
    read = sum(count["read"] for count in told.values())
    apart = sum(sum(count["quarantined"].values()) for count in told.values())
    return [
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
