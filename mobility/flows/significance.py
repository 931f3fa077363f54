"""Which flows are more than expected (method 5): residuals under overdispersion, and their false discovery rate. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

LEAST_EXPECTED = 5.0  # below it, a flow is not tested
_EQUAL = 1e-8  # a relative difference that is rounding of the fit


@dataclass(frozen=True)
class Excess:
    """Residuals and q-values of the cells of one fit.

    Attributes:
        residual: z = (o - e) / sqrt(phi e); NaN without degrees of freedom, and where nothing can be expected.
        q_value: Benjamini-Hochberg over the cells with e >= 5; NaN in the others.
        dispersion: phi = Pearson chi2 / df; NaN without degrees of freedom.
    """

    residual: Numbers
    q_value: Numbers
    dispersion: float


def find_excess(observed: Numbers, expected: Numbers, degrees: int) -> Excess:
    """How far above expectation each cell is, measured by the spread of all of them.

    Without degrees of freedom (the model has as many parameters as cells) nothing can be said: residuals and q-values are
    NaN. A fit that is exact has phi 0 and residuals 0.

    Args:
        observed: of each cell of one fit.
        expected: of the same cells; 0 where the margins leave no other value.
        degrees: cells less parameters.
    """
    unknown = np.full(len(observed), np.nan)
    if degrees <= 0:
        return Excess(unknown, unknown.copy(), math.nan)
    can_be = expected > 0
    surplus = observed - expected
    surplus[np.abs(surplus) <= _EQUAL * np.maximum(expected, 1.0)] = 0.0
    dispersion = math.fsum(surplus[can_be] ** 2 / expected[can_be]) / degrees
    residual = unknown.copy()
    residual[can_be] = surplus[can_be] / np.sqrt(dispersion * expected[can_be]) if dispersion > 0 else 0.0
    q_value, tested = unknown.copy(), expected >= LEAST_EXPECTED
    q_value[tested] = benjamini_hochberg(t_upper_tail(residual[tested], degrees))
    return Excess(residual, q_value, dispersion)


def benjamini_hochberg(p_values: Numbers) -> Numbers:
    """The smallest false discovery rate at which each hypothesis is rejected (Benjamini and Hochberg 1995, step-up)."""
    order = np.argsort(-p_values, kind="stable")
    rank = np.arange(len(p_values), 0, -1)
    q_values = np.empty_like(p_values)
    q_values[order] = np.minimum(1.0, np.minimum.accumulate(p_values[order] * len(p_values) / rank))
    return q_values


def t_upper_tail(t: Numbers, degrees: int) -> Numbers:
    """P(T >= t) of Student's t: half the regularised incomplete beta function I(df / (df + t^2); df / 2, 1 / 2) for t >= 0."""
    square = t**2
    tail = 0.5 * _incomplete_beta(degrees / (degrees + square), square / (degrees + square), degrees / 2, 0.5)
    return np.where(t >= 0, tail, 1.0 - tail)


def _incomplete_beta(x: Numbers, rest: Numbers, a: float, b: float) -> Numbers:
    """I(x; a, b), with `rest` = 1 - x given for its digits; from the side on which the continued fraction is short."""
    with np.errstate(divide="ignore"):  # log 0 = -inf, so the front factor is 0
        front = np.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * np.log(x) + b * np.log(rest))
    near = x < (a + 1) / (a + b + 2)
    value = np.empty_like(x)
    value[near] = front[near] * _continued_fraction(x[near], a, b) / a
    value[~near] = 1.0 - front[~near] * _continued_fraction(rest[~near], b, a) / b
    return value


def _continued_fraction(x: Numbers, a: float, b: float) -> Numbers:
    """Of the incomplete beta function (Abramowitz and Stegun 26.5.8), by the method of Lentz; x < (a + 1) / (a + b + 2)."""
    tiny = 1e-300
    above = np.ones_like(x)
    below = 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1), tiny)
    value = below.copy()
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        factor = np.ones_like(x)
        for term in (even, odd):
            below = 1.0 / _not_zero(1.0 + term * below, tiny)
            above = _not_zero(1.0 + term / above, tiny)
            factor *= below * above
        value *= factor
        # The product of two steps may pass through 1 by chance, the last step hardly: so both are looked at.
        if (np.abs(factor - 1.0) < 1e-15).all() and (np.abs(below * above - 1.0) < 1e-15).all():
            break
    return value


def _not_zero(values: Numbers, tiny: float) -> Numbers:
    return np.where(np.abs(values) < tiny, tiny, values)
