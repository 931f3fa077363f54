"""Residence of every person, and from it moves and account: a pass by person, an exchange by the area left, a pass by area."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from mobility.contracts import require
from mobility.flows.counts import batch_by_year, count_by_area
from mobility.moves import group_household_moves
from mobility.panel import tables
from mobility.panel.batches import read_batch, write_batches
from mobility.panel.store import Panel, Shape
from mobility.renumbering import (
    Relocation,
    bundled_objects,
    candidates,
    mark_administrative,
    mark_renumbered,
    object_use,
    within_areas,
)
from mobility.run.engine import cores, work
from mobility.run.files import make_folder, remove_folder, write_json, write_parquet
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Settings, Study
from mobility.steps.ingest import JOB as INGEST
from mobility.steps.ingest import PANEL_TABLES
from mobility.steps.job import Job, Told, workspace
from mobility.steps.population import Population

COUNTS = ("events", "transitions")
_EXCHANGED = (
    *("person", "move_date", "before_date", "origin_object", "destination_object"),
    *("household", "household_size", "household_type", "birth_date", "origin_area", "destination_area"),
    *("income_class", "is_first_of_year"),
)
LEAST_ROWS = 5_000_000  # registrations; with fewer, what numba takes to load, some seconds, is not won back
_LEAST_GROUPS = 4  # of partitions, whose persons are counted into one account


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    return {"residence": study.residence, "moves": study.moves, "income": study.income, "period": study.period}


def _inputs(settings: Settings) -> list[Path]:
    return files_below(*(workspace(settings).panel / name for name in PANEL_TABLES))


def folders(settings: Settings) -> dict[str, Path]:
    """Where moves (events) and transitions lie."""
    space = workspace(settings)
    return {"events": space.moves, "transitions": space.root / "transitions"}


def counts_folder(settings: Settings) -> Path:
    """Where moves, account and coverage lie, counted by area: what the step `flows` adds up by the places of a zoning."""
    return workspace(settings).root / "counts"


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    space = workspace(settings)
    moved = folders(settings).values()
    return [space.panel / "residence", *moved, counts_folder(settings), space.quality / "moves.json"]


def _run(settings: Settings, tell: Tell) -> Told:
    space, study, engine = workspace(settings), settings.study, settings.engine
    panel = Panel(space.panel)
    shape = panel.shape()
    scratch = space.root / "moves.tmp-by-person"
    # A run that was killed may have left parts of other partitions.
    for folder in (scratch, *folders(settings).values(), counts_folder(settings)):
        remove_folder(folder)
        make_folder(folder)
    groups = min(shape.partitions, max(_LEAST_GROUPS, engine.workers or cores()))
    by_person = partial(
        _persons,
        groups=groups,
        panel=panel,
        shape=shape,
        study=study,
        scratch=scratch,
        counts=counts_folder(settings),
        compiled=_is_worth_compiling(panel, shape),
    )
    told: Told = {"residence": _added(work(by_person, groups, engine, "residence", tell, cores(), _rows))}
    _look_into(panel, shape, settings, scratch, tell)
    by_area = partial(
        _areas, shape=shape, study=study, scratch=scratch, into=folders(settings), counts=counts_folder(settings)
    )
    found = work(by_area, shape.partitions, engine, "household moves", tell, cores())
    told |= {count: _added([tally[count] for tally in found]) for count in COUNTS}
    remove_folder(scratch)
    write_json(space.quality / "moves.json", told)
    return told


def _is_worth_compiling(panel: Panel, shape: Shape) -> bool:
    """Whether `mobility.kernel` can be used (numba is installed) and there are so many rows that loading it is soon repaid."""
    rows = sum(pq.read_metadata(panel.path("registrations", number)).num_rows for number in range(shape.partitions))
    return rows >= LEAST_ROWS and find_spec("numba") is not None


def _persons(
    group: int,
    groups: int,
    panel: Panel,
    shape: Shape,
    study: Study,
    scratch: Path,
    counts: Path,
    *,
    compiled: bool,
) -> dict[str, int]:
    """The persons of a group of partitions: residence to the panel, moves to the exchange, account and coverage as counts."""
    area = panel.objects("area")["area"]
    population = Population(panel, shape, study, area, compiled=compiled)
    steps = []
    for partition in range(group, shape.partitions, groups):
        found = population.follow(partition)
        residence = require(tables.Residence, found.residence, f"panel/residence, partition {partition}")
        write_parquet(residence, panel.path("residence", partition))
        for count, moves in found.moves.items():
            table = moves.with_columns(
                area.gather(moves["origin_object"]).alias("origin_area"),
                area.gather(moves["destination_object"]).alias("destination_area"),
            ).select(_EXCHANGED)
            bucket = table["origin_area"].to_numpy() % shape.partitions
            write_batches(table, bucket, shape.partitions, _batches(scratch / count, partition))
            if count == "events":
                write_parquet(within_areas(table), scratch / "within" / f"part-{partition:03d}.parquet")
        steps.append(found.steps)
    population.write(counts, group)
    return _added(steps)


def _batches(folder: Path, partition: int) -> Path:
    return folder / f"part-{partition:03d}.arrow"


def _look_into(panel: Panel, shape: Shape, settings: Settings, scratch: Path, tell: Tell) -> None:
    """Put down all that is known of the objects that may have been renumbered."""
    within = pl.concat([pl.read_parquet(path) for path in files_below(scratch / "within")])
    asked = bundled_objects(within, settings.study.residence.renumbering.min_objects)
    task = partial(_use_of_objects, panel=panel, asked=asked)
    uses = work(task, shape.partitions, settings.engine, "use of addresses", tell, cores())
    objects = panel.objects("x_m", "y_m", "demolished_date").select(pl.all().gather(asked)).with_columns(asked)
    write_parquet(candidates(uses, objects), scratch / "candidates.parquet")


def _use_of_objects(partition: int, panel: Panel, asked: pl.Series) -> pl.DataFrame:
    """First and last use of some objects by one partition of persons."""
    residence = panel.read("residence", partition, "object", "start_date", "end_date")
    return object_use(residence.filter(pl.col("object").is_in(asked.implode())))


def _areas(
    bucket: int, shape: Shape, study: Study, scratch: Path, into: dict[str, Path], counts: Path
) -> dict[str, dict[str, int]]:
    """The moves out of some areas: who moves together, what is administrative; written, and counted by area."""
    known = pl.read_parquet(scratch / "candidates.parquet")
    rule = Relocation(study.residence.renumbering.min_objects, study.residence.renumbering.max_distance_m)
    renumbered = pl.DataFrame()
    told = {}
    for count in COUNTS:
        found = read_batch((_batches(scratch / count, partition) for partition in range(shape.partitions)), bucket)
        grouped = group_household_moves(found, study.moves.together_days if count == "events" else 0)
        if count == "events":
            linked = mark_administrative(grouped, known, rule)
            renumbered = linked.filter("is_administrative").select("origin_object", "destination_object")
        else:
            linked = mark_renumbered(grouped, renumbered)
        write_parquet(linked, into[count] / f"part-{bucket:03d}.parquet")
        counted = count_by_area(linked, study.period.years)
        write_batches(
            counted,
            batch_by_year(counted, study.period.years),
            len(study.period.years),
            _batches(counts / count, bucket),
        )
        told[count] = _tally(linked)
    return told


def _rows(steps: dict[str, int]) -> int:
    """Registrations that some partitions had."""
    return steps["registrations"]


def _tally(linked: pl.DataFrame) -> dict[str, int]:
    is_real = ~linked["is_administrative"]
    return {
        "moves": int(is_real.sum()),
        "household_moves": int((is_real & linked["is_carrier"]).sum()),
        "administrative": linked.height - int(is_real.sum()),
        "maybe_administrative": int(linked["maybe_administrative"].sum()),
    }


def _added(steps: list[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in steps:
        for name, rows in part.items():
            total[name] = total.get(name, 0) + rows
    return total


def _closing(settings: Settings, told: Told) -> list[str]:
    events = told["events"]
    return [
        f"{events['moves']:,} moves of persons, {events['household_moves']:,} household moves, in {workspace(settings).moves}",
        f"{events['administrative']:,} administrative relocations left out",
    ]


JOB = Job(
    name="moves",
    does="derive residence and moves from the panel",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
    after=lambda _: (INGEST,),
)
