"""Cumulative incidence against R: survival 3.5-3 and cmprsk on the data of the package survival.

The data are read from a folder beside the project and skipped where it is absent; the figures to compare with stand here too.
"""

import math

import numpy as np
import pytest

from mobility.estimates.competing import aalen_johansen, count_at_risk
from tests.lib.oracles import oracle, read_rows


def rows(name):
    return read_rows(oracle("competing_risks", name))


def mgus2():
    """1384 patients: months until malignancy (1), death (2) or censoring (0)."""
    patients = rows("mgus2_competing.csv")
    return np.array([int(each["etime"]) for each in patients]), np.array([int(each["ev"]) for each in patients])


def test_incidence_standard_error_and_numbers_at_risk_are_those_of_r():
    times, at_risk, events = count_at_risk(*mgus2(), causes=2)
    curves = aalen_johansen(at_risk, events)
    expected = rows("expected_aalen_johansen.csv")
    at = np.searchsorted(times, [int(each["time"]) for each in expected], side="right") - 1
    for name, found in (
        ("p0", curves.free[at]),
        ("cif_pcm", curves.incidence[at, 0]),
        ("cif_death", curves.incidence[at, 1]),
        ("se_pcm", np.sqrt(curves.variance[at, 0])),
        ("se_death", np.sqrt(curves.variance[at, 1])),
    ):
        assert found == pytest.approx([float(each[name]) for each in expected], abs=1e-9), name
    # The table of R names the number at risk just after the time, the estimator uses the one at the next event.
    later = np.searchsorted(times, [int(each["time"]) for each in expected], side="left")
    assert at_risk[later].tolist() == [int(each["n_risk"]) for each in expected]


def test_taking_deaths_for_censoring_overstates_malignancy_twofold_after_twenty_years():
    months, event = mgus2()
    times, at_risk, events = count_at_risk(months, event, causes=2)
    at = int(np.searchsorted(times, 240, side="right")) - 1
    assert aalen_johansen(at_risk, events).incidence[at, 0] == pytest.approx(0.09981371593546917, abs=1e-9)
    naive = aalen_johansen(at_risk, events[:, :1])  # deaths leave the risk set without being an event
    assert 1 - naive.free[at] == pytest.approx(0.2095616244903671, abs=1e-9)


def cox_coefficient(stops, events, groups, starts):
    """Cox regression on one yes/no covariate with the ties of Efron, from the numbers at risk of the two groups."""
    when = np.unique(stops[events == 1])
    risk = np.array([[((starts < t) & (stops >= t) & (groups == g)).sum() for g in (0, 1)] for t in when])
    died = np.array([[((stops == t) & (events == 1) & (groups == g)).sum() for g in (0, 1)] for t in when])
    # The numbers at risk must be those of the estimator, group by group.
    for g in (0, 1):
        own = groups == g
        times, at_risk, _ = count_at_risk(stops[own], events[own], 1, starts[own])
        place = np.searchsorted(times, when)
        known = (place < len(times)) & (times[np.minimum(place, len(times) - 1)] == when)
        assert at_risk[place[known]].tolist() == risk[known, g].tolist()

    def score(beta):
        total = 0.0
        for (r0, r1), (d0, d1) in zip(risk, died, strict=True):
            tied = d0 + d1
            for j in range(tied):
                one = math.exp(beta) * (r1 - j / tied * d1)
                total -= one / (one + r0 - j / tied * d0)
            total += d1
        return total

    low, high = -5.0, 5.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if score(middle) > 0 else (low, middle)
    return low


def test_who_enters_late_is_at_risk_from_then_on_only():
    """Stanford heart transplants: waiting for a heart is survived by whoever gets one."""
    spells = rows("heart_startstop.csv")
    start, stop, event = (np.array([int(float(each[name])) for each in spells]) for name in ("start", "stop", "event"))
    transplanted = np.array([int(each["transplant"]) for each in spells])
    person = np.array([int(each["id"]) for each in spells])
    assert cox_coefficient(stop, event, transplanted, start) == pytest.approx(0.127141126615498, abs=1e-9)
    people = np.unique(person)
    last = np.array([stop[person == each].max() for each in people])
    died = np.array([event[person == each].max() for each in people])
    ever = np.array([transplanted[person == each].max() for each in people])
    immortal = cox_coefficient(last, died, ever, np.full(len(people), -1))
    assert immortal == pytest.approx(-1.32344484818422, abs=1e-9)
