"""Step C: the bounds that follow from one sum after another."""

from __future__ import annotations

import numpy as np

from mobility.disclosure.suppression.system import Flags, System, Whole

FAR = 1 << 30  # sums of it stay whole in floating point
_SWEEPS = 200


def propagate(system: System, withheld: Flags) -> tuple[Whole, Whole]:
    """The least and the most that can be thought of each cell relative to what it is: `low` at most 0, `high` at least 0.

    Only relations that can still narrow something are looked at again. The bounds hold after any number of sweeps, so to
    stop after many of them says too little of what a reader knows, never too much; the certificate does not rest on it.
    """
    sums, table = system.sums, system.sums.by_relation
    low = np.where(withheld, -system.room, 0)
    high = np.where(withheld, FAR, 0)
    active = np.arange(sums.count)
    for _ in range(_SWEEPS):
        places, asked = table.entries(active)
        cell, sign = table.column[places], table.sign[places]
        # The changes of a parent and, with the other sign, of its children add up to nothing.
        least, most = np.where(sign > 0, low[cell], -high[cell]), np.where(sign > 0, high[cell], -low[cell])
        sum_least = np.bincount(asked, least, len(active)).astype(np.int64)[asked] - least
        sum_most = np.bincount(asked, most, len(active)).astype(np.int64)[asked] - most
        below, above = np.where(sign > 0, -sum_most, sum_least), np.where(sign > 0, -sum_least, sum_most)
        before_low, before_high = low[cell], high[cell]
        np.maximum.at(low, cell, below)
        np.minimum.at(high, cell, above)
        changed = np.unique(cell[(low[cell] > before_low) | (high[cell] < before_high)])
        if not len(changed):
            break
        active = system.sums.by_cell.columns(changed)
    return low, high
