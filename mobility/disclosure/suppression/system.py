"""The cells of a release as numbers: what they count, which add up to which, and which may not be found out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Relations between cells: every parent is the sum of its children.

    A relation with a rest that no cell shows has a cell of its own for that rest, which is never shown.

    Attributes:
        cells: number of cells.
        parent: the parent, by relation.
        child: the child, by link.
        relation: the relation, by link, ascending.
    """

    cells: int
    parent: Whole
    child: Whole
    relation: Whole

    @property
    def count(self) -> int:
        """Number of relations."""
        return len(self.parent)

    @cached_property
    def by_relation(self) -> Table:
        """The cells of every relation, with 1 for the parent and -1 for a child."""
        rows = np.concatenate([np.arange(self.count), self.relation])
        columns = np.concatenate([self.parent, self.child])
        signs = np.concatenate([np.ones(self.count, np.int64), np.full(len(self.child), -1, np.int64)])
        return Table.of(rows, columns, signs, self.count)

    @cached_property
    def by_cell(self) -> Table:
        """The relations of every cell, with the same signs."""
        table = self.by_relation
        return Table.of(table.column, table.row, table.sign, self.cells)

    def of_children(self, values: Whole) -> Whole:
        """The sum of the children's values, by relation."""
        return np.bincount(self.relation, values[self.child], self.count).astype(np.int64)

    def gap(self, values: Whole) -> Whole:
        """What every parent differs from the sum of its children."""
        return values[self.parent] - self.of_children(values)


@dataclass(frozen=True)
class Table:
    """A sparse matrix by rows: the entries of row `i` lie between `start[i]` and `start[i + 1]`."""

    start: Whole
    row: Whole
    column: Whole
    sign: Whole

    @classmethod
    def of(cls, row: Whole, column: Whole, sign: Whole, rows: int) -> Table:
        """The matrix of these entries."""
        order = np.lexsort((column, row))
        start = np.zeros(rows + 1, np.int64)
        np.cumsum(np.bincount(row, minlength=rows), out=start[1:])
        return cls(start, row[order], column[order], sign[order])

    def entries(self, rows: Whole) -> tuple[Whole, Whole]:
        """The places of the entries of these rows, one row after the other, and the place of the row among those asked."""
        size = self.start[rows + 1] - self.start[rows]
        asked = np.repeat(np.arange(len(rows)), size)
        first = np.cumsum(size) - size
        return np.arange(len(asked)) - first[asked] + self.start[rows][asked], asked

    def columns(self, rows: Whole) -> Whole:
        """The columns in which one of these rows has an entry, ascending."""
        places, _ = self.entries(rows)
        return np.unique(self.column[places])


@dataclass(frozen=True)
class System:
    """All that one pattern of withholding must see to.

    Attributes:
        counts: what the cells count, one row per measure (persons, households).
        room: how far a cell can be thought lower than it is before it contradicts what anybody knows, such as that there are
            no more households than persons. A change is thought of in all measures at once, so that their differences stay.
        hidden: cells that are not shown whatever happens: they break a rule, or no table offers them.
        kept: cells that are known whatever happens, such as those of an earlier release.
        risk: cells of which a reader must be left in doubt; they are among the hidden.
        width: how many counts a cell at risk must be able to be.
        minimum: the least sum, by measure, that may be found out of the cells withheld from one relation, unless it is 0.
        sums: which cells add up to which.
    """

    counts: Whole
    room: Whole
    hidden: Flags
    kept: Flags
    risk: Flags
    width: Whole
    minimum: Whole
    sums: Sums

    def __post_init__(self) -> None:
        if any(self.sums.gap(counts).any() for counts in self.counts):
            raise ValueError("The cells of a system do not add up.")
        if (self.risk & ~self.hidden).any() or (self.kept & self.hidden).any():
            raise ValueError("A cell at risk is hidden, and a hidden cell is not known.")

    @cached_property
    def cost(self) -> Reals:
        """What it costs to withhold a cell: one, and a little more for a large cell, so that small ones go first."""
        cost: Reals = 1.0 + np.log2(1.0 + self.counts[0]) / 8
        return cost

    def unsafe(self, withheld: Flags) -> Flags:
        """The relations by which the cells withheld from them can be added up to too little, or found out one by one."""
        sums = self.sums
        number = sums.of_children(withheld.astype(np.int64))
        seen = ~withheld[sums.parent]
        exposed = sums.of_children((withheld & self.risk).astype(np.int64)) > 0
        found: Flags = seen & (number == 1) & exposed
        for counts, minimum in zip(self.counts, self.minimum, strict=True):
            rest = sums.of_children(np.where(withheld, counts, 0))
            found |= seen & (rest > 0) & (rest < minimum)
        found |= ~seen & (number == 0) & self.risk[sums.parent]
        return found
