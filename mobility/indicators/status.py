"""Status of buurten (method 7), and what movers and residents do on that ladder (A7, A8, A9, F5). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.indicators.segregation import Numbers
from mobility.stocks import Ints

NO_STATUS = -1
DECILES, FIFTHS = 10, 5


@dataclass(frozen=True)
class Ladder:
    """The buurten of one year in order of status: the mean percentile of their residents with one.

    Attributes:
        area: of every buurt with a status, from the lowest to the highest; ties by code.
        persons: residents with a percentile.
        total: sum of their percentiles.
    """

    area: Ints
    persons: Ints
    total: Ints

    @property
    def mean(self) -> Numbers:
        """Mean percentile."""
        mean: Numbers = self.total / self.persons
        return mean

    def of_areas(self, areas: int, parts: int) -> Ints:
        """Part (0 is the lowest) of every area; `NO_STATUS` where it has none.

        Args:
            areas: how many there are.
            parts: 10 for deciles, 5 for fifths; each holds about as many persons.
        """
        found = np.full(areas, NO_STATUS, dtype=np.int64)
        before = np.cumsum(self.persons) - self.persons
        found[self.area] = _part(before, self.persons, int(self.persons.sum()), parts)
        return found

    def without(self, area: Ints, percentile: Ints, household: Ints, parts: int) -> tuple[Ints, Numbers]:
        """Part and rank of the buurt of every mover with the mover's own household left out.

        A household has one percentile, so that leaving out `household` persons takes away that many times the percentile. The
        buurt is put where its remaining mean stands among the others; the limit on its size is not looked at again.

        Args:
            area: of every mover; one without a status gives `NO_STATUS`.
            percentile: of every mover; 0: none, so that nobody is left out.
            household: persons in the household of every mover.
            parts: 10 or 5.
        """
        places = np.full(int(max(area.max(initial=0), self.area.max(initial=0))) + 1, NO_STATUS, dtype=np.int64)
        places[self.area] = np.arange(len(self.area))
        place = places[area]
        known = place != NO_STATUS
        here = place[known]
        out = np.where(percentile[known] > 0, np.minimum(household[known], self.persons[here] - 1), 0)
        left = self.persons[here] - out
        mean = (self.total[here] - out * percentile[known]) / left
        lower = np.searchsorted(self.mean, mean, side="left")
        equal = np.searchsorted(self.mean, mean, side="right")
        for tied in np.flatnonzero(lower < equal):  # by code: areas are numbered in the order of their codes
            lower[tied] += np.searchsorted(self.area[lower[tied] : equal[tied]], self.area[here[tied]])
        before = np.concatenate([[0], np.cumsum(self.persons)])[lower]
        # The buurt itself is none of the others.
        before = before - np.where(here < lower, self.persons[here], 0)
        whole = int(self.persons.sum()) - out
        part = np.full(len(area), NO_STATUS, dtype=np.int64)
        rank = np.full(len(area), np.nan)
        part[known] = np.minimum((parts * (2 * before + left)) // (2 * whole), parts - 1)
        rank[known] = (2 * before + left) / (2 * whole)
        return part, rank


def _part(before: Ints, persons: Ints, total: int, parts: int) -> Ints:
    """The part in which the middle person of each buurt falls, in whole numbers."""
    part: Ints = np.minimum((parts * (2 * before + persons)) // (2 * total), parts - 1)
    return part


def ladder_of(percentiles: Numbers, codes: pl.Series, least: int) -> Ladder:
    """The buurten of one year with at least so many residents with a percentile, in order.

    Args:
        percentiles: persons by area and percentile (0 to 100).
        codes: of the buurten; null where an area is none.
        least: persons.
    """
    persons = percentiles.sum(axis=1).astype(np.int64)
    total = (percentiles * np.arange(percentiles.shape[1])).sum(axis=1).astype(np.int64)
    area = np.flatnonzero((persons >= max(least, 1)) & codes.is_not_null().to_numpy())
    table = pl.DataFrame({"area": area, "mean": total[area] / persons[area], "code": codes.gather(area)}).sort(
        "mean", "code"
    )
    ordered = table["area"].to_numpy()
    return Ladder(ordered, persons[ordered], total[ordered])
