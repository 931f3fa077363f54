"""Other tables that agree with all that is published: each a change of some withheld cells that leaves every sum as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.disclosure.suppression.system import Flags, Sums, System, Whole


@dataclass(frozen=True)
class Move:
    """One change: the cells, ascending, and by how many units each differs from the truth, never 0."""

    cell: Whole
    change: Whole

    @classmethod
    def of(cls, cell: Whole, change: Whole) -> Move:
        """The change without the cells that stay."""
        kept = np.flatnonzero(change)
        kept = kept[np.argsort(cell[kept], kind="stable")]
        return cls(cell[kept], change[kept])


class Proof:
    """The moves that leave a reader in doubt, and how far each cell goes in them.

    Attributes:
        low: the least that the moves make of each cell, relative to the truth.
        high: the most.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._moves: dict[int, Move] = {}
        self._users: dict[int, set[int]] = {}
        self._next = 0
        self.low: Whole = np.zeros(system.sums.cells, np.int64)
        self.high: Whole = np.zeros(system.sums.cells, np.int64)

    def add(self, move: Move) -> None:
        """Take a move up."""
        self._moves[self._next] = move
        for cell in move.cell[~self._system.hidden[move.cell]].tolist():
            self._users.setdefault(cell, set()).add(self._next)
        self._next += 1
        self.low[move.cell] = np.minimum(self.low[move.cell], move.change)
        self.high[move.cell] = np.maximum(self.high[move.cell], move.change)

    def open(self) -> Flags:
        """The cells at risk that the moves do not take far enough."""
        return self._system.risk & (self.high - self.low < self._system.width - 1)

    def is_open(self, cell: int) -> bool:
        """Whether one cell at risk is not taken far enough."""
        return bool(self.high[cell] - self.low[cell] < self._system.width[cell] - 1)

    def users(self, cell: int) -> set[int]:
        """The moves that change a cell that could be shown."""
        return self._users.get(cell, set())

    def without(self, numbers: set[int]) -> Proof:
        """A proof with the other moves."""
        found = Proof(self._system)
        for number, move in self._moves.items():
            if number not in numbers:
                found.add(move)
        return found

    def take(self, other: Proof) -> None:
        """Become the other proof."""
        self.__dict__.update(other.__dict__)

    def kept(self) -> list[Move]:
        """The moves, in the order in which they were found."""
        return list(self._moves.values())


def is_valid(system: System, withheld: Flags, move: Move) -> bool:
    """Whether a move changes withheld cells only, takes none too low and leaves every sum as it is: in whole numbers."""
    if not withheld[move.cell].all() or (move.change < -system.room[move.cell]).any():
        return False
    return _keeps_sums(system.sums, move)


def _keeps_sums(sums: Sums, move: Move) -> bool:
    table = sums.by_cell
    places, asked = table.entries(move.cell)
    relation, place = np.unique(table.column[places], return_inverse=True)
    gap = np.zeros(len(relation), np.int64)
    np.add.at(gap, place, table.sign[places] * move.change[asked])
    return not gap.any()
