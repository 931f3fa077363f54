"""Indicators B3 to B5 (method 7): measures of segregation, on tables of a few units. Rows are units, columns groups."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mobility.indicators import segregation as s

LN2 = math.log(2)


def drawn(*rows):
    return np.array(rows, dtype=float)


EVEN = drawn((10, 20), (30, 60))  # one third in both
APART = drawn((10, 0), (0, 10))
# Half of the first group lives among equals, the other half three to one among the other.
MIXED = drawn((30, 30), (10, 30))


def test_dissimilarity_is_the_share_that_would_have_to_move():
    assert s.dissimilarity(*EVEN.T) == 0
    assert s.dissimilarity(*APART.T) == 1
    assert s.dissimilarity(*MIXED.T) == pytest.approx(3 / 4 - 1 / 2)


def test_isolation_and_interaction_are_the_mean_shares_met_and_add_up_to_one():
    assert s.isolation(*MIXED.T) == pytest.approx(3 / 4 * 1 / 2 + 1 / 4 * 1 / 4)
    assert s.interaction(*MIXED.T) == pytest.approx(3 / 4 * 1 / 2 + 1 / 4 * 3 / 4)
    assert s.isolation(*APART.T) == 1


def test_the_location_quotient_is_the_share_over_that_of_all():
    assert s.location_quotients(*MIXED.T) == pytest.approx([0.5 / 0.4, 0.25 / 0.4])


def test_m_and_h_of_no_and_of_complete_segregation():
    assert s.mutual_information(EVEN) == pytest.approx(0)
    assert s.mutual_information(APART) == pytest.approx(LN2)
    assert s.theil(APART) == pytest.approx(1)


def test_m_of_the_mixed_table():
    # Entropy of 40 : 60, less the mean entropy within units of 1 : 1 (60 of 100) and 1 : 3 (40 of 100).
    within = 0.6 * LN2 + 0.4 * -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    whole = -(0.4 * math.log(0.4) + 0.6 * math.log(0.6))
    assert s.mutual_information(MIXED) == pytest.approx(whole - within)


def test_local_scores_weighted_by_the_groups_add_up_to_m():
    assert (s.local_scores(MIXED) * [0.4, 0.6]).sum() == pytest.approx(s.mutual_information(MIXED))


def test_segregation_between_cities_only_is_all_at_their_level():
    buurten = drawn((10, 0), (10, 0), (0, 20), (0, 20))
    cities = np.array([0, 0, 1, 1])
    assert s.nested(buurten, [cities]) == pytest.approx([s.mutual_information(buurten), 0])
    within = drawn((10, 0), (0, 10), (10, 0), (0, 10))
    assert s.nested(within, [cities]) == pytest.approx([0, LN2])


def test_rank_order_h_is_0_where_every_unit_has_all_ranks_and_1_where_no_two_units_share_any():
    assert s.rank_order(np.ones((3, 100))) == pytest.approx(0)
    assert s.rank_order(np.kron(np.eye(100), np.ones((1, 1))) * 7) == pytest.approx(1)


def test_rank_order_h_of_two_halves():
    # Lower half in one unit, upper half in another: at a split at p <= 1/2 a unit is p to 1/2, so H(p) has a closed form.
    halves = np.kron(np.eye(2), np.ones((1, 50)))
    p = np.arange(1, 100) / 100

    def e(q):
        q = np.clip(q, 1e-15, 1 - 1e-15)
        return -(q * np.log(q) + (1 - q) * np.log(1 - q))

    within = np.where(p <= 0.5, e(2 * p) / 2, e(2 * p - 1) / 2)
    assert s.rank_order(halves) == pytest.approx((e(p) - within).sum() / e(p).sum(), abs=1e-9)


def test_with_one_category_nothing_can_be_ordered():
    assert math.isnan(s.rank_order(drawn((5, 0), (9, 0))))


def test_by_chance_keeps_the_margins_and_has_little_segregation():
    tables = s.by_chance(drawn((500, 0), (0, 500)), 20, (1,))
    for table in tables:
        assert table.sum(axis=0).tolist() == table.sum(axis=1).tolist() == [500, 500]
    expected = np.mean([s.mutual_information(table) for table in tables])
    assert 0 < expected < 0.005  # about (units - 1) (groups - 1) / (2 n) = 0.0005
    again = s.by_chance(drawn((500, 0), (0, 500)), 20, (1,))
    assert all((one == other).all() for one, other in zip(tables, again, strict=True))


def test_a_fitted_table_has_the_margins_asked_and_its_own_odds_ratios():
    units, groups = np.array([0.3, 0.7]), np.array([0.5, 0.5])
    found = s.fitted_to(MIXED, units, groups)
    assert found.sum(axis=1) == pytest.approx(units)
    assert found.sum(axis=0) == pytest.approx(groups)
    odds = found[0, 0] * found[1, 1] / (found[0, 1] * found[1, 0])
    assert odds == pytest.approx(30 * 30 / (30 * 10))


def test_twice_as_many_of_everybody_changes_no_segregation():
    parts = s.change_of_segregation(MIXED, 2 * MIXED)
    assert [parts[name] for name in ("change", "structure", "unit_margin", "group_margin")] == pytest.approx([0] * 4)


def test_other_sizes_of_the_groups_at_the_same_odds_are_margins_and_no_structure():
    parts = s.change_of_segregation(MIXED, MIXED * [1, 3])
    assert parts["structure"] == pytest.approx(0, abs=1e-9)
    assert abs(parts["change"]) > 0.001


def test_a_unit_that_appears_is_an_addition():
    parts = s.change_of_segregation(drawn((10, 10), (5, 5), (0, 0)), drawn((10, 10), (5, 5), (15, 0)))
    assert parts["additions"] == pytest.approx(parts["change"])
    assert parts["additions"] > 0


TABLES = arrays(np.int64, (4, 3), elements=st.integers(0, 30)).map(lambda table: table.astype(float))


@given(TABLES, TABLES)
@settings(max_examples=60, deadline=None)
def test_the_parts_of_a_change_add_up_to_it(before, after):
    for table in (before, after):
        if not table.sum(axis=1).any():
            return
    parts = s.change_of_segregation(before, after)
    if parts is not None:
        split = sum(parts[name] for name in ("removals", "additions", "unit_margin", "group_margin", "structure"))
        assert split == pytest.approx(parts["change"], abs=1e-9)
        assert parts["change"] == pytest.approx(parts["end"] - parts["start"])


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_shares_lie_between_0_and_1_and_the_order_of_units_does_not_matter(table):
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2 or not (table[:, :2].sum(axis=0) > 0).all():
        return
    ours, others = table[:, 0], table[:, 1]
    for value in (
        s.dissimilarity(ours, others),
        s.isolation(ours, others),
        s.interaction(ours, others),
        s.theil(table),
    ):
        assert -1e-12 <= value <= 1 + 1e-12
    assert s.mutual_information(table[::-1]) == pytest.approx(s.mutual_information(table))


@given(TABLES, st.lists(st.integers(0, 1), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_nested_parts_add_up_to_the_whole_and_are_never_negative(table, cities):
    kept = table.sum(axis=1) > 0
    if not kept.any():
        return
    parts = s.nested(table[kept], [np.array(cities)[kept]])
    assert sum(parts) == pytest.approx(s.mutual_information(table[kept]))
    assert min(parts) >= -1e-12
