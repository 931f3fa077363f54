"""Cumulative incidence under competing risks: the Aalen-Johansen estimator with exact ties and its variance. Pure.

A competing event ends the risk of the event that is looked at. Taking it for censoring (one minus Kaplan-Meier) answers how many
would have had the event if nobody died or left, and overstates it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Cumulative incidence at every time.

    Attributes:
        incidence: times x causes: probability of the event by then.
        variance: of the incidence.
        free: probability that none of the events has happened by then.
    """

    incidence: Floats
    variance: Floats
    free: Floats


def aalen_johansen(at_risk: npt.NDArray[np.number], events: npt.NDArray[np.number]) -> Curves:
    """Cumulative incidence of each of several competing events.

    Events at one time are tied exactly: all of them meet the same persons at risk, and nobody is put before another. Who is
    censored at a time, or enters at it, is at risk (censored) or not (entering) at that time.

    The variance is that of Aalen and Johansen (1978) with the multinomial term for ties; where nobody enters late it is also the
    infinitesimal jackknife. With weights it is not a variance: use the incidence only.

    Args:
        at_risk: per time, in order of time; counts, or sums of weights.
        events: times x causes.
    """
    risk = np.asarray(at_risk, dtype=np.float64)
    hazard = np.divide(
        np.asarray(events, dtype=np.float64),
        risk[:, None],
        out=np.zeros((len(risk), events.shape[1])),
        where=risk[:, None] > 0,
    )
    stays = 1 - hazard.sum(axis=1)
    free = np.cumprod(stays)
    before = np.concatenate([[1.0], free[:-1]]) if len(free) else free
    incidence = np.cumsum(before[:, None] * hazard, axis=0)
    variance = np.zeros_like(incidence)
    of_free, with_free, of_cause = 0.0, np.zeros(events.shape[1]), np.zeros(events.shape[1])
    for time in range(len(risk)):
        own, left = hazard[time], stays[time]
        noise = before[time] ** 2 / risk[time] if risk[time] > 0 else 0.0
        of_cause = of_cause + 2 * own * with_free + own**2 * of_free + noise * own * (1 - own)
        with_free = left * (with_free + own * of_free) - noise * left * own
        of_free = left**2 * of_free + noise * left * (1 - left)
        variance[time] = of_cause
    return Curves(incidence, variance, free)


def count_at_risk(left: Ints, cause: Ints, causes: int, entered: Ints | None = None) -> tuple[Ints, Ints, Ints]:
    """Times at which anybody leaves, how many are at risk then, and how many have each event (times x causes).

    Args:
        left: time at which each person has the event or is censored.
        cause: 0 for censored, 1 to `causes` for an event.
        causes: how many kinds of event there are.
        entered: time after which each person is at risk; None: everybody from the beginning.

    Raises:
        ValueError: somebody enters when or after leaving.
    """
    times, place = np.unique(left, return_inverse=True)
    events = np.zeros((len(times), causes + 1), dtype=np.int64)
    np.add.at(events, (place, cause), 1)
    gone = np.searchsorted(np.sort(left), times, side="left")
    there = np.full(len(times), len(left)) if entered is None else np.searchsorted(np.sort(entered), times, side="left")
    if entered is not None and (entered >= left).any():
        raise ValueError("somebody enters when or after leaving")
    return times, (there - gone).astype(np.int64), events[:, 1:]
