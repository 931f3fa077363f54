"""Small counts made nobody or the minimum, and everything else added up from them. Pure.

A smallest cell that breaks the minimum is shown with nobody or *up*: its households as the next multiple of their
minimum, its persons
as a multiple of theirs, with a chance that makes households, and on average persons, right. All other smallest cells
keep their numbers; but where tables divide one cell in two ways, some give way a little, so that both ways add up to the same.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import numpy as np

from mobility.disclosure.additive.agree import agree
from mobility.disclosure.additive.leaves import Leaves
from mobility.disclosure.additive.selection import select
from mobility.disclosure.audit import HOUSEHOLDS, PERSONS, Flags, Whole
from mobility.disclosure.rounding import draw


@dataclass(frozen=True)
class Added:
    """Numbers that add up.

    Attributes:
        numbers: persons and households of every cell, with the rests behind the offered ones (`Leaves`).
        small: the smallest cells that were rounded.
        slack: how far a smallest cell that was not rounded can lie from the truth.
    """

    numbers: Whole
    small: Flags
    slack: int


def round_small(leaves: Leaves, counts: Whole, small: Flags, keys: Whole, secret: bytes, minimum: Whole) -> Added:
    """The numbers to show: every cell that is a sum is the sum of what is shown.

    Args:
        leaves: which cells are sums of which.
        counts: persons and households of all cells, with the rests.
        small: the cells that break the minimum; only the smallest count.
        keys: the key of every cell.
        secret: of the project; the same cells come out the same each time.
        minimum: of persons and of households.

    Raises:
        ReleaseError: the tables divide a cell in two ways that cannot be made to agree.
    """
    mine = counts[:, leaves.leaf]
    few = small[leaves.leaf] & (mine > 0).any(axis=0)
    places = np.flatnonzero(few)
    chance, up = _up(mine[:, places], draw(secret, keys[leaves.leaf[places]]), minimum)
    dice = np.random.default_rng(_seed(secret, keys[leaves.leaf]))
    goes_up = select(chance, _sums(leaves, places, up), dice)
    shown = mine.copy()
    shown[:, places] = np.where(goes_up, up, 0)
    slack = 0
    if leaves.agreements:
        slack = int(minimum.max()) - 1
        shown = agree(leaves.agreements, shown, few, (shown > 0).any(axis=0) & ~few, minimum, slack)
    numbers = np.array([leaves.add_up(each) for each in shown])
    is_small = np.zeros(leaves.cells, np.bool_)
    is_small[leaves.leaf[places]] = True
    return Added(numbers, is_small, slack)


def _up(counts: Whole, draws: np.ndarray, minimum: Whole) -> tuple[np.ndarray, Whole]:
    """The chance of each cell to go up, and its persons and households when it does.

    Who counts no household goes up by persons, and then with the least number of households.
    """
    persons, households = counts[PERSONS], counts[HOUSEHOLDS]
    above = (counts // minimum[:, None] + 1) * minimum[:, None]
    chance = np.where(households > 0, households / above[HOUSEHOLDS], persons / above[PERSONS])
    # Persons on average right too: a multiple of the minimum around persons / chance, by the cell's own draw.
    units = persons / (chance * minimum[PERSONS])
    whole = np.floor(units + 1e-9)
    whole += draws < units - whole
    least = -(-above[HOUSEHOLDS] // minimum[PERSONS])
    return chance, np.array([np.maximum(whole.astype(np.int64), least) * minimum[PERSONS], above[HOUSEHOLDS]])


def _sums(leaves: Leaves, places: Whole, up: Whole) -> list[tuple[Whole, np.ndarray]]:
    """What the selection keeps near the truth: households and persons of all that is rounded, then of every sum."""
    number = np.full(len(leaves.leaf), -1, np.int64)
    number[places] = np.arange(len(places))
    found = [np.arange(len(places))]
    found += [units for group in leaves.groups() if len(units := number[group][number[group] >= 0]) > 1]
    once = {units.tobytes(): units for units in found}
    ordered = sorted(once.values(), key=lambda units: -len(units))
    return [(units, up[measure, units].astype(np.float64)) for units in ordered for measure in (HOUSEHOLDS, PERSONS)]


def _seed(secret: bytes, keys: Whole) -> int:
    told = hashlib.sha256(np.sort(keys).astype("<i8").tobytes()).digest()
    return int.from_bytes(hmac.digest(secret, b"additive" + told, "sha256"), "big")
