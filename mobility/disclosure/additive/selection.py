"""Which of many small counts go up: at random, each with its own chance, and with sums that stay near what is expected.

The cube method of balanced sampling (Deville and Tillé 2004, Biometrika 91; in steps over few units at a time as Chauvet and
Tillé 2006): chances are changed at random, a few at a time, in a direction that leaves the balanced sums as they are, until
each is 0 or 1; where too few are left for that, the sums of fewest units are given up first. Whatever is given up,
every unit keeps its chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_AT_ONCE = 32
_NEAR = 1e-9


def select(chances: Reals, sums: Sequence[tuple[Whole, Reals]], dice: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The units that go up.

    Args:
        chances: by unit, from 0 to 1.
        sums: what is kept near its expectation, the most important first: units, and what each adds when it goes up.
        dice: where the draws come from.
    """
    chances = np.clip(chances.astype(np.float64), 0.0, 1.0)
    of_unit: list[list[tuple[int, float]]] = [[] for _ in chances]
    for number, (units, weights) in enumerate(sums):
        for unit, weight in zip(units.tolist(), weights.tolist(), strict=True):
            of_unit[unit].append((number, weight))
    waiting = [unit for unit in range(len(chances)) if _NEAR < chances[unit] < 1 - _NEAR][::-1]
    hand: list[int] = []
    while hand or waiting:
        while waiting and len(hand) < _AT_ONCE:
            hand.append(waiting.pop())
        direction = _direction(hand, of_unit)
        now = chances[hand]
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(direction > 0, (1 - now) / direction, np.where(direction < 0, -now / direction, np.inf))
            back = np.where(direction > 0, now / direction, np.where(direction < 0, (now - 1) / direction, np.inf))
        forth, aback = float(room.min()), float(back.min())
        step = forth if dice.random() * (forth + aback) < aback else -aback
        chances[hand] = np.clip(now + step * direction, 0.0, 1.0)
        hand = [unit for unit in hand if _NEAR < chances[unit] < 1 - _NEAR]
    return chances > 0.5


def _direction(hand: list[int], of_unit: list[list[tuple[int, float]]]) -> Reals:
    """A change of the chances in hand that leaves as many of their sums as it is, the most important ones, as can be.

    By elimination in a fixed order, so that it comes out the same on every machine.
    """
    width = len(hand)
    rows: dict[int, Reals] = {}
    for place, unit in enumerate(hand):
        for number, weight in of_unit[unit]:
            rows.setdefault(number, np.zeros(width))[place] = weight
    basis, pivots = np.zeros((width, width)), np.zeros(0, np.int64)
    for number in sorted(rows):
        row = rows[number]
        if len(pivots) == width - 1:
            break
        if np.count_nonzero(row) == 1:  # its other units are decided, or come later
            continue
        known = basis[: len(pivots)]
        row = row - (row[pivots, None] * known).sum(axis=0)
        pivot = int(np.abs(row).argmax())
        if abs(row[pivot]) < _NEAR:
            continue
        row = row / row[pivot]
        known -= known[:, pivot, None] * row
        basis[len(pivots)] = row
        pivots = np.append(pivots, pivot)
    free = next(place for place in range(width) if place not in set(pivots.tolist()))
    direction = np.zeros(width)
    direction[free] = 1.0
    direction[pivots] = -basis[: len(pivots), free]
    direction[np.abs(direction) < _NEAR] = 0.0
    return direction
