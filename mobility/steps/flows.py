"""Count the moves: flows at every level, the account of every place, indices and what would be expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mobility.areas import load_zoning
from mobility.errors import RequestError
from mobility.flows.account import Frame, roll_up_account
from mobility.flows.counts import (
    FLOW_BY_KEYS,
    Level,
    Rung,
    batch_by_year,
    climb,
    count_by_area,
    level_of,
    name_cells,
    name_cells_by,
    roll_up,
)
from mobility.flows.dimensions import value_of, words_of
from mobility.flows.distances import area_sums, distances_between
from mobility.flows.expected import expected_flows
from mobility.flows.indices import add_class_groups, flow_indices
from mobility.income import break_year
from mobility.panel.batches import read_batch, write_batches
from mobility.panel.store import Panel
from mobility.places import unmatched_codes, zone_areas
from mobility.run.engine import cores, work
from mobility.run.files import appending_parquet, make_folder, remove_folder, write_json, write_parquet
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Dimension, Settings, Study
from mobility.steps import moves
from mobility.steps.job import Job, Told, workspace
from mobility.steps.population import read_account, read_coverage

_BYTES_AT_ONCE = 50 << 20  # of counts that get their names and go to the table together


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    zoning = load_zoning(study.geography.zoning)
    return {"flows": study.flows, "period": study.period, "zoning": zoning, "income": study.income}


def _inputs(settings: Settings) -> list[Path]:
    moved = moves.folders(settings).values() if settings.study.flows.by else ()
    return files_below(moves.counts_folder(settings), *moved)


TABLES = ("flows", "flows_by", "account", "quality", "flow_indices", "expected", "expected_fits")


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    space = workspace(settings)
    paths = [*map(space.aggregate, TABLES), space.quality / "flows.json"]
    return [path for path in paths if path.is_file()]


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
    space = workspace(settings)
    areas, absent = zoned_areas(settings)
    scratch = space.root / "flows.tmp"
    remove_folder(scratch)
    for table in TABLES:
        space.aggregate(table).unlink(missing_ok=True)
    rows = _count_flows(settings, areas, make_folder(scratch), tell)
    remove_folder(scratch)
    account = _close_accounts(settings, areas, tell)
    _compare(settings, areas, account, tell)
    unequal = int((account["residual"] != 0).sum())
    told: Told = {
        "rows": rows,
        "zoning_codes_absent": absent,
        "cells": account.height,
        "unequal": unequal,
        "study": settings.study.name,
        "income_break": break_year(settings.study.period.years, settings.study.income.lag_years),
    }
    write_json(space.quality / "flows.json", told)
    return told


def _count_flows(settings: Settings, areas: pl.DataFrame, scratch: Path, tell: Tell) -> int:
    """Write `flows` and, where a study asks, `flows_by`: counted by area once, then year by year at every level."""
    space, flows = workspace(settings), settings.study.flows
    rungs, by_rungs = climb(areas, flows.levels), climb(areas, flows.by_levels)
    for count in flows.counts:
        counted = files_below(moves.counts_folder(settings) / count)
        _roll_up_years(settings, count, None, rungs, counted, scratch, tell)
        for dimension in sorted(flows.by):
            counted = _count_by(settings, areas, count, dimension, scratch / "areas", tell)
            _roll_up_years(settings, count, dimension, by_rungs, counted, scratch, tell)
            remove_folder(scratch / "areas")
    rows = _join_up(settings, space.aggregate("flows"), scratch, rungs, [None])
    if flows.by:
        _join_up(settings, space.aggregate("flows_by"), scratch, by_rungs, sorted(flows.by))
    return rows


def _roll_up_years(
    settings: Settings,
    count: str,
    dimension: Dimension | None,
    rungs: list[Rung],
    counted: list[Path],
    scratch: Path,
    tell: Tell,
) -> None:
    """Put down the counts of every level and year."""
    years = settings.study.period.years
    task = partial(_roll_up_year, count=count, dimension=dimension, rungs=rungs, counted=counted, scratch=scratch)
    name = f"flows ({count}{f' by {dimension}' if dimension else ''})"
    work(task, len(years), settings.engine, name, tell, cores())


def _roll_up_year(
    year: int, count: str, dimension: Dimension | None, rungs: list[Rung], counted: list[Path], scratch: Path
) -> None:
    for level, counts in roll_up(read_batch(counted, year), rungs):
        write_batches(counts, np.zeros(counts.height, dtype=np.int64), 1, _part(scratch, level, count, year, dimension))


def _part(folder: Path, level: Level, count: str, year: int, dimension: Dimension | None) -> Path:
    return folder / (dimension or "all") / level.name / f"{count}-{year}.arrow"


def _join_up(
    settings: Settings, target: Path, scratch: Path, rungs: list[Rung], dimensions: Sequence[Dimension | None]
) -> int:
    """The tables of every level, count and year as one, in order."""
    rows, study = 0, settings.study
    levels = sorted((rung.level for rung in rungs), key=lambda level: level.name)
    with appending_parquet(target) as append:
        for level, count in product(levels, sorted(study.flows.counts)):
            for years in _together(scratch, level, count, len(study.period.years), dimensions):
                parts = [
                    _name(
                        read_batch([_part(scratch, level, count, year, one) for year in years], 0),
                        level,
                        count,
                        one,
                        study,
                    )
                    for one in dimensions
                ]
                table = parts[0] if len(parts) == 1 else pl.concat(parts).sort(FLOW_BY_KEYS)
                append(table)
                rows += table.height
    return rows


def _together(
    scratch: Path, level: Level, count: str, years: int, dimensions: Sequence[Dimension | None]
) -> Iterator[list[int]]:
    """The years, in order, in stretches of which all rows are held in memory at once."""
    stretch: list[int] = []
    size = 0
    for year in range(years):
        size += sum(_part(scratch, level, count, year, one).stat().st_size for one in dimensions)
        stretch.append(year)
        if size > _BYTES_AT_ONCE:
            yield stretch
            stretch, size = [], 0
    if stretch:
        yield stretch


def _name(counts: pl.DataFrame, level: Level, count: str, dimension: Dimension | None, study: Study) -> pl.DataFrame:
    if dimension is None:
        return name_cells(counts, level, count)
    named = name_cells_by(counts, level, count, dimension, words_of(dimension, study.flows.age_bands))
    return named.cast({pl.Enum: pl.String})  # the words differ from one dimension to the next


def _count_by(
    settings: Settings, areas: pl.DataFrame, count: str, dimension: Dimension, into: Path, tell: Tell
) -> list[Path]:
    """Count the moves by area and a further dimension; gives the files."""
    panel = Panel(workspace(settings).panel)
    folder = moves.folders(settings)[count]
    task = partial(
        _count_partition,
        folder=folder,
        study=settings.study,
        panel=panel,
        areas=areas,
        dimension=dimension,
        into=into,
    )
    work(task, panel.shape().partitions, settings.engine, f"counting {count} by {dimension}", tell)
    return files_below(into)


def _count_partition(
    partition: int, folder: Path, study: Study, panel: Panel, areas: pl.DataFrame, dimension: Dimension, into: Path
) -> None:
    """Count one partition of moves by area and a further dimension."""
    linked = pl.read_parquet(folder / f"part-{partition:03d}.parquet")
    tenure = panel.tenure() if dimension == "tenure" else pl.DataFrame()
    linked = linked.with_columns(value=value_of(linked, dimension, study.flows.age_bands, areas, tenure))
    counts, years = count_by_area(linked, study.period.years), study.period.years
    write_batches(counts, batch_by_year(counts, years), len(years), into / f"part-{partition:03d}.arrow")


def _close_accounts(settings: Settings, areas: pl.DataFrame, tell: Tell) -> pl.DataFrame:
    """Write `account` and `quality`; gives the account."""
    space, study, folder = workspace(settings), settings.study, moves.counts_folder(settings)
    tell("account", 0, 1)
    write_parquet(read_coverage(folder), space.aggregate("quality"))
    frame = Frame(study.period.years, areas.height)
    account = roll_up_account(read_account(folder), frame, areas, study.flows.levels)
    write_parquet(account, space.aggregate("account"))
    tell("account", 1, 1)
    return account


def _compare(settings: Settings, areas: pl.DataFrame, account: pl.DataFrame, tell: Tell) -> None:
    """Write `flow_indices`, `expected` and `expected_fits`."""
    space, study = workspace(settings), settings.study
    if "events" not in study.flows.counts:
        return
    low, not_low = study.income.low, study.income.not_low
    tell("indices", 0, 1)
    index_levels, expected_levels = (
        sorted(set(asked) & set(study.flows.levels))
        for asked in (study.flows.index_levels, study.flows.expected_levels)
    )
    wanted = {*index_levels, *expected_levels}
    events = pl.col("level").is_in(wanted) & (pl.col("count") == "events")
    flows = pl.scan_parquet(space.aggregate("flows")).filter(events).collect()
    stock = account.filter(pl.col("level").is_in(index_levels)).pivot(
        "unit", index=["level", "year", "place", "income_class"], values="stock_start"
    )
    stock = stock.with_columns(pl.col("persons", "households").fill_null(0))
    of_levels = flows.filter(pl.col("level").is_in(index_levels))
    write_parquet(flow_indices(of_levels, stock, low, not_low), space.aggregate("flow_indices"))
    tell("indices", 1, 1)
    objects = Panel(space.panel).objects("area", "x_m", "y_m")
    sums = area_sums(objects, areas.height)
    cells, fits = [], []
    for number, name in enumerate(expected_levels):
        tell("expected flows", number, len(expected_levels))
        level = level_of(areas, name)
        keys = ("level", "year", "origin", "destination")
        grouped = add_class_groups(flows.filter(level=name), keys, low, not_low)
        found = expected_flows(grouped, distances_between(sums, level))
        cells.append(found.cells)
        fits.append(found.fits)
    tell("expected flows", len(expected_levels), len(expected_levels))
    if cells:
        write_parquet(pl.concat(cells), space.aggregate("expected"))
        write_parquet(pl.concat(fits), space.aggregate("expected_fits"))


def _closing(settings: Settings, told: Told) -> list[str]:
    space = workspace(settings)
    lines = [f"{told['rows']:,} cells of flows, in {space.aggregate('flows')}"]
    closes = (
        "closes in every one" if not told["unequal"] else f"does NOT close in {told['unequal']}: please report this"
    )
    lines.append(f"{told['cells']:,} cells of the account, which {closes}, in {space.aggregate('account')}")
    if told["income_break"]:
        lines.append(
            f"income classes from {told['income_break']} on are those of INHATAB (1 January), before of IHI (31 December): do "
            "not compare across"
        )
    if told["zoning_codes_absent"]:
        lines.append(f"codes of the zoning that no object has: {', '.join(told['zoning_codes_absent'])}")
    return lines


JOB = Job(
    name="flows",
    does="count flows by income class at every level, and the account of every place",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
    after=lambda _: (moves.JOB,),
)
