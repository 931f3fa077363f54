"""Parts of a system that are small enough for a linear program: cells that hang together by many relations."""

from __future__ import annotations

import numpy as np

from mobility.disclosure.suppression.system import Flags, Sums, Whole


def grow(sums: Sums, seeds: Whole, allowed: Flags, limit: int) -> Whole:
    """About `limit` allowed cells around the seeds, ascending; fewer where no more hang together with them.

    In rounds, cells are taken up that have fewest relations outside the block: with each the block closes, as every
    relation of a cell that is to move needs a second one.
    """
    table, cells = sums.by_relation, sums.by_cell
    block = np.unique(seeds)
    while len(block) < limit:
        relations = cells.columns(block)
        near = table.columns(relations)
        near = near[allowed[near]]
        near = near[~_among(near, block)]
        if not len(near):
            break
        room = min(limit - len(block), max(24, len(block)))
        if len(near) > room:
            places, asked = cells.entries(near)
            inside = _among(cells.column[places], relations)
            outside = np.bincount(asked, ~inside, len(near))
            shared = np.bincount(asked, inside, len(near))
            mixed = near * np.int64(2654435761) % np.int64(1 << 31)
            near = near[np.lexsort((mixed, -shared, outside))[:room]]
        block = np.union1d(block, near)
    return block


def _among(values: Whole, sorted_values: Whole) -> Flags:
    place = np.searchsorted(sorted_values, values)
    found: Flags = sorted_values[np.minimum(place, len(sorted_values) - 1)] == values
    return found


def core(sums: Sums, block: Whole) -> tuple[Whole, Whole, Whole, Whole]:
    """The block without the cells that cannot move while the rest of the system stands still.

    Returns:
        The cells that are left, and the entries of their relations: relation (numbered within the block), place of the
        cell in the block, and sign.
    """
    table = sums.by_cell
    while True:
        places, asked = table.entries(block)
        relation = table.column[places]
        _, number, size = np.unique(relation, return_inverse=True, return_counts=True)
        stuck = np.unique(asked[size[number] == 1])
        if not len(stuck):
            return block, number.astype(np.int64), asked, table.sign[places]
        keep = np.ones(len(block), np.bool_)
        keep[stuck] = False
        block = block[keep]
        if not len(block):
            nothing = np.zeros(0, np.int64)
            return block, nothing, nothing, nothing
