"""Method 5: expected flows and excess, on tables small enough to solve by hand."""

from math import atan, pi, sqrt

import polars as pl
import pytest

from mobility.errors import RequestError
from mobility.flows.expected import EXPECTED_KEYS, expected_flows
from tests.lib.tables import table

INDEPENDENT, DISTANCE = "quasi_independence", "doubly_constrained"


def moves(drawn, **columns):
    named = {"level": "gemeente", "year": 2015, "income_class": "q1"} | columns
    return table(drawn).with_columns(pl.lit(value).alias(name) for name, value in named.items())


def cells(found, model, measure="expected"):
    rows = found.cells.filter(model=model).select("origin", "destination", measure).rows()
    return {(origin, destination): value for origin, destination, value in rows}


def told(found, model):
    return found.fits.filter(model=model).row(0, named=True)


def close(values):
    return pytest.approx(values, rel=1e-9)


# Every place loses 20 households and gains 20, so sizes alone let one expect 10 in every cell.
RING = moves("""
    origin | destination | households
    A      | B           | 14
    A      | C           | 6
    B      | C           | 14
    B      | A           | 6
    C      | A           | 14
    C      | B           | 6
""")
# A - B - - C - D on a line: between neighbours 1, A to C 2, A to D 4, B to C 4, B to D 2. Flows are 40 / distance.
DISTANCES = moves(
    """
    origin | destination | distance
    A      | B           | 1
    C      | D           | 1
    A      | C           | 2
    B      | D           | 2
    A      | D           | 4
    B      | C           | 4
"""
)
PLANTED = moves("""
    origin | destination | households
    A      | B           | 40
    B      | A           | 40
    C      | D           | 40
    D      | C           | 40
    A      | C           | 20
    C      | A           | 20
    B      | D           | 20
    D      | B           | 20
    A      | D           | 10
    D      | A           | 10
    B      | C           | 10
    C      | B           | 10
""")


def test_without_distance_the_margins_decide():
    found = expected_flows(RING)
    assert set(cells(found, INDEPENDENT).values()) == {10.0}
    assert told(found, INDEPENDENT)["degrees"] == 6 - (3 + 3 - 1)


def test_excess_is_measured_by_the_spread_of_all_cells():
    """phi = sum of (o - e)^2 / e over df = 6 x 16 / 10 / 1; z = 4 / sqrt(phi x 10); one-sided p from t(1)."""
    found = expected_flows(RING)
    z = 4 / sqrt(9.6 * 10)
    above, below = 0.5 - atan(z) / pi, 0.5 + atan(z) / pi  # t with one degree of freedom
    assert told(found, INDEPENDENT)["dispersion"] == close(9.6)
    assert cells(found, INDEPENDENT, "residual")["A", "B"] == close(z)
    assert cells(found, INDEPENDENT, "residual")["A", "C"] == close(-z)
    assert 6 * above / 3 > 6 * below / 6  # so step-up gives all of them the q of the weaker ones
    assert list(cells(found, INDEPENDENT, "q_value").values()) == close([below] * 6)


def test_moves_within_a_place_and_to_nowhere_take_no_part():
    more = moves("""
        origin | destination | households
        A      | A           | 1000
        A      | unplaceable | 500
    """)
    assert expected_flows(pl.concat([RING, more])).cells.equals(expected_flows(RING).cells)


def test_distance_explains_what_was_planted_with_it():
    found = expected_flows(PLANTED, DISTANCES)
    assert told(found, DISTANCE)["beta"] == close(-1)
    assert cells(found, DISTANCE) == close(cells(found, DISTANCE, "observed"))
    assert told(found, DISTANCE)["degrees"] == 12 - (4 + 4 - 1) - 1


def test_an_exact_fit_has_no_excess():
    found = expected_flows(PLANTED, DISTANCES)
    assert told(found, DISTANCE)["dispersion"] == 0
    assert set(cells(found, DISTANCE, "residual").values()) == {0}
    assert set(cells(found, DISTANCE, "q_value").values()) == {0.5}


def test_without_the_distance_near_flows_are_above_and_far_ones_below_expectation():
    found = cells(expected_flows(PLANTED), INDEPENDENT, "residual")
    assert cells(expected_flows(PLANTED), INDEPENDENT)["A", "B"] == close(70 / 3)
    assert found["A", "B"] > 0 > found["A", "C"] > found["A", "D"]


def test_a_distance_given_both_ways_need_not_be_the_same():
    there = DISTANCES.with_columns(distance=pl.col("distance") * 3)
    back = DISTANCES.rename({"origin": "destination", "destination": "origin"}).select(there.columns)
    same = expected_flows(PLANTED, pl.concat([there, back.with_columns(distance=pl.col("distance") * 3)]))
    other = expected_flows(PLANTED, pl.concat([there, back.with_columns(distance=7 - pl.col("distance"))]))
    assert told(same, DISTANCE)["beta"] == close(-1)  # the unit does not matter
    assert told(other, DISTANCE)["beta"] != close(-1)


def test_pairs_without_a_distance_are_left_out_of_that_model_and_counted():
    found = expected_flows(PLANTED, DISTANCES.filter(pl.col("distance") < 4))
    assert told(found, DISTANCE) | {"households": 240, "without_distance": 40, "cells": 8} == told(found, DISTANCE)
    assert ("A", "D") not in cells(found, DISTANCE)
    assert ("A", "D") in cells(found, INDEPENDENT)


