"""The records behind the aggregates, for the gate: read from the moves and the cohorts that lie in the workspace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl

from mobility.chains.tables import CHAIN_KEYS, COHORT_KEYS
from mobility.disclosure.members import ATOM, Members
from mobility.income import CLASSES
from mobility.panel.store import Panel
from mobility.records import record_hash
from mobility.settings import Settings
from mobility.steps import moves
from mobility.steps.chains import followed_areas
from mobility.steps.cohort_members import read_labelled
from mobility.steps.flows import zoned_areas
from mobility.steps.job import workspace

_LEVELS = ("gemeente", "role", "region")  # of the tables that can be offered
_END = ("origin", "destination")


def find_members(settings: Settings) -> Callable[[str], Members | None]:
    """A function that gives the records behind an aggregate, or None where nothing in the workspace says who they are."""
    known: dict[str, Members | None] = {}

    def find(source: str) -> Members | None:
        if source not in known:
            known[source] = _members(settings, source)
        return known[source]

    return find


def _members(settings: Settings, source: str) -> Members | None:
    space = workspace(settings)
    if source == "flows" and space.moves.is_dir():
        return _movers(settings)
    if source in ("cohort", "chains") and (space.root / "cohort").is_dir():
        return _residents(settings, COHORT_KEYS if source == "cohort" else CHAIN_KEYS)
    return None


def _movers(settings: Settings) -> Members:
    areas, _ = zoned_areas(settings)
    named = areas.select(_LEVELS)
    places = named.unique().sort(_LEVELS).with_row_index(ATOM)
    atoms = named.join(places, on=_LEVELS, maintain_order="left")[ATOM]
    folders: dict[str, Path] = {
        count: folder for count, folder in moves.folders(settings).items() if count in settings.study.flows.counts
    }
    years = settings.study.period.years
    return Members(
        places, tuple(years), partial(_moves_of, folders, atoms), different=partial(_people_of, folders, atoms)
    )


def _moves_of(folders: dict[str, Path], atoms: pl.Series, year: int) -> pl.DataFrame:
    linked = _people_of(folders, atoms, range(year, year + 1))
    return _counted(
        linked.with_columns(record=record_hash(linked["carrier"], linked["year"])),
        ("count", "year", *_END, "income_class"),
    )


def _people_of(folders: dict[str, Path], atoms: pl.Series, years: range) -> pl.DataFrame:
    """One row per move of a person in these years."""
    found = []
    for count, folder in sorted(folders.items()):
        year = pl.col("move_date").dt.year()
        of_years = pl.scan_parquet(folder / "*.parquet").filter(
            year.is_between(years.start, years.stop - 1), ~pl.col("is_administrative")
        )
        linked = of_years.select(
            pl.lit(count).alias("count"),
            year.cast(pl.Int64).alias("year"),
            *("person", "carrier", "is_carrier", "income_class", "origin_area", "destination_area"),
        ).collect()
        found.append(
            linked.select(
                *("count", "year", "person", "carrier", "is_carrier"),
                *(pl.lit(atoms.gather(linked[f"{end}_area"])).alias(end) for end in _END),
                pl.lit(pl.Series(CLASSES).gather(linked["income_class"])).alias("income_class"),
            )
        )
    return pl.concat(found)


def _residents(settings: Settings, keys: tuple[str, ...]) -> Members | None:
    space = workspace(settings)
    followed = followed_areas(settings, Panel(space.panel).shape())
    if not followed:  # whatever cohorts of another study lie there
        return None
    labelled = (read_labelled(space.root / "cohort", number, one) for number, one in enumerate(followed))
    rows = _counted(pl.concat([one.select(*keys, "is_carrier", record="cell_key") for one in labelled]), keys)
    years = rows["cohort_year"].unique().sort().to_list()
    return Members(pl.DataFrame(schema={ATOM: pl.UInt32}), tuple(years), partial(_cohort_of, rows))


def _cohort_of(rows: pl.DataFrame, year: int) -> pl.DataFrame:
    return rows.filter(pl.col("cohort_year") == year)


def _counted(rows: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """One row per record and inner cell, sorted."""
    return (
        rows.group_by(*keys, "record")
        .agg(persons=pl.len().cast(pl.Int64), households=pl.col("is_carrier").cast(pl.Int64).sum())
        .sort(*keys, "record")
    )
