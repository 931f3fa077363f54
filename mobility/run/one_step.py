"""One step: skipped when it is up to date, done on inputs that are whole, and remembered only when they stayed what they were."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mobility.errors import DataError
from mobility.run.files import remove_leftovers
from mobility.run.memory import allowed_mb, fitted, most_rows
from mobility.run.progress import progress
from mobility.run.steps import files_below, states_of
from mobility.run.workspace import OWN_FOLDERS
from mobility.settings import Settings
from mobility.steps.job import Job, Told, step_record, workspace


def run_step(job: Job, settings: Settings, console: Console) -> bool:
    """Run one step unless it is up to date; says what it did. Returns whether it ran."""
    step = step_record(settings, job.name)
    asked, inputs = job.asked(settings), [] if settings.check else job.inputs(settings)
    if not settings.check and step.is_up_to_date(asked, inputs):
        console.print(f"[dim]{job.name}: up to date[/dim]")
        return False
    before = states_of(inputs)
    _check_undamaged(job, settings, inputs)
    settings = _sized(job, settings)
    if not settings.check:
        step.forget()
        remove_leftovers(*(workspace(settings).root / name for name in OWN_FOLDERS))
    begun = time.monotonic()
    with progress(
        console, job.name, None if settings.check else workspace(settings).runs / f"{job.name}.jsonl"
    ) as tell:
        told = job.run(settings, tell)
    if not settings.check:
        _check_unchanged(job, before, states_of(inputs))
        step.remember(asked, before, files_below(*job.outputs(settings, told)), told)
    did = "look and tell" if settings.check else job.does
    console.print(f"[bold]{job.name}[/bold]: {did}, {time.monotonic() - begun:.1f} s")
    _show(console, job, settings, told)
    return True


def _check_undamaged(job: Job, settings: Settings, inputs: Iterable[Path]) -> None:
    """What earlier steps made must hold the bytes they wrote; a step of which that is not so is forgotten.

    Raises:
        DataError: with the step that will make them again.
    """
    files = list(inputs)
    for earlier in _all_before(job, settings):
        step = step_record(settings, earlier.name)
        damaged = step.damaged(files)
        if damaged:
            step.forget()
            raise DataError(
                f"{len(damaged)} of the files that jobs/{earlier.name}.py made do not hold what it wrote, the first of them "
                f"{damaged[0]}. They count as not made: run jobs/{earlier.name}.py or jobs/pipeline.py, which make them again. "
                "If it happens twice, the disk is at fault."
            )


def _sized(job: Job, settings: Settings) -> Settings:
    """The settings with as many workers as memory allows for the partitions of the panel, for a step that works on them.

    Raises:
        RequestError: the memory is too little for one.
    """
    if not any(earlier.name == "ingest" for earlier in _all_before(job, settings)):
        return settings
    rows = most_rows(workspace(settings).panel / "registrations")
    return replace(settings, engine=fitted(settings.engine, rows, allowed_mb(settings.place.memory)))


def _all_before(job: Job, settings: Settings) -> list[Job]:
    """The steps a step stands on, also from afar, each once."""
    found: dict[str, Job] = {}
    for earlier in job.after(settings):
        for one in (*_all_before(earlier, settings), earlier):
            found.setdefault(one.name, one)
    return list(found.values())


def _check_unchanged(job: Job, before: dict[str, str], after: dict[str, str]) -> None:
    """What a step read must be at its end what it was at its beginning.

    Raises:
        DataError: with the first file; nothing is remembered, so that the step is done again.
    """
    changed = sorted(path for path, state in before.items() if after[path] != state)
    if changed:
        raise DataError(
            f"{len(changed)} of the files that {job.name} read were replaced or changed meanwhile, the first of them "
            f"{changed[0]}. What {job.name} made does not count. Run the same command again once the files are complete."
        )


def _show(console: Console, job: Job, settings: Settings, told: Told) -> None:
    for line in job.closing(settings, told):
        console.print(f"  {escape(line)}", soft_wrap=True)
