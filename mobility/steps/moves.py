"""Residence of every person, and from it the moves: one pass by person, one exchange by the area left, one pass by area."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from mobility.contracts import require
from mobility.income import class_in_year, income_classes
from mobility.moves import add_household, find_moves, find_transitions, first_of_year, group_household_moves
from mobility.panel import tables
from mobility.panel.partitions import by_number, exchanged
from mobility.panel.store import Panel, Shape
from mobility.renumbering import ObjectUse, Relocation, mark_administrative, mark_renumbered, object_use
from mobility.residence import reside
from mobility.run.engine import work
from mobility.run.files import make_folder, remove_folder, write_json, write_parquet
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Settings, Study
from mobility.steps.ingest import JOB as INGEST
from mobility.steps.ingest import PANEL_TABLES
from mobility.steps.job import Job, Told, workspace
from mobility.stocks import take_stocks

COUNTS = ("events", "transitions")


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    return {"residence": study.residence, "moves": study.moves, "income": study.income, "period": study.period}


def _inputs(settings: Settings) -> list[Path]:
    return files_below(*(workspace(settings).panel / name for name in PANEL_TABLES))


def folders(settings: Settings) -> dict[str, Path]:
    """Where moves (events) and transitions lie."""
    space = workspace(settings)
    return {"events": space.moves, "transitions": space.root / "transitions"}


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    space = workspace(settings)
    return [space.panel / "residence", *folders(settings).values(), space.quality / "moves.json"]


def _run(settings: Settings, tell: Tell) -> Told:
    space, study = workspace(settings), settings.study
    panel = Panel(space.panel)
    shape = panel.shape()
    scratch = space.root / "moves.tmp-by-person"
    remove_folder(scratch)  # a run that was killed may have left parts of other partitions
    make_folder(scratch)
    by_person = partial(_one_partition_of_persons, panel=panel, shape=shape, study=study, scratch=scratch)
    steps = work(by_person, shape.partitions, settings.engine, "residence", tell)
    told: Told = {"residence": _added(steps)}
    objects = panel.objects("area", "x_m", "y_m", "demolished_date")
    rule = Relocation(study.residence.renumbering.min_objects, study.residence.renumbering.max_distance_m)
    use = ObjectUse(objects.height)
    for path in files_below(scratch / "use"):
        use.add(pl.read_parquet(path))
    renumbered = pl.DataFrame(schema={"origin_object": pl.UInt32, "destination_object": pl.UInt32})
    for count, folder in folders(settings).items():
        found = pl.scan_parquet(scratch / count / "*.parquet")
        rows = int(found.select(pl.len()).collect().item())
        remove_folder(folder)
        make_folder(folder)
        told[count] = {"moves": 0, "household_moves": 0, "administrative": 0, "maybe_administrative": 0}
        with exchanged([found], rows, by_number("origin_area", shape.partitions), scratch) as exchange:
            for partition in range(shape.partitions):
                tell(f"household moves ({count})", partition, shape.partitions)
                grouped = group_household_moves(
                    exchange.read(partition), study.moves.together_days if count == "events" else 0
                )
                if count == "events":
                    linked = mark_administrative(grouped, use, objects, rule)
                    pairs = linked.filter("is_administrative").select(renumbered.columns).unique()
                    renumbered = pl.concat([renumbered, pairs])
                else:
                    linked = mark_renumbered(grouped, renumbered)
                write_parquet(linked, folder / f"part-{partition:03d}.parquet")
                for name, rows_of in _tally(linked).items():
                    told[count][name] += rows_of
        tell(f"household moves ({count})", shape.partitions, shape.partitions)
    remove_folder(scratch)
    write_json(space.quality / "moves.json", told)
    return told


def _one_partition_of_persons(
    partition: int, panel: Panel, shape: Shape, study: Study, scratch: Path
) -> dict[str, int]:
    """Residence of one partition, written to the panel; its moves and transitions, written for the exchange."""
    persons, households = panel.read("persons", partition), panel.read("households", partition)
    resided = reside(panel.read("registrations", partition), persons, study.residence.slack_days, shape.cut_off)
    residence = require(tables.Residence, resided.spells, f"panel/residence, partition {partition}")
    write_parquet(residence, panel.path("residence", partition))
    write_parquet(object_use(residence), scratch / "use" / f"part-{partition:03d}.parquet")
    classes = income_classes(panel.income(partition))
    area = panel.objects("area")["area"]
    stocks = take_stocks(residence, persons, households, stock_days(study, shape.cut_off))
    transitions = find_transitions(stocks, persons)
    for count, moves in (("events", find_moves(residence)), ("transitions", transitions)):
        place = persons["person"].search_sorted(moves["person"]).cast(pl.UInt32)
        income_year = moves["move_date"].dt.year() - study.income.lag_years
        table = add_household(moves, households, persons).with_columns(
            area.gather(moves["origin_object"]).alias("origin_area"),
            area.gather(moves["destination_object"]).alias("destination_area"),
            class_in_year(classes, place, income_year, shape.income_years),
            first_of_year(moves),
        )
        write_parquet(table, scratch / count / f"part-{partition:03d}.parquet")
    return resided.steps


def stock_days(study: Study, cut_off: dt.date) -> list[dt.date]:
    """The days of the stocks of a study's years: 31 December before the first and of every year; the last is at the cut-off."""
    days = [dt.date(year, 12, 31) for year in range(study.period.first_year - 1, study.period.last_year + 1)]
    inside = [day for day in days if day < cut_off]
    return [*inside, cut_off] if days[-1] >= cut_off else inside


def _tally(linked: pl.DataFrame) -> dict[str, int]:
    real = linked.filter(~pl.col("is_administrative"))
    return {
        "moves": real.height,
        "household_moves": int(real["is_carrier"].sum()),
        "administrative": linked.height - real.height,
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
