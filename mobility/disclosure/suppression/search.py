"""Step D: a move that leaves a cell in doubt, with the fewest and smallest cells withheld for it."""

from __future__ import annotations

import numpy as np

from mobility.disclosure.suppression.blocks import core, grow
from mobility.disclosure.suppression.moves import Move, is_valid
from mobility.disclosure.suppression.programs import FAR, Program, as_whole
from mobility.disclosure.suppression.system import Flags, Reals, System, Whole

LIMITS = (250, 1500, 8000, 40_000)
_WHOLE_UP_TO = 1500
_FREE = 1e-3


def find_move(
    system: System, withheld: Flags, target: int, changes: tuple[int, ...], *, only_withheld: bool = False
) -> Move | None:
    """The cheapest move that changes a cell by so many units, the first of `changes` that is possible.

    Looked for in growing blocks around the cell. A change of a withheld cell is nearly free, that of a shown one costs by the
    cell; shown cells that change must then be withheld.

    Args:
        system: the cells.
        withheld: those that are withheld.
        target: the cell.
        changes: in units, up or down.
        only_withheld: whether shown cells stay as they are; then only nearby and quickly.

    Returns:
        None where no move was found in whole numbers.
    """
    allowed = withheld if only_withheld else ~system.kept
    size = -1
    for limit in LIMITS[:2] if only_withheld else LIMITS:
        block = grow(system.sums, np.array([target]), allowed, limit)
        if len(block) == size:
            break  # the larger block is the same
        size = len(block)
        cells, relation, place, sign = core(system.sums, block)
        at = int(np.searchsorted(cells, target))
        if at == len(cells) or cells[at] != target:
            continue
        for change in changes:
            if change < -int(system.room[target]):
                continue
            thorough = not only_withheld and len(cells) <= _WHOLE_UP_TO
            found = _cheapest(system, withheld, cells, (relation, place, sign), at, change, thorough=thorough)
            if found is not None:
                move = Move.of(cells, found)
                if is_valid(system, withheld | ~system.kept, move):
                    return move
    return None


def _cheapest(
    system: System,
    withheld: Flags,
    cells: Whole,
    entries: tuple[Whole, Whole, Whole],
    at: int,
    change: int,
    *,
    thorough: bool,
) -> Whole | None:
    """The cheapest change of a block with so much change at one place; if thorough, also where it is no vertex."""
    relation, place, sign = entries
    count = len(cells)
    up, down = np.full(count, FAR), system.room[cells].astype(np.float64)
    low = np.zeros(2 * count)
    # Each change is its rise less its fall, so that both cost.
    up[at], down[at] = max(change, 0), max(-change, 0)
    low[at], low[at + count] = up[at], down[at]
    program = Program(
        np.concatenate([relation, relation]), np.concatenate([place, place + count]), np.concatenate([sign, -sign]),
        low, np.concatenate([up, down]),
    )  # fmt: skip
    cost: Reals = np.where(withheld[cells], _FREE, system.cost[cells])
    both = np.concatenate([cost, cost])
    found = program.least(both)
    if found is None:
        return None
    whole = as_whole(found[:count] - found[count:])
    if whole is None and thorough:
        program.ask_whole()
        found = program.least(both)
        whole = None if found is None else as_whole(found[:count] - found[count:])
    return whole
