"""Count the moves: flows at every level, and the coverage that goes with them."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from mobility.areas import load_zoning
from mobility.errors import RequestError
from mobility.flows.counts import FLOW_KEYS, MEASURES, add_up, count_by_area, roll_up
from mobility.income import class_in_year, income_classes
from mobility.panel.store import Panel, Shape
from mobility.places import unmatched_codes, zone_areas
from mobility.quality import QUALITY_KEYS, count_coverage
from mobility.run.engine import work
from mobility.run.files import write_parquet
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Settings, Study
from mobility.steps import moves
from mobility.steps.job import Job, Told, workspace


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    zoning = load_zoning(study.geography.zoning)
    return {"flows": study.flows, "period": study.period, "zoning": zoning, "income": study.income}


def _inputs(settings: Settings) -> list[Path]:
    return files_below(*moves.folders(settings).values(), workspace(settings).panel / "residence")


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    space = workspace(settings)
    return [space.aggregate("flows"), space.aggregate("quality")]


def zoned_areas(settings: Settings) -> tuple[pl.DataFrame, list[str]]:
    """The areas of the panel with their places, and the codes of the zoning that occur in none of them.

    Raises:
        RequestError: the zoning fits the study nowhere.
    """
    geography = settings.study.geography
    zoning = load_zoning(geography.zoning)
    areas = Panel(workspace(settings).panel).areas()
    absent = unmatched_codes(areas, [line.code for line in zoning.lines])
    if len(absent) == len(zoning.lines):
        raise RequestError(
            f"study.geography.zoning: not one of the {len(absent)} codes of {zoning.name} occurs in VSLGWBTAB for "
            f"{geography.year}. Choose the zoning that belongs to these registers."
        )
    return zone_areas(areas, zoning), absent


def _run(settings: Settings, tell: Tell) -> Told:
    space, study = workspace(settings), settings.study
    panel = Panel(space.panel)
    shape = panel.shape()
    areas, absent = zoned_areas(settings)
    tables = []
    for count in study.flows.counts:
        counting = partial(_count_partition, folder=moves.folders(settings)[count], years=study.period.years)
        parts = work(counting, shape.partitions, settings.engine, f"flows ({count})", tell)
        counts = add_up(pl.concat(parts), ("year", "origin_area", "destination_area", "income_class"))
        tables.append(roll_up(counts, areas, study.flows.levels, count))
    flows = pl.concat(tables).sort(FLOW_KEYS)
    write_parquet(flows, space.aggregate("flows"))
    covering = partial(_cover_partition, panel=panel, shape=shape, study=study)
    coverage = pl.concat(work(covering, shape.partitions, settings.engine, "coverage", tell))
    quality = coverage.group_by(QUALITY_KEYS).agg(pl.col(MEASURES).sum()).sort(QUALITY_KEYS)
    write_parquet(quality, space.aggregate("quality"))
    return {"rows": flows.height, "zoning_codes_absent": absent}


def _count_partition(partition: int, folder: Path, years: range) -> pl.DataFrame:
    return count_by_area(pl.read_parquet(folder / f"part-{partition:03d}.parquet"), years)


def _cover_partition(partition: int, panel: Panel, shape: Shape, study: Study) -> pl.DataFrame:
    persons, residence = panel.read("persons", partition), panel.read("residence", partition)
    households = panel.read("households", partition)
    classes = income_classes(panel.income(partition))
    area = panel.objects("area")["area"]
    place = pl.Series("place", range(persons.height), dtype=pl.UInt32)
    tables = []
    for year in study.period.years:
        income_year = pl.Series("year", [year - study.income.lag_years]).new_from_index(0, persons.height)
        in_year = class_in_year(classes, place, income_year, shape.income_years)
        tables.append(count_coverage(residence, persons, households, area, in_year, dt.date(year - 1, 12, 31)))
    return pl.concat(tables)


def _closing(settings: Settings, told: Told) -> list[str]:
    lines = [f"{told['rows']:,} cells of flows, in {workspace(settings).aggregate('flows')}"]
    if told["zoning_codes_absent"]:
        lines.append(f"codes of the zoning that no object has: {', '.join(told['zoning_codes_absent'])}")
    return lines


JOB = Job(
    name="flows",
    does="count flows by income class at every level",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
    after=lambda _: (moves.JOB,),
)
