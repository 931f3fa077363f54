"""What is measured of the program itself, and the floors: merely reading the same columns of the same files, once.

Each runs in a process of its own (`measure`). The steps are called directly: what is up to date is no question here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandera.backends.polars.builtin_checks  # noqa: F401 - imported at its first check otherwise, on the clock
import polars as pl

from mobility.benchmark.measure import Measured
from mobility.panel.store import Panel
from mobility.registers.dictionary import Register
from mobility.registers.find import Found
from mobility.registers.ingest import for_year
from mobility.registers.read import read_batches
from mobility.run.engine import kept_open, work
from mobility.run.progress import Tell
from mobility.settings import Settings
from mobility.steps import chains, flows, ingest, monitor, moves
from mobility.steps.choice import choose
from mobility.steps.ingest import FILES_AT_ONCE
from mobility.steps.job import workspace
from mobility.steps.sources import needed_files

READ = "files read"  # told by the step `ingest` when reading is done and linking begins
# Begins what the step `flows` tells while it makes the tables that peers make too, flows and account; the others follow.
_COUNTING = ("flows (", "counting ", "account")
_STEPS = {step.name: step for step in (ingest.JOB, moves.JOB, flows.JOB, chains.JOB, monitor.JOB)}
# Told by a step that has worker processes, before its work begins and after it ended.
STARTING, STOPPING = "workers started", "workers stopped"
_NO_LENGTH = 0.005  # seconds
# Columns of the panel that moves and flows cannot do without, by table.
NEEDED = {
    "registrations": ("person", "start_date", "end_date", "object"),
    "persons": ("person", "birth_date", "death_date"),
    "households": ("person", "start_date", "end_date", "household_type", "reference_person"),
    "income": ("percentile", "population"),
}
_NEEDED_OF_OBJECTS = ("area", "x_m", "y_m", "demolished_date")


def run_step(name: str, settings: Settings, tell: Tell) -> dict[str, Any]:
    """A step of the program, whole; workers are started first, and have imported the program when the step begins."""
    engine = settings.engine
    with kept_open(workspace(settings).temporary, settings.place.memory):
        if engine.kind != "local":
            work(_nothing, engine.processes, engine, STARTING, tell)
        told = _STEPS[name].run(settings, tell)
        if engine.kind != "local":
            tell(STOPPING, 0, 1)
        return told


def _nothing(worker: int) -> None:
    """A worker that gets this has imported the steps."""


def seconds_of_work(step: Measured) -> float:
    """Seconds of a step without those in which its workers were started and ended."""
    return step.begun.get(STOPPING, step.ended) - step.done.get(STARTING, step.began)


def pieces(step: Measured) -> dict[str, float]:
    """The pieces of work that a step told, in their order, with their seconds; those of no length are left out."""
    lengths = {what: step.done[what] - begun for what, begun in step.begun.items() if what in step.done}
    return {what: seconds for what, seconds in lengths.items() if seconds > _NO_LENGTH}


def flows_were_counted(step: Measured) -> str | None:
    """The piece of work with which the step `flows` goes beyond what the peers make, flows and account; None: it did not."""
    further = [piece for piece in step.begun if not piece.startswith(_COUNTING)]
    return min(further, key=step.begun.__getitem__, default=None)


def read_registers(settings: Settings, tell: Tell) -> dict[str, Any]:
    """The floor of `ingest`: the same columns of the same files, by the same reader, so many files at once, thrown away."""
    needed = needed_files(settings, choose(settings))
    largest_first = sorted(needed, key=lambda one: -one[1].path.stat().st_size)
    year = settings.study.geography.year

    def read(one: tuple[Register, Found]) -> int:
        register, found = one
        columns = list(for_year(register, year).used_columns)
        return sum(batch.height for batch in read_batches(found.path, columns))

    tell("files merely read", 0, len(needed))
    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        rows = sum(pool.map(read, largest_first))
    tell("files merely read", len(needed), len(needed))
    return {"rows": rows}


def read_panel(settings: Settings, tell: Tell) -> dict[str, Any]:
    """The floor of moves and flows: the columns of the panel that they need, partition by partition, thrown away."""
    panel = Panel(workspace(settings).panel)
    partitions = panel.shape().partitions
    rows = 0
    for partition in range(partitions):
        tell("panel merely read", partition, partitions)
        for table, columns in NEEDED.items():
            read = pl.read_parquet(panel.path(table, partition), columns=list(columns))
            rows += read.height if table == "registrations" else 0
    panel.objects(*_NEEDED_OF_OBJECTS)
    panel.areas()
    tell("panel merely read", partitions, partitions)
    return {"rows": rows}
