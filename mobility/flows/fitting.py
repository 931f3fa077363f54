"""Fitting flows between places to their margins, with or without distance, by maximum likelihood. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

_SWEEPS = 10  # of proportional fitting, before Newton
_STEPS = 200
_SMALL_STEP = 1e-10
_FARTHEST = 300.0  # the largest contrast in log expected flow that distance may make before beta is called unbounded
_NO_INFORMATION = 1e-10  # about beta, as a part of what there would be without margins


class NotEstimableError(Exception):
    """A model has no (finite) fit to these flows; the message is the reason."""


@dataclass(frozen=True)
class Fit:
    """Flows as a model expects them.

    Attributes:
        expected: as the observed flows; 0 in cells that cannot be filled.
        beta: of the covariate; None without one.
        cells: those that the margins allow to be more than 0.
        parameters: of non-empty margins, and beta.
    """

    expected: Numbers
    beta: float | None
    cells: int
    parameters: int


def fit_flows(observed: Numbers, possible: Marks, covariate: Numbers | None = None) -> Fit:
    """Poisson maximum likelihood of log e = origin + destination (+ beta x covariate) over the possible cells.

    Both margins of the fit are those observed. Without covariate this is quasi-independence. A place without outflow (inflow)
    has an empty row (column). Where the margins leave a cell no other value than 0 (all moves have one place at an end, say),
    the limit of the likelihood is taken: 0 in that cell, exact margins in the others.

    Given column parameters, row parameters follow exactly (each row is a multinomial). So Newton runs over columns and beta
    only; the likelihood is concave, steps are halved until it does not fall, and the size of a full step decides when to stop.

    Args:
        observed: origins x destinations, not negative; 0 where not possible.
        possible: cells that take part: no diagonal, no structural zeros.
        covariate: such as the logarithm of distance; finite where possible.

    Raises:
        NotEstimableError: no flows; the covariate says no more than the margins; beta would be infinite.
    """
    rows, columns = observed.sum(axis=1) > 0, observed.sum(axis=0) > 0
    if not rows.any():
        raise NotEstimableError("no moves between places")
    inner = np.ix_(rows, columns)
    flows = observed[inner]
    open_cells, part_of_column, parts = fillable(flows > 0, possible[inner])
    pinned = np.unique(part_of_column, return_index=True)[1]
    free = np.setdiff1d(np.arange(columns.sum()), pinned)
    solver = _Newton(flows, open_cells, free, None if covariate is None else covariate[inner])
    solver.run()
    expected = np.zeros(observed.shape)
    expected[inner] = solver.expected
    parameters = int(rows.sum() + columns.sum()) - parts + (covariate is not None)
    return Fit(expected, None if covariate is None else solver.beta, int(open_cells.sum()), parameters)


def fillable(filled: Marks, possible: Marks) -> tuple[Marks, npt.NDArray[np.int64], int]:
    """Cells that some table with the same margins fills, the part of the table each column lies in, and the number of parts.

    From an observed table, a cell grows only if others shrink and grow in turn, round a cycle that comes back: up along any
    possible cell of a row, down along a filled cell of the column. So a cell can be filled if its column leads back to its row.
    Rows that lead to each other are one part, and no open cell lies between parts.

    Args:
        filled: cells with an observed flow; no row or column is empty.
        possible: cells that take part.
    """
    up, down = possible.astype(np.float32), filled.T.astype(np.float32)
    leads = ((up @ down) > 0) | np.eye(len(possible), dtype=bool)
    while not leads.all():
        onward = leads.astype(np.float32)
        farther = (onward @ onward) > 0
        if (farther == leads).all():
            break
        leads = farther
    comes_back = (down @ leads.astype(np.float32)) > 0  # columns x rows
    part_of_row = (leads & leads.T).argmax(axis=1)
    return possible & comes_back.T, part_of_row[filled.argmax(axis=0)], len(np.unique(part_of_row))


class _Newton:
    """The state of one fit; `expected` always has the observed row totals."""

    def __init__(
        self, flows: Numbers, open_cells: Marks, free: npt.NDArray[np.int64], covariate: Numbers | None
    ) -> None:
        self.flows, self.open, self.free = flows, open_cells, free
        self.out, self.into = flows.sum(axis=1), flows.sum(axis=0)
        self.columns, self.beta, self.reach = np.log(self.into), 0.0, 0.0
        self.covariate = None
        if covariate is not None:
            inside = covariate[open_cells]
            self.reach = float(np.ptp(inside))
            # Centred: beta stays as it is, and the sums keep their digits.
            self.covariate = np.where(open_cells, covariate - inside.mean(), 0.0)
        self.expected, self.likelihood = self._evaluate(self.columns, self.beta)

    def run(self) -> None:
        self._sweep()
        for step_number in range(_STEPS):
            try:
                columns, beta = self._step(first=step_number == 0)
            except np.linalg.LinAlgError:
                raise NotEstimableError("the equations have no solution") from None
            done = max(float(np.abs(columns).max(initial=0.0)), abs(beta) * self.reach) < _SMALL_STEP
            self._take(columns, beta)
            if abs(self.beta) * self.reach > _FARTHEST:
                raise NotEstimableError(_UNBOUNDED)
            if done:
                return
        raise NotEstimableError(f"no convergence in {_STEPS} steps")

    def _sweep(self) -> None:
        """Proportional fitting of the columns; the rows follow."""
        for _ in range(_SWEEPS):
            self.columns = self.columns + np.log(self.into / self.expected.sum(axis=0))
            self.expected, self.likelihood = self._evaluate(self.columns, self.beta)

    def _evaluate(self, columns: Numbers, beta: float) -> tuple[Numbers, float]:
        height = np.broadcast_to(columns, self.flows.shape)
        if self.covariate is not None:
            height = height + beta * self.covariate
        height = np.where(self.open, height, -np.inf)
        height = height - height.max(axis=1, keepdims=True)
        share = np.exp(height)
        total = share.sum(axis=1, keepdims=True)
        seen = self.flows > 0
        likelihood = float((self.flows[seen] * (height - np.log(total))[seen]).sum())
        return self.out[:, None] * (share / total), likelihood

    def _step(self, *, first: bool) -> tuple[Numbers, float]:
        """The full Newton step of the columns (pinned ones 0) and of beta."""
        expected, free = self.expected, self.free
        share = expected / self.out[:, None]
        into = expected.sum(axis=0)
        curvature = (np.diag(into) - expected.T @ share)[np.ix_(free, free)]
        step = np.zeros(len(into))
        lack = (self.into - into)[free]
        if self.covariate is None:
            step[free] = np.linalg.solve(curvature, lack)
            return step, 0.0
        apart = self.covariate - (share * self.covariate).sum(axis=1, keepdims=True)
        mixed = (expected * apart).sum(axis=0)[free]
        own = float((expected * apart**2).sum())
        solved = np.linalg.solve(curvature, np.column_stack([lack, mixed]))
        information = own - float(mixed @ solved[:, 1])
        if information <= _NO_INFORMATION * self.reach**2 * float(self.out.sum()):
            raise NotEstimableError("distance says no more than the margins do" if first else _UNBOUNDED)
        pull = float(((self.flows - expected) * self.covariate).sum())
        beta = (pull - float(mixed @ solved[:, 0])) / information
        step[free] = solved[:, 0] - beta * solved[:, 1]
        return step, beta

    def _take(self, columns: Numbers, beta: float) -> None:
        """As much of a step as does not lower the likelihood, up to rounding."""
        least = self.likelihood - 1e-12 * abs(self.likelihood)
        part = 1.0
        for _ in range(50):
            tried = self.columns + part * columns, self.beta + part * beta
            expected, likelihood = self._evaluate(*tried)
            if likelihood >= least:
                self.columns, self.beta = tried
                self.expected, self.likelihood = expected, likelihood
                return
            part /= 2


_UNBOUNDED = "beta has no finite value: people move as near (or as far) as the margins allow"
