"""Primary rules: which cells may not be shown, whatever else is shown.

A cell that may not be shown carries its reason, which stays inside. Outside, a cell that is empty, one that is
small and one that is withheld for any other reason are one state: the row is absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from mobility.disclosure.cells import SET, STATE, UNITS, Offer, totalled
from mobility.disclosure.declaration import Group, Rows
from mobility.disclosure.earlier import CLOSED
from mobility.settings import Disclosure

REASON = "reason"
ZERO, SMALL, GROUP, EARLIER, INTERVAL = "zero", "small", "group", "earlier", "interval"
HIDDEN = "hidden"
"""A cell of the audit that no table offers."""


def judge(given: Offer, profile: Disclosure, alike: Sequence[Alike] | None = None) -> pl.DataFrame:
    """The offered cells with `reason`: null where the cell may be shown, else the first rule it breaks.

    - `zero`: nobody is in the cell;
    - `small`: fewer different persons, or fewer different households, than the profile asks, however often each was
      counted; the cell is withheld in both measures, because a household is as recognisable as a person and either
      number would give the other away;
    - `group`: the cell is part of a breakdown that shows that nearly all of a total are alike;
    - `earlier`: beside what earlier releases showed, or did not show, of the cell it would tell too much.

    Args:
        given: the table.
        profile: the rules.
        alike: of `all_alike`, where they are known already.
    """
    declaration = given.declaration
    zero = pl.all_horizontal(pl.col(name) == 0 for name in declaration.measures)
    small = pl.any_horizontal(pl.col(f"unit_{name}") < minimum for name, minimum in minima(profile).items())
    reason = pl.when(zero).then(pl.lit(ZERO)).when(small).then(pl.lit(SMALL)).alias(REASON)
    frame = given.frame.with_columns(reason)
    for one in all_alike(given, profile) if alike is None else alike:
        within = one.group.within
        told = one.claims.select(within).unique().with_columns(hit=True)
        hit = frame.select(declaration.cells).join(told, on=within, how="left", maintain_order="left")
        withheld = hit["hit"].is_not_null() & (frame[SET] == one.index)
        frame = frame.with_columns(
            pl.when(pl.col(REASON).is_null() & withheld).then(pl.lit(GROUP)).otherwise(REASON).alias(REASON)
        )
    closed = pl.col(REASON).is_null() & (pl.col(STATE) == CLOSED)
    return frame.with_columns(pl.when(closed).then(pl.lit(EARLIER)).otherwise(REASON).alias(REASON))


def minima(profile: Disclosure) -> dict[str, int]:
    """The least number of units behind a cell, by measure."""
    return {"persons": profile.minimum_persons, "households": profile.minimum_households}


def claims(given: Offer, group: Group, rows: Rows, profile: Disclosure) -> pl.DataFrame:
    """The unions of classes that hold the group share or more of their total, in one set of rows.

    One row per total and union: the columns of `group.within`, and `union`, the list of its classes. The total
    is that of all cells of the table, shown or not, since a reader finds it in another table or by adding up. A
    set of rows that sums over the classes has none, nor has a total that is too small to be seen.

    If a union holds nearly all of a total, the whole breakdown of that total is withheld, not the union alone:
    were the other classes shown, the rest would follow from the total; were only they withheld, their absence
    would tell. The total itself may stay.

    Unions are looked at up to `group.widest` adjacent classes: by default all that leave at least one class out.
    """
    measures = given.declaration.measures
    none = given.base.select(group.within).clear().with_columns(pl.lit(None, dtype=pl.List(pl.String)).alias("union"))
    if group.classes in rows.total:
        return none
    # One pass: the total, and what each class holds of it.
    names = given.base[group.classes].unique().sort().to_list()
    holds = {
        (name, measure): pl.when(pl.col(group.classes) == name)
        .then(measure)
        .otherwise(0)
        .sum()
        .alias(f"{at}_{measure}")
        for at, name in enumerate(names)
        if name not in group.exempt
        for measure in measures
    }
    cells = totalled(given.base.lazy(), rows).select(*dict.fromkeys([*group.within, group.classes]), *measures, *UNITS)
    total = [pl.col(*measures, *UNITS).sum().name.prefix("total_")]
    enough = [pl.col(f"total_unit_{name}") >= minimum for name, minimum in minima(profile).items()]
    every = cells.group_by(group.within).agg(*total, *holds.values()).filter(enough).sort(group.within).collect()
    share = exact_share(profile)
    found = [none]
    for union in unions(group, names):
        known = [at for at, name in enumerate(names) if name in union and name not in group.exempt]
        if not known:
            continue
        held = {name: pl.sum_horizontal(f"{at}_{name}" for at in known) for name in measures}
        nearly = pl.any_horizontal(
            (part > 0) & (part * share.denominator >= share.numerator * pl.col(f"total_{name}"))
            for name, part in held.items()
        )
        found.append(every.filter(nearly).select(*group.within, pl.lit(union, dtype=pl.List(pl.String)).alias("union")))
    return pl.concat(found)


@dataclass(frozen=True)
class Alike:
    """What is nearly all alike in one set of rows: of `claims`."""

    group: Group
    index: int
    claims: pl.DataFrame


def all_alike(given: Offer, profile: Disclosure) -> list[Alike]:
    """The claims of every group and set of rows of a table."""
    declaration = given.declaration
    return [
        Alike(group, index, claims(given, group, rows, profile))
        for group in declaration.groups
        for index, rows in enumerate(declaration.rows)
    ]


def exact_share(profile: Disclosure) -> Fraction:
    """The group share as a fraction of whole numbers, so that nothing hangs on the last bit."""
    return Fraction(profile.group_share).limit_denominator(1000)


def unions(group: Group, present: list[str]) -> list[list[str]]:
    """The unions of classes that are looked at, among them every class that occurs by itself."""
    single = [[value] for value in present]
    widths = range(2, group.widest + 1)
    return single + [
        list(group.order[start : start + width]) for width in widths for start in range(len(group.order) - width + 1)
    ]
