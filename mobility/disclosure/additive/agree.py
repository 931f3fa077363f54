"""Numbers that divide one cell in two ways, changed as little as can be until both ways add up to the same."""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np

from mobility.disclosure.audit import HOUSEHOLDS, PERSONS, Flags, Whole
from mobility.errors import ReleaseError

MOST = 5000
"""So many smallest cells at most: a larger program would not end."""

_NODES = 2000
_STEPS = 6


def agree(
    agreements: Sequence[tuple[Whole, Whole]], shown: Whole, few: Flags, large: Flags, minimum: Whole, slack: int
) -> Whole:
    """The numbers of the smallest cells, changed so that every pair of sets has one sum.

    A rounded cell stays nobody or multiples of the minimum; a larger one changes by at most `slack` in persons and
    in households, and stays at the minimum or above, with no more households than persons where that was so.

    Args:
        agreements: pairs of sets of places that must have one sum.
        shown: persons and households, by smallest cell.
        few: the rounded cells.
        large: the others that somebody is in.
        minimum: of persons and of households.
        slack: the most by which a large cell changes.

    Raises:
        ReleaseError: there are too many cells, or no such numbers are found.
    """
    told = np.unique(np.concatenate([np.concatenate(pair) for pair in agreements]))
    told = told[few[told] | large[told]]
    if len(told) > MOST:
        raise ReleaseError(
            f"Tables with mode `additive` (study.release.modes) divide the same cells in different ways, over "
            f"{len(told):,} cells; "
            f"with more than {MOST:,} numbers that add up both ways are not looked for. Offer fewer of these "
            f"tables, or less detail."
        )
    units = _solve(agreements, shown, told, few[told], minimum, slack)
    found = shown.copy()
    found[:, told] = units
    return found


def _solve(
    agreements: Sequence[tuple[Whole, Whole]], shown: Whole, told: Whole, few: Flags, minimum: Whole, slack: int
) -> Whole:
    """Variables, by measure and cell: multiples of the minimum where rounded, plain numbers where not; then the changes."""
    count = len(told)
    now = shown[:, told]
    size = np.where(few, minimum[:, None], 1)
    start = now // size
    low = np.where(few, 0, np.maximum(now - slack, minimum[:, None]))
    high = np.where(few, start + _STEPS, now + slack)
    model = highspy.Highs()
    for option, setting in (
        ("output_flag", False),
        ("log_to_console", False),
        ("random_seed", 1),
        ("parallel", "off"),
        ("mip_max_nodes", _NODES),
    ):
        model.setOptionValue(option, setting)
    both = np.arange(2 * count, dtype=np.int32)
    model.addVars(2 * count, low.ravel().astype(np.float64), high.ravel().astype(np.float64))
    model.changeColsIntegrality(2 * count, both, np.full(2 * count, highspy.HighsVarType.kInteger))
    # What a cell changes: at least its number less the old one, and the other way round. A rounded cell costs what it moves.
    model.addVars(2 * count, np.zeros(2 * count), np.full(2 * count, highspy.kHighsInf))
    cost = size.ravel().astype(np.float64) * (1 + 1e-3 * (np.arange(2 * count) % 17))
    model.changeColsCost(2 * count, both + 2 * count, cost)
    far = highspy.kHighsInf
    for variable, value in enumerate(start.ravel().tolist()):
        pair = np.array([variable, variable + 2 * count], np.int32)
        model.addRow(-far, value, 2, pair, np.array([1.0, -1.0]))
        model.addRow(value, far, 2, pair, np.array([1.0, 1.0]))
    for cell in range(count):
        person, household = cell, count + cell
        pair = np.array([person, household], np.int32)
        if few[cell]:  # up in both, or in neither
            model.addRow(0.0, far, 2, pair, np.array([float(minimum[PERSONS]), -float(minimum[HOUSEHOLDS])]))
            most = float(high[PERSONS, cell] * minimum[PERSONS])
            model.addRow(-far, 0.0, 2, pair, np.array([float(minimum[PERSONS]), -most]))
        elif now[HOUSEHOLDS, cell] <= now[PERSONS, cell]:
            model.addRow(0.0, far, 2, pair, np.array([1.0, -1.0]))
    for one, other in agreements:
        places = np.concatenate([one, other])
        signs = np.concatenate([np.ones(len(one)), -np.ones(len(other))])
        at = np.searchsorted(told, places)
        known = (at < count) & (told[np.minimum(at, count - 1)] == places) if count else np.zeros(len(places), np.bool_)
        at, signs = at[known], signs[known]
        for measure in (PERSONS, HOUSEHOLDS):
            model.addRow(0.0, 0.0, len(at), (at + measure * count).astype(np.int32), signs * size[measure, at])
    model.run()
    if model.getInfo().primal_solution_status != highspy.kSolutionStatusFeasible:
        raise ReleaseError(
            "Tables with mode `additive` (study.release.modes) divide the same cells in different ways, and no "
            "numbers were found that "
            "add up both ways and show no small count. Offer fewer of these tables, or choose `mode: round` for them."
        )
    values = np.rint(np.array(model.getSolution().col_value)[: 2 * count]).astype(np.int64).reshape(2, count)
    found: Whole = values * size
    return found
