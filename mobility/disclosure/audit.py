"""What a reader can work out: bounds on every cell, and the cells withheld so that no bound is tight.

The reader knows the rules, the base and every released number. A number `v` stands for a count above `v - base`
and below `v + base` that is not under the minimum; a withheld cell for any count from 0. Parents are the sums of
their children, persons are no fewer than households. From that, bounds are propagated until they stand still. A
cell that can be fewer than `width` whole numbers is too well known; published cells beside it are withheld until
there is none.

The width and the number of rounds are values of the profile (conf/disclosure).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.disclosure.relations import Relations
from mobility.errors import ReleaseError

_SWEEPS = 500
_FAR = 1 << 40

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Claims:
    """Unions of classes of which it may not be inferred that they hold nearly all of their group.

    Attributes:
        claim: number of the claim, by cell of its group.
        cell: the cell.
        holds: whether the cell belongs to the union.
        share: what is nearly all.
        count: number of claims.
    """

    claim: Whole
    cell: Whole
    holds: Flags
    share: float
    count: int

    def inferred(self, low: Whole, high: Whole) -> Flags:
        """Cells that let a reader infer a claim."""
        flags = np.zeros(low.shape[1], np.bool_)
        for least, most in zip(low, high, strict=True):
            held, rest = np.zeros(self.count, np.int64), np.zeros(self.count, np.int64)
            np.add.at(held, self.claim[self.holds], least[self.cell[self.holds]])
            np.add.at(rest, self.claim[~self.holds], most[self.cell[~self.holds]])
            known = (held > 0) & (held >= self.share * (held + rest))
            told = self.cell[self.holds & known[self.claim]]
            flags[told] |= least[told] > 0
        return flags


@dataclass(frozen=True)
class Net:
    """Relations as arrays.

    Attributes:
        parent: parent cell, by relation.
        rest: the most that a parent can hold beside its children: 0, or no limit where the relation is open.
        loose: whether there can be a child that nobody is in, by relation.
        child: child cell, by link.
        relation: relation, by link, ascending.
    """

    parent: Whole
    rest: Whole
    loose: Flags
    child: Whole
    relation: Whole

    @classmethod
    def of(cls, relations: Relations) -> Net:
        """The arrays of the relations of a release."""
        heads, links = relations.heads, relations.links
        is_open = heads["open"].to_numpy()
        return cls(
            parent=heads["parent"].to_numpy(),
            rest=np.where(is_open, _FAR, 0),
            loose=is_open | ~heads["complete"].to_numpy(),
            child=links["child"].to_numpy(),
            relation=links["relation"].to_numpy(),
        )

    def total(self, values: Whole) -> Whole:
        """The sum of the children's values, by relation."""
        sums = np.zeros(len(self.parent), np.int64)
        np.add.at(sums, self.relation, values[self.child])
        return sums

    def implied(self, low: Whole, high: Whole) -> Iterator[tuple[Whole, Whole, Whole]]:
        """The bounds that each relation by itself sets: cells, least, most; of parents, then of children."""
        least, most = self.total(low), self.total(high) + self.rest
        yield self.parent, least, most
        parent = self.parent[self.relation]
        others_least, others_most = least[self.relation] - low[self.child], most[self.relation] - high[self.child]
        yield self.child, low[parent] - others_most, high[parent] - others_least


@dataclass(frozen=True)
class Shown:
    """What is released, and how: the reader's evidence.

    Attributes:
        numbers: rounded counts, one row per measure (persons before households), one column per cell.
        base: base of the rounding.
        minimum: least count behind a released number, by measure.
        width: how many counts a cell must be able to be, by cell.
        rounds: of withholding more, at most.
    """

    numbers: Whole
    base: int
    minimum: Whole
    width: Whole
    rounds: int


