"""The attack on numbers that add up: how far a reader with a solver can narrow down a small count that was rounded."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mobility.disclosure.additive.leaves import Leaves
from mobility.disclosure.additive.rounding import Added
from mobility.disclosure.attack import find_given_away
from mobility.disclosure.audit import HOUSEHOLDS, PERSONS, Flags, Net, Shown, Whole

_FAR = 1 << 40


@dataclass(frozen=True)
class Known(Shown):
    """What the reader knows of every cell by itself.

    Attributes:
        low: the least persons, households and surplus.
        high: the most.
    """

    low: Whole = field(kw_only=True)
    high: Whole = field(kw_only=True)

    def start(self, is_shown: Flags) -> tuple[Whole, Whole]:  # noqa: ARG002 - what is withheld besides is thought to be known
        """What each cell by itself can be."""
        return self.low, self.high


def find_narrow(leaves: Leaves, added: Added, counts: Whole, width: Whole, minimum: Whole) -> Flags:
    """The rounded cells that can be fewer than `width` counts, in persons or in households.

    The reader is made stronger than he is: he knows the numbers of all cells, also of those that are withheld for
    another rule, by
    how much the sums of this release lie from the truth at most (or a little less than the minimum, where that is
    more), and how large its largest rounded count is. Then he knows:

    - of a smallest cell with nobody: it is empty, or rounded, so no larger than the largest rounded count;
    - of one that is a multiple of the minimum in both measures: it is as shown, or rounded up to it;
    - of one that is not: it is as shown, or `slack` from it where tables had to be made to agree;
    - of a sum: it lies no further from the truth than the furthest sum;
    - that the truth adds up, and that there are never more households than persons.

    Args:
        leaves: which cells are sums of which.
        added: the numbers.
        counts: the truth, with the rests.
        width: by offered cell.
        minimum: of persons and of households.
    """
    low, high = _alone(leaves, added, counts, minimum)
    extra = len(leaves.agreements)  # one cell more for each, of which nothing is known
    wide = np.concatenate(
        [width, np.array([width[whole] for whole, _ in leaves.rests], np.int64), np.ones(extra, np.int64)]
    )
    free = np.zeros((1, leaves.cells), np.int64)
    least = np.hstack([np.vstack([low, free]), np.zeros((3, extra), np.int64)])
    most = np.hstack([np.vstack([high, free + _FAR]), np.full((3, extra), _FAR)])
    agreed = [counts[:, leaves.leaf[one]].sum(axis=1) for one, _ in leaves.agreements]
    true = np.hstack([counts, np.array(agreed, np.int64).reshape(extra, 2).T])
    nothing = np.zeros(leaves.cells + extra, np.bool_)
    known = Known(true * 0, nothing + 1, minimum, wide, 0, nothing, nothing, low=least, high=most)
    targets = np.concatenate([added.small, nothing[leaves.cells :]])
    return find_given_away(known, true, nothing, _net(leaves), targets)[: leaves.cells]


def _alone(leaves: Leaves, added: Added, counts: Whole, minimum: Whole) -> tuple[Whole, Whole]:
    step, numbers = minimum[:, None], added.numbers
    is_leaf = np.zeros(leaves.cells, np.bool_)
    is_leaf[leaves.leaf] = True
    largest = counts[:, added.small].max(axis=1, initial=0)
    largest = np.maximum(largest, minimum - 1)[:, None]
    furthest = np.maximum(np.abs(numbers - counts).max(axis=1, initial=0), minimum - 1)[:, None]
    empty = is_leaf & np.all(numbers == 0, axis=0)
    up = is_leaf & ~empty & np.all(numbers % step == 0, axis=0)
    off = np.where(is_leaf, added.slack, furthest)
    low, high = np.maximum(numbers - off, np.where(is_leaf, step, 0)), numbers + off
    low, high = np.where(empty, 0, low), np.where(empty, largest, high)
    fewest = np.maximum(numbers[HOUSEHOLDS] - minimum[HOUSEHOLDS], 0) if added.slack == 0 else 0
    low[:, up] = np.vstack([np.ones_like(numbers[PERSONS]), np.zeros_like(numbers[PERSONS]) + fewest])[:, up]
    most = np.vstack([numbers[PERSONS] + minimum[PERSONS] - 1, numbers[HOUSEHOLDS] + added.slack])
    return low, np.where(up, np.maximum(most, largest), high)


def _net(leaves: Leaves) -> Net:
    """Every sum as the sum of its smallest cells, and every agreement as one cell that is two sums."""
    start = np.searchsorted(leaves.whole, np.arange(leaves.cells + 1))
    is_leaf = np.zeros(leaves.cells, np.bool_)
    is_leaf[leaves.leaf] = True
    parts = [(cell, leaves.member[start[cell] : start[cell + 1]]) for cell in np.flatnonzero(~is_leaf).tolist()]
    parts += [(leaves.cells + number, side) for number, pair in enumerate(leaves.agreements) for side in pair]
    count = len(parts)
    sizes = np.array([len(members) for _, members in parts], np.int64)
    members = np.concatenate([np.zeros(0, np.int64), *(members for _, members in parts)])
    return Net(
        parent=np.array([parent for parent, _ in parts], np.int64),
        rest=np.zeros(count, np.int64),
        loose=np.ones(count, np.bool_),
        child=leaves.leaf[members],
        relation=np.repeat(np.arange(count), sizes),
    )