def test_a_place_without_outflow_gives_no_parameter_and_no_cells():
    sink = moves("""
        origin | destination | households
        A      | B           | 10
        A      | C           | 10
        B      | A           | 10
        B      | C           | 20
        A      | D           | 10
        B      | D           | 30
    """)
    found = expected_flows(sink, every_cell=True)
    assert told(found, INDEPENDENT)["cells"] == 6  # from A and from B to three places each
    assert told(found, INDEPENDENT)["degrees"] == 6 - (2 + 4 - 1)
    expected = cells(found, INDEPENDENT)
    assert {pair: value for pair, value in expected.items() if pair[0] in "CD"} == {
        (origin, destination): 0 for origin in "CD" for destination in "ABCD" if origin != destination
    }
    # To A and to B there is one way only. The 20 others of A and 50 of B go to C (30 in all) and D (40) in proportion.
    by_hand = {
        ("A", "B"): 10,
        ("B", "A"): 10,
        ("A", "C"): 20 * 30 / 70,
        ("A", "D"): 20 * 40 / 70,
        ("B", "C"): 50 * 30 / 70,
        ("B", "D"): 50 * 40 / 70,
    }
    assert {pair: expected[pair] for pair in by_hand} == close(by_hand)


def test_a_cell_that_the_margins_leave_no_room_for_is_expected_empty():
    """All moves have A at one end, so none is expected between B and C, and nothing is left to compare."""
    star = moves("""
        origin | destination | households
        A      | B           | 10
        A      | C           | 20
        B      | A           | 30
        C      | A           | 40
    """)
    found = expected_flows(star, every_cell=True)
    assert cells(found, INDEPENDENT) == close(
        {("A", "B"): 10, ("A", "C"): 20, ("B", "A"): 30, ("C", "A"): 40, ("B", "C"): 0, ("C", "B"): 0}
    )
    assert told(found, INDEPENDENT)["degrees"] == 0
    assert told(found, INDEPENDENT)["reason"] == "no degrees of freedom, so no residuals"
    assert set(cells(found, INDEPENDENT, "residual").values()) == {None}
    assert set(cells(found, INDEPENDENT, "q_value").values()) == {None}


def test_structural_zeros_take_no_part():
    zeros = moves("""
        origin | destination
        A      | D
        D      | A
    """)
    without = PLANTED.join(zeros, on=["origin", "destination"], how="anti")
    found = expected_flows(without, structural_zeros=zeros, every_cell=True)
    assert ("A", "D") not in cells(found, INDEPENDENT)
    assert told(found, INDEPENDENT)["degrees"] == 10 - (4 + 4 - 1)
    assert sum(value for (origin, _), value in cells(found, INDEPENDENT).items() if origin == "A") == close(60)


def test_moves_in_a_structural_zero_are_refused():
    zeros = PLANTED.filter(origin="A", destination="D")
    with pytest.raises(RequestError, match="people moved between 1 of the pairs"):
        expected_flows(PLANTED, structural_zeros=zeros)


def test_a_distance_of_zero_is_refused():
    with pytest.raises(RequestError, match="6 of 6 are not above 0"):
        expected_flows(PLANTED, DISTANCES.with_columns(distance=pl.lit(0)))


def test_cells_with_an_expectation_below_5_are_not_tested_and_count_for_no_other():
    few = RING.with_columns(households=pl.col("households") // 2)  # 7 and 3: expected 5, just enough
    assert None not in cells(expected_flows(few), INDEPENDENT, "q_value").values()
    fewer = RING.with_columns(households=pl.when(pl.col("households") == 14).then(6).otherwise(3))  # expected 4.5
    found = expected_flows(fewer)
    assert set(cells(found, INDEPENDENT, "q_value").values()) == {None}
    assert None not in cells(found, INDEPENDENT, "residual").values()


def test_an_empty_cell_has_a_row_if_5_or_more_are_expected():
    none = RING.with_columns(households=pl.when(pl.col("households") == 14).then(20).otherwise(0))
    assert cells(expected_flows(none), INDEPENDENT)["A", "C"] == close(10)
    little = none.with_columns(households=pl.col("households") // 5)  # 4 and 0: expected 2
    assert ("A", "C") not in cells(expected_flows(little), INDEPENDENT)
    assert cells(expected_flows(little, every_cell=True), INDEPENDENT)["A", "C"] == close(2)


@pytest.mark.parametrize(
    ("flows", "distances", "reason"),
    [
        (PLANTED, None, "no distances"),
        (PLANTED, DISTANCES.with_columns(level=pl.lit("role")), "no distances"),
        (PLANTED, DISTANCES.with_columns(distance=pl.lit(3)), "distance says no more than the margins do"),
        (
            PLANTED.filter(pl.col("households") == 40),
            DISTANCES,
            "beta has no finite value: people move as near (or as far) as the margins allow",
        ),
        (PLANTED.with_columns(destination="origin"), DISTANCES, "no moves between places"),
    ],
)
def test_a_model_that_cannot_be_fitted_says_why_and_has_no_cells(flows, distances, reason):
    found = expected_flows(flows, distances)
    assert (told(found, DISTANCE)["status"], told(found, DISTANCE)["reason"]) == ("not_estimable", reason)
    assert cells(found, DISTANCE) == {}


def test_levels_years_and_classes_are_fitted_apart():
    other = [RING.with_columns(year=2016), RING.with_columns(income_class=pl.lit("q2"))]
    higher = PLANTED.with_columns(level=pl.lit("region"))
    one, two = expected_flows(RING).cells, expected_flows(higher).cells
    found = expected_flows(pl.concat([RING, *(t.select(RING.columns) for t in other), higher.select(RING.columns)]))
    assert found.cells.filter(year=2015, income_class="q1", level="gemeente").equals(one)
    assert found.cells.filter(level="region").equals(two)
    assert found.fits.height == 4 * 2
    assert found.cells.equals(found.cells.sort(EXPECTED_KEYS))
    assert not found.cells.select(EXPECTED_KEYS).is_duplicated().any()