def bounds(shown: Shown, is_shown: Flags, net: Net) -> tuple[Whole, Whole]:
    """The least and the most every cell can be, to a reader of the cells that are shown.

    Raises:
        ReleaseError: the bounds do not settle.
    """
    low = np.where(is_shown, np.maximum(shown.numbers - shown.base + 1, shown.minimum[:, None]), 0)
    high = np.where(is_shown, shown.numbers + shown.base - 1, _FAR)
    for _ in range(_SWEEPS):
        before = low.copy(), high.copy()
        for measure in range(len(low)):
            for cells, least, most in net.implied(low[measure], high[measure]):
                np.maximum.at(low[measure], cells, least)
                np.minimum.at(high[measure], cells, most)
        np.maximum(low[0], low[-1], out=low[0])
        np.minimum(high[-1], high[0], out=high[-1])
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            return low, high
    raise ReleaseError(
        "The bounds a reader can work out did not settle, so nothing can be said about them. "
        "Offer fewer tables that overlap (study.release.tables)."
    )


def tight(low: Whole, high: Whole, net: Net, width: Whole) -> tuple[Flags, Flags]:
    """Which cells can be fewer than `width` counts, and which relations leave an empty child fewer."""
    cells: Flags = np.any(high - low + 1 < width, axis=0)
    room = np.array([most[net.parent] - net.total(least) + 1 for least, most in zip(low, high, strict=True)])
    narrow: Flags = net.loose & np.any(room < width[net.parent], axis=0)
    return cells, narrow


def withhold_tight(shown: Shown, is_shown: Flags, net: Net, claims: Claims) -> Flags:
    """The cells that may stay: those of `is_shown` without the ones that keep another cell's interval tight.

    Raises:
        ReleaseError: some interval is still tight after the last round.
    """
    is_shown = is_shown.copy()
    for _ in range(shown.rounds + 1):
        low, high = bounds(shown, is_shown, net)
        cells, relations = tight(low, high, net, shown.width)
        cells |= claims.inferred(low, high)
        if not cells.any() and not relations.any():
            return is_shown
        guilty = _binding(cells, low, high, net) | relations
        is_shown = is_shown & ~_repair(cells, guilty, shown, is_shown, net)
    raise ReleaseError(
        f"After {shown.rounds} rounds of withholding, a reader could still narrow down some cells. Offer less detail: "
        "fewer levels, fewer classes, or fewer tables that overlap (schemas/outputs, study.release.tables)."
    )


def _binding(cells: Flags, low: Whole, high: Whole, net: Net) -> Flags:
    """The relations that set a bound of one of these cells."""
    guilty = np.zeros(len(net.parent), np.bool_)
    for least, most in zip(low, high, strict=True):
        (parents, below, above), (children, under, over) = net.implied(least, most)
        guilty |= cells[parents] & (((below == least[parents]) & (below > 0)) | (above == most[parents]))
        binds = cells[children] & (((under == least[children]) & (under > 0)) | (over == most[children]))
        np.logical_or.at(guilty, net.relation, binds)
    return guilty


def _repair(cells: Flags, guilty: Flags, shown: Shown, is_shown: Flags, net: Net) -> Flags:
    """Cells to withhold: of every guilty relation the smallest child that is shown, else its parent."""
    links = pl.DataFrame(
        {
            "relation": net.relation,
            "child": net.child,
            "number": shown.numbers[0][net.child],
            "candidate": is_shown[net.child] & guilty[net.relation],
        }
    )
    smallest = links.filter("candidate").sort("number", "child").unique("relation", keep="first", maintain_order=True)
    withheld = np.zeros(len(is_shown), np.bool_)
    withheld[smallest["child"].to_numpy()] = True
    without_child = guilty.copy()
    without_child[smallest["relation"].to_numpy()] = False
    withheld[net.parent[without_child]] = True
    related = np.zeros(len(is_shown), np.bool_)
    related[net.parent[guilty]] = True
    related[net.child[guilty[net.relation]]] = True
    withheld |= cells & ~related  # tight by itself: the minimum is no multiple of the base
    return withheld & is_shown
