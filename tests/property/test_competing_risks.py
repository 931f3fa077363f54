"""The Aalen-Johansen estimator against slow readings in exact fractions, and against properties it must have."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.estimates.competing import aalen_johansen, count_at_risk

lives = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 2)), min_size=1, max_size=25)
late_lives = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 6), st.integers(0, 2)).map(lambda one: (one[0], one[0] + one[1], one[2])),
    min_size=1,
    max_size=25,
)  # fmt: skip


def arrays(drawn):
    return tuple(np.array(column, dtype=np.int64) for column in zip(*drawn, strict=True))


def by_redistribution(drawn, cause, until):
    """Every event weighs 1 / the probability of being uncensored just before it (Satten and Datta, 2001)."""
    total = Fraction(0)
    for left, kind in drawn:
        if kind == cause and left <= until:
            uncensored = Fraction(1)
            for time in sorted({t for t, k in drawn if k == 0 and t < left}):
                there = sum(t >= time for t, _ in drawn) - sum(t == time and k > 0 for t, k in drawn)
                uncensored *= 1 - Fraction(sum(t == time and k == 0 for t, k in drawn), there)
            total += 1 / uncensored
    return total / len(drawn)


@settings(max_examples=150, deadline=None)
@given(lives)
def test_incidence_equals_redistributing_the_censored_to_the_right(drawn):
    times, at_risk, events = count_at_risk(*arrays(drawn), causes=2)
    found = aalen_johansen(at_risk, events).incidence
    for place, time in enumerate(times):
        for cause in (1, 2):
            assert found[place, cause - 1] == pytest.approx(float(by_redistribution(drawn, cause, time)), abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(late_lives)
def test_incidence_with_late_entry_equals_stepping_through_the_times(drawn):
    entered, left, cause = arrays(drawn)
    times, at_risk, events = count_at_risk(left, cause, 2, entered)
    found = aalen_johansen(at_risk, events).incidence
    free, incidence = Fraction(1), {1: Fraction(0), 2: Fraction(0)}
    for place, time in enumerate(times):
        there = sum(e < time <= t for e, t, _ in drawn)
        happened = {k: sum(t == time and kind == k for _, t, kind in drawn) for k in (1, 2)}
        for k in (1, 2):
            incidence[k] += free * Fraction(happened[k], there)
            assert found[place, k - 1] == pytest.approx(float(incidence[k]), abs=1e-12)
        free *= 1 - Fraction(happened[1] + happened[2], there)


def influence(drawn, cause):
    """Derivative of the incidence to the weight of each person, by a small change of that weight."""
    left, kind = arrays(drawn)
    times, step = np.unique(left), 1e-6

    def incidence(weights):
        at_risk = np.array([weights[left >= time].sum() for time in times])
        events = np.array([[weights[(left == time) & (kind == k)].sum() for k in (1, 2)] for time in times])
        return aalen_johansen(at_risk, events).incidence[:, cause - 1]

    ones = np.ones(len(left))
    return np.array([
        (incidence(ones + step * (np.arange(len(left)) == i)) - incidence(ones - step * (np.arange(len(left)) == i))) / (2 * step)
        for i in range(len(left))
    ])  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(lives)
def test_the_variance_is_that_of_the_infinitesimal_jackknife(drawn):
    _, at_risk, events = count_at_risk(*arrays(drawn), causes=2)
    found = aalen_johansen(at_risk, events).variance
    for cause in (1, 2):
        expected = (influence(drawn, cause) ** 2).sum(axis=0)
        assert found[:, cause - 1] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(lives, st.randoms())
def test_the_order_of_persons_changes_nothing_and_the_parts_add_up_to_one(drawn, chance):
    shuffled = list(drawn)
    chance.shuffle(shuffled)
    curves = [aalen_johansen(*count_at_risk(*arrays(each), causes=2)[1:]) for each in (drawn, shuffled)]
    assert curves[0].incidence.tobytes() == curves[1].incidence.tobytes()
    assert curves[0].variance.tobytes() == curves[1].variance.tobytes()
    assert (curves[0].free + curves[0].incidence.sum(axis=1)) == pytest.approx(1, abs=1e-12)
