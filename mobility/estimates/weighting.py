"""Two arms, one reweighted to the other within exact cells, and what is estimated when wijken are drawn again. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.chains.programmes import AWAY
from mobility.estimates.comparison import CELL, COMPARISON, TREATED
from mobility.estimates.competing import Floats, Ints
from mobility.estimates.events import ARRIVAL

_CAUSES = {"-": 0, ARRIVAL: 1, AWAY: 2}  # death and institution are the third
_OTHER, _KINDS = 3, 4
_GROUP = ("area", *CELL)


@dataclass(frozen=True)
class Rows:
    """Counted residents of one arm.

    Attributes:
        group: programme area and cell, of the groups with anybody treated.
        unit: wijk, as a place in the units of the arm.
        kind: month and cause in one number.
        persons: how many.
    """

    group: Ints
    unit: Ints
    kind: Ints
    persons: Ints


@dataclass(frozen=True)
class Arms:
    """The treated and those they are compared with, in one period.

    Attributes:
        treated: everybody treated.
        comparison: who is compared with, in groups with anybody treated.
        groups: how many there are.
        horizon: months.
    """

    treated: Rows
    comparison: Rows
    groups: int
    horizon: int


@dataclass(frozen=True)
class Incidences:
    """Per draw: incidence by the horizon of arrival and of away, and how many treated have anybody to be compared with.

    Attributes:
        everybody: arrival among all treated, matched or not.
        treated, comparison: arrival among the matched treated, and among those they are compared with, reweighted.
        treated_away, comparison_away: the same for away.
        matched: treated persons in groups with anybody to compare with.
        size: treated persons.
    """

    everybody: Floats
    treated: Floats
    comparison: Floats
    treated_away: Floats
    comparison_away: Floats
    matched: Floats
    size: Floats


def build_arms(counts: pl.DataFrame, treated_units: pl.Series, comparison_units: pl.Series, horizon: int) -> Arms:
    """The arms from counted residents of one period.

    Args:
        counts: of `comparison.count_contrast`, of the areas and exposures that are looked at.
        treated_units: the wijken of the treated, sorted.
        comparison_units: the wijken of the others, sorted.
        horizon: months.
    """
    treated = counts.filter(arm=TREATED)
    groups = treated.select(_GROUP).unique().sort(_GROUP).with_row_index("group")
    compared = counts.filter(arm=COMPARISON).join(groups, on=list(_GROUP), how="inner", maintain_order="left")
    treated = treated.join(groups, on=list(_GROUP), how="inner", maintain_order="left")
    return Arms(_rows(treated, treated_units), _rows(compared, comparison_units), groups.height, horizon)


def _rows(counts: pl.DataFrame, units: pl.Series) -> Rows:
    cause = counts["cause"].replace_strict(_CAUSES, default=_OTHER, return_dtype=pl.Int64)
    return Rows(
        counts["group"].to_numpy().astype(np.int64),
        units.search_sorted(counts["wijk"]).to_numpy().astype(np.int64),
        (counts["left"] * _KINDS + cause).to_numpy().astype(np.int64),
        counts["persons"].to_numpy(),
    )


def estimate(arms: Arms, treated_times: Floats, comparison_times: Floats) -> Incidences:
    """The incidences of both arms, draw by draw.

    Within each group those compared with weigh together as much as the treated; a group without anybody to compare with is
    left out of both, and its treated are counted as not matched.

    Args:
        arms: the counts.
        treated_times: how often each wijk (column) of the treated is in each draw (row).
        comparison_times: the same for the others.
    """
    bins = (arms.horizon + 1) * _KINDS
    shape = (len(treated_times), arms.horizon + 1, _KINDS)
    everybody, matched, weighted = (np.zeros(shape) for _ in range(3))
    sizes = np.zeros((len(treated_times), 2))
    # Most are seen to the horizon without an event: they are what the others leave of the whole, and need no row.
    last = arms.horizon * _KINDS
    treated, compared = (_others(rows, last) for rows in (arms.treated, arms.comparison))
    whole = [_by_unit(rows, arms.groups) for rows in (arms.treated, arms.comparison)]
    for draw, (own, other) in enumerate(zip(treated_times, comparison_times, strict=True)):
        of_mine, of_theirs = (
            np.bincount(rows.group, times[rows.unit] * rows.persons, arms.groups)
            for rows, times in zip(whole, (own, other), strict=True)
        )
        is_met = of_theirs > 0
        weight = np.divide(of_mine, of_theirs, out=np.zeros(arms.groups), where=is_met)
        mine, theirs = own[treated.unit] * treated.persons, other[compared.unit] * compared.persons
        sizes[draw] = of_mine[is_met].sum(), of_mine.sum()
        for found, kind, persons, size in (
            (everybody, treated.kind, mine, sizes[draw, 1]),
            (matched, treated.kind, mine * is_met[treated.group], sizes[draw, 0]),
            (weighted, compared.kind, theirs * weight[compared.group], sizes[draw, 0]),
        ):
            counted = np.bincount(kind, persons, bins)
            counted[last] = max(size - counted.sum(), 0.0)
            found[draw] = counted.reshape(shape[1:])
    of_matched, of_weighted = _at_horizon(matched), _at_horizon(weighted)
    return Incidences(
        _at_horizon(everybody)[:, 0],
        of_matched[:, 0],
        of_weighted[:, 0],
        of_matched[:, 1],
        of_weighted[:, 1],
        sizes[:, 0],
        sizes[:, 1],
    )


def _others(rows: Rows, last: int) -> Rows:
    """All rows but those of one kind."""
    kept = rows.kind != last
    return Rows(rows.group[kept], rows.unit[kept], rows.kind[kept], rows.persons[kept])


def _by_unit(rows: Rows, groups: int) -> Rows:
    """The residents of each unit and group, whatever happened to them."""
    pairs, place = np.unique(rows.unit * groups + rows.group, return_inverse=True)
    persons = np.bincount(place, rows.persons, len(pairs)).astype(np.int64)
    return Rows(pairs % max(groups, 1), pairs // max(groups, 1), np.zeros(len(pairs), np.int64), persons)


def _at_horizon(left: Floats) -> Floats:
    """Incidence of arrival and away by the last month, from who leaves in which month and how (draws x months x causes)."""
    gone = left.sum(axis=2)
    at_risk = gone[:, ::-1].cumsum(axis=1)[:, ::-1]
    hazard = np.divide(
        left[:, :, 1:], at_risk[:, :, None], out=np.zeros_like(left[:, :, 1:]), where=at_risk[:, :, None] > 0
    )
    free = np.cumprod(1 - hazard.sum(axis=2), axis=1)
    before = np.concatenate([np.ones((len(left), 1)), free[:, :-1]], axis=1)
    incidence: Floats = (before[:, :, None] * hazard).sum(axis=1)[:, :2]
    incidence[gone.sum(axis=1) == 0] = np.nan
    return incidence


def draw_again(regions: pl.Series, draws: int, chance: np.random.Generator) -> Floats:
    """How often each wijk is in each draw, when as many wijken are drawn from each region as it has."""
    times = np.zeros((draws, len(regions)))
    for region in regions.unique().sort():
        inside = np.flatnonzero((regions == region).to_numpy())
        drawn = chance.integers(0, len(inside), (draws, len(inside)))
        for draw in range(draws):
            times[draw, inside] = np.bincount(drawn[draw], minlength=len(inside))
    return times
