"""The audit of exact numbers: how far a reader with a solver can narrow down a withheld cell from all that is shown.

It shares nothing with the engine that chose what to withhold but the relations: it starts from the numbers shown, in
persons and in households at once, knows that there are never more households than persons and how close the two of a rounded
cell are, and asks HiGHS how far each cell can go.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt

from mobility.disclosure.audit import HOUSEHOLDS, PERSONS, SURPLUS, Flags, Net, Shown, Whole
from mobility.errors import ReleaseError

ALL_UP_TO = 50_000
"""With so many withheld cells every one at risk is attacked; with more, a sample."""

SAMPLE = 1000
"""So many cells at random otherwise: with none given away among them, it is 95 % sure that fewer than 3 in 1000 are."""

_REACH = (150, 1500, 15_000)
Reals = npt.NDArray[np.float64]

_FAR = highspy.kHighsInf
_NEAR = 1e-6


class Neighbours:
    """Which cells stand in which relations."""

    def __init__(self, net: Net, counts: Whole) -> None:
        count, cells = len(net.parent), counts.shape[1]
        self.relation = np.concatenate([np.arange(count), net.relation])
        self.cell = np.concatenate([net.parent, net.child])
        self.sign = np.concatenate([np.ones(count), np.full(len(net.child), -1.0)])
        # What an open relation leaves out can shrink to nothing and grow without limit; a closed one leaves out nothing.
        self.most = np.where(net.rest > 0, _FAR, 0.0)
        self.rest = np.array([np.where(net.rest > 0, each[net.parent] - net.total(each), 0) for each in counts], float)
        self.degree = np.bincount(self.cell, minlength=cells)
        self._by_relation = np.argsort(self.relation, kind="stable")
        self._by_cell = np.argsort(self.cell, kind="stable")
        self._starts = (
            np.concatenate([[0], np.cumsum(np.bincount(self.relation, minlength=count))]),
            np.concatenate([[0], np.cumsum(np.bincount(self.cell, minlength=cells))]),
        )

    def links_of_relations(self, relations: Whole) -> Whole:
        """The links of these relations."""
        return self._by_relation[_slices(self._starts[0], relations)]

    def links_of_cells(self, cells: Whole) -> Whole:
        """The links of these cells."""
        return self._by_cell[_slices(self._starts[1], cells)]


def _slices(start: Whole, rows: Whole) -> Whole:
    size = start[rows + 1] - start[rows]
    first = np.cumsum(size) - size
    asked = np.repeat(np.arange(len(rows)), size)
    places: Whole = np.arange(len(asked)) - first[asked] + start[rows][asked]
    return places


def find_given_away(shown: Shown, counts: Whole, is_shown: Flags, net: Net, targets: Flags) -> Flags:
    """The targets that have fewer than `width` counts, in persons or in households.

    A target is looked at in a growing part of the release around it, in which everything outside stands still: what can move
    there can move in the release; only where nothing larger is left is it given away.

    Args:
        shown: what is released.
        counts: the truth in persons and households, from which the search starts; the verdict does not depend on it.
        is_shown: the cells that are shown.
        net: the relations.
        targets: withheld cells.

    Raises:
        ReleaseError: the solver did not end.
    """
    found = np.zeros(len(is_shown), np.bool_)
    asked = np.flatnonzero(targets)
    if int((~is_shown).sum()) > ALL_UP_TO and len(asked) > SAMPLE:
        asked = np.sort(np.random.default_rng(1).choice(asked, SAMPLE, replace=False))
    low, high = shown.start(is_shown)
    truth = np.vstack([counts, counts[PERSONS] - counts[HOUSEHOLDS]])
    down, up = (low - truth).astype(np.float64), np.where(high >= 1 << 40, _FAR, high - truth).astype(np.float64)
    near = Neighbours(net, counts)
    free = np.any(up[:SURPLUS] - down[:SURPLUS] > 0, axis=0)
    reached = np.zeros((2, 2, len(is_shown)))
    for cell in asked.tolist():
        found[cell] = not _is_in_doubt(cell, targets, shown, near, free, down, up, reached)
    return found


def _is_in_doubt(
    cell: int, targets: Flags, shown: Shown, near: Neighbours, free: Flags, down: Reals, up: Reals, reached: Reals
) -> bool:
    """Whether both counts of a cell can be `width` counts; where other cells go meanwhile is kept in `reached`."""
    size = -1
    for reach in _REACH:
        if not _short(np.array([cell]), shown, reached)[0]:
            return True
        block = _around(near, cell, free, reach)
        if len(block) == size:
            return False
        size = len(block)
        beside = targets[block] & _short(block, shown, reached)
        _stretch(near, block, int(np.searchsorted(block, cell)), beside, shown, down, up, reached)
    return not bool(_short(np.array([cell]), shown, reached)[0])


def _short(cells: Whole, shown: Shown, reached: Reals) -> Flags:
    """The cells that have not gone far enough yet, in persons or in households."""
    gone = reached[1][:, cells] - reached[0][:, cells]
    found: Flags = np.any(gone < shown.width[cells] - 1 - _NEAR, axis=0)
    return found


def _around(near: Neighbours, cell: int, free: Flags, reach: int) -> Whole:
    """The free cells around a cell, ascending: those that share most relations with what is there already first."""
    block = np.array([cell])
    while len(block) < reach:
        relations = np.unique(near.relation[near.links_of_cells(block)])
        links = near.links_of_relations(relations)
        cells, shared = np.unique(near.cell[links], return_counts=True)
        new = free[cells] & ~np.isin(cells, block)
        cells, shared = cells[new], shared[new]
        if not len(cells):
            break
        outside = near.degree[cells] - shared
        order = np.lexsort((cells * np.int64(2654435761) % np.int64(1 << 31), -shared, outside))
        block = np.union1d(block, cells[order[: min(reach - len(block), max(30, len(block)))]])
    return block


def _stretch(
    near: Neighbours, block: Whole, at: int, beside: Flags, shown: Shown, down: Reals, up: Reals, reached: Reals
) -> None:
    """Take one cell of a block as far as it goes, in persons and in households, and keep how far all cells went.

    The cells `beside` it that are asked for too go along where they can, so that few programs serve many cells.
    """
    count = len(block)
    steps = np.where(beside, shown.width[block] - 1.0, _FAR)
    low, high = np.maximum(down[:SURPLUS, block], -steps), np.minimum(up[:SURPLUS, block], steps)
    solver = _model(near, block, low, high, down[SURPLUS, block], up[SURPLUS, block])
    both = np.arange(2 * count, dtype=np.int32)
    for gain in ((1.0, 1.0), (-1.0, -1.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)):
        along = 0.0 if 0.0 in gain else 1.0 / count
        cost = np.outer(gain, np.where(beside, along, 0.0))
        cost[:, at] = gain
        solver.changeColsCost(2 * count, both, cost.ravel())
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ReleaseError(
                "How far a withheld cell can be narrowed down could not be worked out. Offer fewer tables that overlap "
                "(study.release.tables)."
            )
        values = np.array(solver.getSolution().col_value).reshape(2, count)
        reached[0][:, block] = np.minimum(reached[0][:, block], values)
        reached[1][:, block] = np.maximum(reached[1][:, block], values)
        if not _short(block[at : at + 1], shown, reached)[0]:
            return


def _model(near: Neighbours, block: Whole, low: Reals, high: Reals, least: Reals, most: Reals) -> highspy.Highs:
    """Changes of persons, then of households; rows: the relations in persons, in households, and the surplus of each cell."""
    count = len(block)
    links = near.links_of_cells(block)
    names, row = np.unique(near.relation[links], return_inverse=True)
    column, sign = np.searchsorted(block, near.cell[links]), near.sign[links]
    rows = len(names)
    least_left, most_left = -near.rest[:, names], near.most[names]
    own = np.arange(count)
    where = np.concatenate([row, row + rows, own + 2 * rows, own + 2 * rows])
    what = np.concatenate([column, column + count, own, own + count])
    value = np.concatenate([sign, sign, np.ones(count), -np.ones(count)])
    order = np.lexsort((where, what))
    start = np.zeros(2 * count + 1, np.int32)
    np.cumsum(np.bincount(what, minlength=2 * count), out=start[1:])
    given = highspy.HighsLp()
    given.num_col_, given.num_row_ = 2 * count, 2 * rows + count
    given.col_cost_ = np.zeros(2 * count)
    given.col_lower_, given.col_upper_ = low.ravel(), high.ravel()
    given.row_lower_ = np.concatenate([*least_left, least])
    given.row_upper_ = np.concatenate([most_left, most_left, most])
    given.sense_ = highspy.ObjSense.kMaximize
    given.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    given.a_matrix_.start_ = start
    given.a_matrix_.index_ = where[order].astype(np.int32)
    given.a_matrix_.value_ = value[order]
    solver = highspy.Highs()
    for option, setting in (("output_flag", False), ("random_seed", 1)):
        solver.setOptionValue(option, setting)
    solver.passModel(given)
    return solver
