"""Step B: which withheld cells follow from the sums alone, whatever their bounds."""

from __future__ import annotations

import numpy as np

from mobility.disclosure.suppression.system import Flags, Reals, Sums, Table
from mobility.errors import ReleaseError

_CLOSE = 1e-8
_ZERO = 1e-5
_MOST = 20_000


def determined(sums: Sums, withheld: Flags) -> Flags:
    """The withheld cells that have one value only in all solutions of the sums.

    A random change of all withheld cells is projected on the changes that leave every sum as it is (by conjugate
    gradients); what does not move in the projection never can, as it happens to stand still with probability 0.

    Raises:
        ReleaseError: the projection did not converge. To stop early would be to report too few cells.
    """
    rows, columns = (
        _part(sums.by_relation, withheld[sums.by_relation.column]),
        _part(sums.by_cell, withheld[sums.by_cell.row]),
    )
    relations, size = np.unique(rows.row, return_counts=True)
    cells, degree = np.unique(columns.row, return_counts=True)
    scale = 1.0 / np.sqrt(size)
    number = np.zeros(sums.count, np.int64)
    number[relations] = np.arange(len(relations))
    place = np.zeros(sums.cells, np.int64)
    place[cells] = np.arange(len(cells))
    of_row, of_column = place[rows.column], number[columns.column]
    row_weight, column_weight = rows.sign * np.repeat(scale, size), columns.sign * scale[of_column]
    row_start, column_start = np.cumsum(size) - size, np.cumsum(degree) - degree
    random = np.random.default_rng(20060101)
    change: Reals = random.uniform(1.0, 2.0, len(cells)) * random.choice([-1.0, 1.0], len(cells))

    def apply(values: Reals) -> Reals:
        found: Reals = np.add.reduceat(row_weight * values[of_row], row_start)
        return found

    def transpose(values: Reals) -> Reals:
        found: Reals = np.add.reduceat(column_weight * values[of_column], column_start)
        return found

    if not len(cells):
        return np.zeros(sums.cells, np.bool_)
    # Minimise the length of `change` less a combination of relations: what is left is the projection.
    left = change
    gradient = apply(left)
    direction, norm = gradient, float((gradient * gradient).sum())
    goal = _CLOSE**2 * max(norm, 1.0)
    for _ in range(_MOST):
        if norm <= goal:
            break
        step = transpose(direction)
        along = float((step * step).sum())
        if along == 0.0:
            break
        left = left - norm / along * step
        gradient = apply(left)
        before, norm = norm, float((gradient * gradient).sum())
        direction = gradient + norm / before * direction
    if float(np.abs(apply(left)).max(initial=0.0)) > _ZERO / 10:
        raise ReleaseError(
            "Whether the sums give a withheld cell away could not be worked out. Offer fewer tables that overlap "
            "(study.release.tables)."
        )
    found = np.zeros(sums.cells, np.bool_)
    found[cells[np.abs(left) < _ZERO]] = True
    return found


def _part(table: Table, kept: Flags) -> Table:
    """The entries that are kept; the rows keep their numbers."""
    return Table(table.start, table.row[kept], table.column[kept], table.sign[kept])
