"""Reweighting, drawing wijken again, and neighbours, against readings person by person and point by point."""

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.estimates.comparison import CELL
from mobility.estimates.weighting import build_arms, draw_again, estimate
from mobility.neighbours import next_to

HORIZON = 4
CAUSES = ["-", "arrival", "away", "dead"]
resident = st.tuples(
    st.sampled_from(["treated", "comparison"]),
    st.sampled_from(["A", "B", "C"]),  # wijk
    st.integers(0, 2),  # cell
    st.integers(1, HORIZON),  # month of leaving the risk set
    st.sampled_from(CAUSES),
)
draws = st.lists(st.integers(0, 2), min_size=3, max_size=3)


def slow_incidence(people, cause):
    """`[(weight, month, cause)]`: month by month, in exact fractions; None for nobody."""
    if not people:
        return None
    free, incidence = Fraction(1), Fraction(0)
    for month in range(HORIZON + 1):
        at_risk = sum(weight for weight, left, _ in people if left >= month)
        if not at_risk:
            break
        happened = {each: sum(w for w, left, kind in people if left == month and kind == each) for each in CAUSES[1:]}
        incidence += free * happened[cause] / at_risk
        free *= 1 - sum(happened.values()) / at_risk
    return float(incidence)


@settings(max_examples=150, deadline=None)
@given(st.lists(resident, min_size=1, max_size=30), draws, draws)
def test_both_arms_equal_the_reading_person_by_person(drawn, own, other):
    times = {"treated": dict(zip("ABC", own, strict=True)), "comparison": dict(zip("ABC", other, strict=True))}
    people = [each for each in drawn for _ in range(times[each[0]][each[1]])]  # drawn twice is there twice
    count = {arm: {cell: sum(p[0] == arm and p[2] == cell for p in people) for cell in range(3)} for arm in times}
    everybody = [(Fraction(1), left, cause) for arm, _, _, left, cause in people if arm == "treated"]
    treated = [(Fraction(1), p[3], p[4]) for p in people if p[0] == "treated" and count["comparison"][p[2]]]
    compared = [
        (Fraction(count["treated"][p[2]], count["comparison"][p[2]]), p[3], p[4])
        for p in people
        if p[0] == "comparison" and count["treated"][p[2]]
    ]
    rows = pl.DataFrame(drawn, schema=["arm", "wijk", "tenure", "left", "cause"], orient="row")
    rows = rows.with_columns(pl.lit(0).alias(name) for name in ("area", *CELL[1:]))
    counts = rows.group_by(rows.columns).agg(persons=pl.len().cast(pl.Int64)).sort(rows.columns)
    wijken = pl.Series(["A", "B", "C"])
    found = estimate(build_arms(counts, wijken, wijken, HORIZON), np.array([own], float), np.array([other], float))
    for values, people_of, cause in (
        (found.everybody, everybody, "arrival"),
        (found.treated, treated, "arrival"),
        (found.comparison, compared, "arrival"),
        (found.treated_away, treated, "away"),
        (found.comparison_away, compared, "away"),
    ):
        assert values[0] == pytest.approx(slow_incidence(people_of, cause), abs=1e-12, nan_ok=True) or (
            not people_of and math.isnan(values[0])
        )
    assert (found.matched[0], found.size[0]) == (len(treated), len(everybody))


points = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.integers(-400, 400), st.integers(-400, 400)), min_size=1, max_size=25
)


@settings(max_examples=25, deadline=None)
@given(points, st.integers(1, 300))
def test_neighbours_equal_measuring_every_pair_of_addresses(drawn, within):
    addresses = pl.DataFrame(drawn, schema={"wijk": pl.String, "x_m": pl.Int64, "y_m": pl.Int64}, orient="row")
    asked = ["A", "B"]
    expected = {
        (a, b)
        for a, x, y in drawn
        for b, x_2, y_2 in drawn
        if a in asked and a != b and (x - x_2) ** 2 + (y - y_2) ** 2 <= within**2
    }
    assert set(next_to(addresses, asked, within).iter_rows()) == expected


def test_as_many_wijken_are_drawn_from_each_region_as_it_has_and_the_same_seed_draws_the_same():
    regions = pl.Series(["x", "y", "x", "x", "y"])
    first, again = (draw_again(regions, 50, np.random.default_rng(7)) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert (first[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert (first[:, [1, 4]].sum(axis=1) == 2).all()
    assert first.std() > 0
