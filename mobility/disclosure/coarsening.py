"""How much detail a table of flows can have: the finest at which enough of the volume can be shown. Pure.

A *rung* is a place level, a length of period and a detail of class. The ladder goes from the detail that was declared to coarser
ones, fewest steps first; of as many steps, classes are given up before years, and years before places. The first rung at
which the share of persons in cells that meet the minimum, at the finest level it keeps, reaches the target is taken.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import polars as pl

from mobility.disclosure.cells import UNITS, Offer, all_of, offer, recode, totalled
from mobility.disclosure.declaration import Declaration, Rows
from mobility.disclosure.members import IDENTITY, Members, identity
from mobility.disclosure.rules import minima
from mobility.settings import Disclosure

LEVELS = ("gemeente", "role", "region")
YEARS = (1, 2, 3, 4, 6, 12)
CLASSES = ("declared", "low", "all")


@dataclass(frozen=True)
class Rung:
    """One detail: the finest level kept, years in a period, and classes as declared, low and not low, or all together."""

    level: str
    years: int
    classes: str


@dataclass(frozen=True)
class Tried:
    """A rung, and the share of persons in cells that meet the minimum there."""

    rung: Rung
    share: float


def ladder(most_years: int, *, periods: bool) -> Iterator[Rung]:
    """The rungs, finest first.

    Args:
        most_years: years of the study; a period is no longer.
        periods: whether it can be told how many different people are behind several years.
    """
    lengths = [years for years in YEARS if years == 1 or (periods and years <= most_years)]
    steps = product(range(len(LEVELS)), range(len(lengths)), range(len(CLASSES)))
    for level, years, classes in sorted(steps, key=lambda step: (sum(step), step)):
        yield Rung(LEVELS[level], lengths[years], CLASSES[classes])


def coarsened(declaration: Declaration, rung: Rung, years: range) -> Declaration:
    """A declaration with the detail of a rung; what it does not have, it keeps as it is.

    Years become periods that start with the first year of the study, such as `2012-2014`; what is left at its end is not shown.
    """
    levels = LEVELS[LEVELS.index(rung.level) :]
    where = tuple(
        (column, tuple(value for value in values if value in levels) if column == "level" else values)
        for column, values in declaration.where
    )
    recodes, rows = dict(declaration.recode), declaration.rows
    if rung.years > 1:
        whole = len(years) // rung.years * rung.years
        where += (("year", tuple(years[:whole])),)
        recodes["year"] = f"{years.start}+{rung.years}"
    if "income_class" in declaration.cells and rung.classes == "low":
        recodes["income_class"] = "low"
    if "income_class" in declaration.cells and rung.classes == "all":
        total = [dataclasses.replace(each, total=tuple(dict.fromkeys((*each.total, "income_class")))) for each in rows]
        rows = tuple(dict.fromkeys(Rows(each.where, each.total) for each in total))
    return dataclasses.replace(declaration, where=where, recode=tuple(recodes.items()), rows=rows)


def offer_at(
    declaration: Declaration,
    aggregate: pl.DataFrame,
    rung: Rung,
    years: range,
    members: Members | None,
    low: tuple[str, ...],
    profile: Disclosure,
) -> Offer:
    """The cells of a table at a rung; over several years the different people behind a cell are counted anew."""
    coarse = coarsened(declaration, rung, years)
    given = offer(coarse, aggregate, low=low, profile=profile)
    if rung.years == 1:
        return given
    if members is None or members.different is None:
        raise TypeError("periods of several years need the people behind the cells")
    starts = range(years.start, years.start + len(years) // rung.years * rung.years, rung.years)
    counted = []
    for start in starts:
        people = members.place(members.different(range(start, start + rung.years)))
        counted.append(_different(coarse, people, low).collect())
    units = pl.concat(counted)
    frame = given.frame.drop(UNITS).with_columns(identity(coarse))
    known = frame.join(units, on=IDENTITY, how="left", maintain_order="left").drop(IDENTITY)
    return dataclasses.replace(given, frame=known.select(given.frame.columns))


def _different(declaration: Declaration, people: pl.DataFrame, low: tuple[str, ...]) -> pl.LazyFrame:
    """Different persons and households behind every cell: `identity`, `unit_persons`, `unit_households`."""
    wanted = people.lazy().filter(all_of(declaration.where))
    for column, how in declaration.recode:
        wanted = wanted.with_columns(recode(column, how, low))
    sets = [totalled(wanted.filter(all_of(each.where)), each) for each in declaration.rows]
    return (
        pl.concat([each.select(identity(declaration), "person", "carrier", "is_carrier") for each in sets])
        .group_by(IDENTITY)
        .agg(
            unit_persons=pl.col("person").n_unique().cast(pl.Int64),
            unit_households=pl.col("carrier").filter("is_carrier").n_unique().cast(pl.Int64),
        )
    )


def shares_without(given: Offer, profile: Disclosure) -> dict[str, float]:
    """The share of persons in cells that meet the minimum, as declared (key: nothing) and with one key column summed over."""
    cells = given.declaration.cells
    found = {}
    for column in ("", *cells):
        kept = [name for name in cells if name != column]
        if not kept or column in ("level", "year", *(name for name, _ in given.declaration.where)):
            continue
        sums = given.base.group_by(kept).agg(pl.col("persons", *UNITS).sum())
        found[column] = _share(sums, profile)
    return found


def _share(cells: pl.DataFrame, profile: Disclosure) -> float:
    meets = [pl.col(f"unit_{name}") >= minimum for name, minimum in minima(profile).items()]
    total = int(cells["persons"].sum())
    return int(cells.filter(meets)["persons"].sum()) / total if total else 0.0


def share_shown(given: Offer, rung: Rung, profile: Disclosure) -> float:
    """The share of persons in cells that meet the minimum, at the finest level of a rung; 0 where there is nobody."""
    cells = given.frame.filter(pl.col("level") == rung.level) if "level" in given.frame.columns else given.frame
    return _share(cells, profile)
