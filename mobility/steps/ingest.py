"""Read the registers, set refused rows apart, and link what is left into the panel."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from mobility.panel.build import LINKED, Build, Sources
from mobility.panel.by_object import ADDRESSES
from mobility.panel.link import build_panel
from mobility.panel.partitions import partitions_for
from mobility.panel.store import Panel
from mobility.registers.dictionary import Register
from mobility.registers.find import LABEL_FILE, Found
from mobility.registers.ingest import Counts, Spent, ingest_file
from mobility.registers.rules import check_severities
from mobility.registers.survey import lines, summary
from mobility.run.digests import KnownDigests
from mobility.run.files import make_folder, remove_folder, write_json
from mobility.run.memory import allowed_mb, files_at_once, fitted, rows_that_fit, share_mb
from mobility.run.progress import Tell
from mobility.settings import Engine, Settings
from mobility.steps.choice import Choice, Needed, choose, chosen_files
from mobility.steps.job import Job, Told, workspace
from mobility.steps.needs import needs
from mobility.steps.sources import (
    check_division,
    closed_folders,
    early_ends,
    find_cut_off,
    needed_files,
    problems,
    provisional_files,
    survey_registers,
    without_income,
    without_tenure,
)
from mobility.steps.verdicts import check_balance, check_coverage, check_ends, check_linked, check_refused

_T = TypeVar("_T")
_A_MOMENT = 0.5  # seconds
FILES_AT_ONCE = 2  # at most: each holds a batch of a million rows several times over
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


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    return {
        "rules": study.rules,
        "least_coverage": study.least_coverage,
        "geography_year": study.geography.year,
        "period": study.period,  # coverage is that of its years
        "needs": [(need.register.name, need.first, need.last) for need in needs(settings)],
        "partitions": settings.place.partitions,
        "most_refused_share": study.most_refused_share,
        "files": settings.register.files,
        "further_registers": study.further_registers,
        "income": study.income.needs,
    }


def _inputs(settings: Settings) -> list[Path]:
    """The files; asked before a run that is up to date is skipped, so that a wrong request never passes."""
    label = settings.register.root / LABEL_FILE  # what it says stands on every page
    return [label, *(found.path for _, found in _checked(settings)[0])]


def _checked(settings: Settings) -> tuple[Needed, dt.date, list[str]]:
    """The files a study needs, its last day, and which of the files are older, once it is clear that they can serve it."""
    check_severities(settings.study.rules)
    choices = choose(settings)
    needed = needed_files(settings, choices)
    check_division(settings, needed)
    cut_off = find_cut_off(settings, needed)
    return needed, cut_off, check_ends(early_ends(choices, cut_off), settings.study)


def _outputs(settings: Settings, told: Told) -> list[Path]:
    space = workspace(settings)
    quality = [space.quality / name for name in ("ingest.json", "coverage.json")]
    return [
        space.registers,
        space.quarantine,
        *quality,
        *(space.panel / name for name in (*PANEL_TABLES, *told["further"])),
    ]


def _run(settings: Settings, tell: Tell) -> Told:
    space, study = workspace(settings), settings.study
    if settings.check:
        return {}
    needed, cut_off, early = _checked(settings)
    sources = Sources(space.registers, space.quarantine, space.panel / "build.tmp", Panel(space.panel))
    _clear(sources, needed)
    counts, spent = _read(settings, sources, needed, tell)
    engine, partitions = _sized(settings, counts[ADDRESSES].kept)
    stock_days = tuple(day for year in study.period.years if (day := dt.date(year, 1, 1)) <= cut_off)
    build = Build(sources, counts, engine, tell, cut_off, stock_days, partitions)
    shape, further = build_panel(build, [register for register, _ in needed], study.geography.year)
    for register, part in build.told.counts.items():
        counts[register].add(part)
    write_json(space.quality / "ingest.json", {name: asdict(count) for name, count in sorted(counts.items())})
    coverage = {name: {"linked": linked, "of": of} for name, (linked, of) in sorted(build.told.coverage.items())}
    write_json(space.quality / "coverage.json", coverage)
    check_balance(counts)
    check_linked(counts, study)
    check_refused(counts, study.most_refused_share)
    short = check_coverage(build.told, study)
    sources.panel.write_shape(shape)
    return {
        "registers": {name: asdict(count) for name, count in sorted(counts.items())},
        "short": [*early, *short],
        "provisional": provisional_files(needed),
        "further": further,
        "seconds": asdict(spent) | {"checking contracts": build.told.checking},
    }


def _sized(settings: Settings, rows: int) -> tuple[Engine, int]:
    """The engine with as many workers as memory allows, and the number of partitions, for so many registrations.

    Raises:
        RequestError: the memory is too little for partitions as small as they may be.
    """
    memory = allowed_mb(settings.place.memory)
    fitting = rows_that_fit(share_mb(settings.engine, memory))
    partitions = settings.place.partitions or partitions_for(rows, fitting)
    return fitted(settings.engine, -(-rows // partitions), memory), partitions


def _clear(sources: Sources, needed: Needed) -> None:
    """Make room: the panel is built anew; files read before stay, unless the study no longer needs them.

    Raises:
        RequestError: something cannot be removed.
    """
    remove_folder(sources.panel.folder)
    wanted = {f"{register.name}/{found.year}" for register, found in needed}
    for folder in (sources.registers, sources.quarantine):
        make_folder(folder)
        for path in sorted(folder.glob("*/*")):
            if path.name.startswith(LINKED):
                path.unlink()
            elif path.is_dir() and path.relative_to(folder).as_posix() not in wanted:
                remove_folder(path)
        for path in sorted(folder.iterdir()):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def _read(settings: Settings, sources: Sources, needed: Needed, tell: Tell) -> tuple[dict[str, Counts], Spent]:
    """Read every file, some side by side; what they are is written to `registers/sources.json`."""
    study, root = settings.study, settings.register.root
    at_once = files_at_once(
        [found.path for _, found in needed], min(FILES_AT_ONCE, os.cpu_count() or 1), allowed_mb(settings.place.memory)
    )
    digests = KnownDigests(workspace(settings).runs / "digests.json")
    ended = threading.Event()

    def look_up() -> None:
        if ended.is_set():
            raise _EndedError

    def read(register: Register, found: Found) -> tuple[Counts, Spent, str]:
        place = f"{register.name}/{found.year}"
        kept, refused = sources.registers / place, sources.quarantine / place
        counts, spent = ingest_file(register, found, study.geography.year, study.rules, kept, refused, look_up)
        return counts, spent, digests.of(found.path, look_up)

    counts: dict[str, Counts] = {}
    spent, described = Spent(), {}
    largest_first = sorted(range(len(needed)), key=lambda number: -needed[number][1].path.stat().st_size)
    tell("files read", 0, len(needed))
    with ThreadPoolExecutor(at_once) as pool:
        running = {pool.submit(read, *needed[number]): number for number in largest_first}
        try:
            for done, future in enumerate(_as_they_end(running), start=1):
                here, seconds, sha256 = future.result()
                number = running[future]
                register, found = needed[number]
                counts.setdefault(register.name, Counts()).add(here)
                spent = Spent(**{name: value + getattr(seconds, name) for name, value in asdict(spent).items()})
                described[number] = {
                    "register": register.name,
                    "year": found.year,
                    "version": found.version,
                    "provisional": found.provisional,
                    "file": found.path.relative_to(root).as_posix(),
                    "sha256": sha256,
                    "rows": here.read,
                }
                tell("files read", done, len(needed))
        except BaseException:
            ended.set()  # so that the file that is read beside it, perhaps for half an hour more, ends after its batch
            pool.shutdown(cancel_futures=True)
            raise
    files = [described[number] for number in sorted(described)]
    write_json(sources.registers / "sources.json", {"label": _label(root), "files": files})
    return counts, spent


class _EndedError(Exception):
    """Reading ends because of something else."""


def _as_they_end(running: Iterable[Future[_T]]) -> Iterator[Future[_T]]:
    """Each future when it is done. Waiting for ever cannot be interrupted on Windows, so it is done in pieces."""
    pending = set(running)
    while pending:
        done, pending = wait(pending, timeout=_A_MOMENT, return_when=FIRST_COMPLETED)
        yield from done


def _label(root: Path) -> str | None:
    path = root / LABEL_FILE
    return path.read_text(encoding="utf-8").strip() or None if path.is_file() else None


def _closing(settings: Settings, told: Told) -> list[str]:
    choices = choose(settings)
    surveyed = survey_registers(settings, choices)
    if settings.check:
        return [*lines(surveyed, settings.register.root), *_verdict(settings, choices)]
    asked = [one for one in surveyed if one.is_read]
    return [
        *_table(told["registers"]),
        *told["short"],
        *_provisional(told["provisional"], "were"),
        *closed_folders(settings, choices),
        *without_income(settings, choices),
        *without_tenure(settings, choices),
        *(line for line in summary(asked) if line.startswith("switched off")),
        f"counts by register and rule: {workspace(settings).quality / 'ingest.json'}",
    ]


def _provisional(files: list[str], verb: str) -> list[str]:
    return [f"provisional files (VRL) {verb} used: {', '.join(files)}"] if files else []


def _verdict(settings: Settings, choices: list[Choice]) -> list[str]:
    """What would be refused or told, after a look."""
    refused = problems(settings, choices)
    found = [
        *_provisional(provisional_files(chosen_files(choices)), "would be"),
        *without_income(settings, choices),
        *without_tenure(settings, choices),
        *(f"would be refused: {sentence}" for sentence in refused),
    ]
    if not refused:
        found += early_ends(choices, find_cut_off(settings, chosen_files(choices)))
    return [*found, "only looked at (check=true): nothing was read or changed"]


def _table(registers: dict[str, dict[str, Any]]) -> list[str]:
    """Rows read, set apart and kept with a warning, by register, and the rules that did it."""
    lines = [f"{'register':<26}{'rows read':>14}{'set apart':>12}{'warned':>12}  by rule"]
    total = [0, 0, 0]
    for name, count in registers.items():
        numbers = [count["read"], sum(count["quarantined"].values()), sum(count["warned"].values())]
        total = [before + here for before, here in zip(total, numbers, strict=True)]
        by_rule = sorted((count["quarantined"] | count["warned"]).items(), key=lambda rule: (-rule[1], rule[0]))
        told = ", ".join(f"{rule} {rows:,}" for rule, rows in by_rule if rows)
        lines.append(f"{name:<26}{numbers[0]:>14,}{numbers[1]:>12,}{numbers[2]:>12,}  {told}".rstrip())
    return [*lines, f"{'all':<26}{total[0]:>14,}{total[1]:>12,}{total[2]:>12,}"]


JOB = Job(
    name="ingest",
    does="read and check the registers, link them into the panel",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
)
