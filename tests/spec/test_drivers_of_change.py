"""Indicators C1 and C2 (method 7): the account of low incomes, and what changed their share."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.flows.account import COMPONENTS
from mobility.indicators.drivers import NET, low_account, ratio_shapley, share_change
from tests.lib.indicators import values
from tests.lib.tables import table


def drawn_account(drawn):
    rows = table(drawn)
    nothing = [pl.lit(0).alias(name) for name in COMPONENTS if name not in rows.columns]
    return rows.with_columns(*nothing, unit=pl.lit("persons"), level=pl.lit("gemeente"), year=pl.lit(2015))


ACCOUNT = drawn_account("""
    place | income_class | stock_start | moves_in | moves_out | births | stock_end
    A     | q1           | 20          | 10       | 0         | 0      | 30
    A     | q3           | 80          | 0        | 10        | 0      | 70
    A     | unknown      | 50          | 0        | 0         | 5      | 55
""")


def test_c1_is_the_account_of_the_low_class():
    found = values(
        low_account(ACCOUNT, ("q1",)), place="A", year=2015, level="gemeente", income_class="low", cut="total"
    )
    assert (found["persons:stock_start"], found["persons:moves_in"], found["persons:stock_end"]) == (20, 10, 30)
    assert found["persons:residual"] == 0


def test_c2_the_share_of_low_rises_from_20_to_30_percent_by_moves_alone():
    found = values(
        share_change(ACCOUNT, ("q1",)), place="A", year=2015, level="gemeente", income_class="low", cut="total"
    )
    assert (found["start"], found["end"], found["change"]) == (20, 30, 10)
    # Ten low more among 100, and no change of the 100: all through the number of low.
    assert (found["moves:low"], found["moves:all"]) == (10, 0)


def test_c2_births_of_others_lower_the_share_through_the_number_of_all():
    account = drawn_account("""
        place | income_class | stock_start | births | stock_end
        A     | q1           | 20          | 0      | 20
        A     | q3           | 60          | 20     | 80
    """)
    found = values(
        share_change(account, ("q1",)), place="A", year=2015, level="gemeente", income_class="low", cut="total"
    )
    assert found["births_deaths:all"] == found["change"] == 20 - 25
    assert found["births_deaths:low"] == 0


def every_order(above, below, added, widened):
    """The mean over all orders, one by one."""
    players = [("added", n) for n in range(len(added))] + [("widened", n) for n in range(len(widened))]
    parts = dict.fromkeys(players, 0.0)
    orders = list(permutations(players))
    for order in orders:
        top, bottom = above, below
        for player in order:
            before = top / bottom
            top, bottom = (
                (top + added[player[1]], bottom) if player[0] == "added" else (top, bottom + widened[player[1]])
            )
            parts[player] += (top / bottom - before) / len(orders)
    return parts


@given(st.integers(0, 50), st.lists(st.integers(-5, 20), min_size=6, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_split_is_the_mean_over_every_order(above, steps):
    below = above + 60
    added, widened = steps[:3], steps[3:]
    expected = every_order(above, below, added, widened)
    upper, lower = ratio_shapley(*(np.array([each], dtype=float) for each in (above, below, added, widened)))
    assert [*upper[0], *lower[0]] == pytest.approx(list(expected.values()))
    change = (above + sum(added)) / (below + sum(widened)) - above / below
    assert upper.sum() + lower.sum() == pytest.approx(change)


def test_the_components_are_those_of_the_account():
    assert {name for pair in NET.values() for name in pair} < set(COMPONENTS)
