"""Step B: which withheld cells follow from the sums alone, whatever their bounds."""

from __future__ import annotations

import numpy as np

from mobility.disclosure.suppression.system import Flags, Reals, Sums
from mobility.errors import ReleaseError

_CLOSE = 1e-9
_ZERO = 1e-5
_MOST = 20_000


def determined(sums: Sums, withheld: Flags) -> Flags:
    """The withheld cells that have one value only in all solutions of the sums.

    A random change of all withheld cells is projected on the changes that leave every sum as it is (by conjugate
    gradients); what does not move in the projection never can, as it happens to stand still with probability 0.

    Raises:
        ReleaseError: the projection did not converge. To stop early would be to report too few cells.
    """
    table = sums.by_relation
    kept = np.flatnonzero(withheld[table.column])
    row, column = table.row[kept], table.column[kept]
    size = np.bincount(row, minlength=sums.count)
    weight = table.sign[kept] / np.sqrt(size)[row]
    random = np.random.default_rng(20060101)
    change = random.uniform(1.0, 2.0, sums.cells) * random.choice([-1.0, 1.0], sums.cells)
    change[~withheld] = 0.0

    def apply(values: Reals) -> Reals:
        return np.bincount(row, weight * values[column], sums.count).astype(np.float64, copy=False)

    def transpose(values: Reals) -> Reals:
        return np.bincount(column, weight * values[row], sums.cells).astype(np.float64, copy=False)

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
    found: Flags = withheld & (np.abs(left) < _ZERO)
    return found
