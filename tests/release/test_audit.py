"""What a reader can work out, and that too much of it is withheld."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.disclosure.audit import Claims, Net, Shown, bounds, tight, withhold_tight
from mobility.disclosure.rounding import draw, round_counts
from mobility.errors import ReleaseError

FAR = 1 << 39
NO_CLAIMS = Claims(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_), 0.9, 0)


def family(children: int, *, loose: bool = True) -> Net:
    """Cell 0 is the parent of cells 1 to `children`."""
    return Net(
        np.array([0]), np.array([0]), np.array([loose]), np.arange(1, children + 1), np.zeros(children, np.int64)
    )


def evidence(*numbers: int) -> Shown:
    return Shown(np.array([numbers, numbers]), 5, np.array([10, 10]), np.full(len(numbers), 5), rounds=5)


@pytest.mark.parametrize(
    ("numbers", "shown", "low", "high"),
    [
        # parent 20 and child 10 shown, one child withheld: 16..24 minus 10..14
        ((20, 10, 0), (True, True, False), (16, 10, 2), (24, 14, 14)),
        # two children of 10 are at least 20 together
        ((20, 10, 10), (True, True, True), (20, 10, 10), (24, 14, 14)),
        # a single child shown says nothing about a parent withheld but its least value
        ((0, 15, 0), (False, True, False), (11, 11, 0), (FAR, 19, FAR)),
    ],
)
def test_bounds_by_hand(numbers: tuple, shown: tuple, low: tuple, high: tuple) -> None:
    least, most = bounds(evidence(*numbers), np.array(shown), family(2))
    assert least[0].tolist() == list(low)
    assert np.minimum(most[0], FAR).tolist() == list(high)


def test_a_tight_interval_costs_the_smallest_child() -> None:
    # 20 (16..24) = 10 (10..14) + 15 (11..19): the parent is 21..24, four counts
    stays = withhold_tight(evidence(20, 10, 15), np.array([True, True, True]), family(2), NO_CLAIMS)
    assert stays.tolist() == [True, False, True]


def test_a_child_that_nobody_is_in_keeps_room_too() -> None:
    # 20 is at most 24, and 25 at least 21: an empty brother would be known to be at most 3
    shown = evidence(20, 25)
    assert withhold_tight(shown, np.array([True, True]), family(1), NO_CLAIMS).tolist() == [True, False]
    assert withhold_tight(shown, np.array([True, True]), family(1, loose=False), NO_CLAIMS).tolist() == [True, False]
    assert withhold_tight(evidence(20, 20), np.array([True, True]), family(1), NO_CLAIMS).all()


def test_a_minimum_between_multiples_narrows_a_number_by_itself() -> None:
    shown = Shown(np.array([[10, 15], [10, 15]]), 5, np.array([12, 12]), np.full(2, 5), rounds=5)
    apart = Net(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.bool_, np.int64, np.int64)))
    assert withhold_tight(shown, np.array([True, True]), apart, NO_CLAIMS).tolist() == [False, True]


def test_what_cannot_be_repaired_is_refused() -> None:
    shown = Shown(np.array([[20], [20]]), 5, np.array([10, 10]), np.array([1 << 60]), rounds=5)
    apart = Net(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.bool_, np.int64, np.int64)))
    with pytest.raises(ReleaseError, match="less detail"):
        withhold_tight(shown, np.array([True]), apart, NO_CLAIMS)


def test_a_claim_withheld_for_its_group_is_not_inferred_elsewhere() -> None:
    # cells 1 and 2 are the withheld classes of a group; 3 and 4, shown elsewhere, are the parts of 1
    net = Net(
        np.array([0, 1]), np.zeros(2, np.int64), np.ones(2, np.bool_), np.array([1, 2, 3, 4]), np.array([0, 0, 1, 1])
    )
    shown = evidence(100, 0, 0, 50, 50)
    is_shown = np.array([True, False, False, True, True])
    claims = Claims(np.array([0, 0]), np.array([1, 2]), np.array([True, False]), 0.8, 1)
    low, high = bounds(shown, is_shown, net)
    assert claims.inferred(low, high).any(), "92 of at most 104 can be known"
    stays = withhold_tight(shown, is_shown, net, claims)
    assert not claims.inferred(*bounds(shown, stays, net)).any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=4), min_size=2, max_size=4), st.integers(0, 2**32))
def test_bounds_hold_the_truth_and_end_wide(tree: list[list[int]], seed: int) -> None:
    """A total of sums of counts: whatever is published, the truth lies within the bounds, and no bound stays tight."""
    leaves = [count for branch in tree for count in branch]
    branches = [sum(branch) for branch in tree]
    true = np.array([sum(branches), *branches, *leaves])
    owner = [1 + place for place, branch in enumerate(tree) for _ in branch]
    first = 1 + len(tree)
    net = Net(
        np.arange(first), np.zeros(first, np.int64), np.zeros(first, np.bool_),
        np.arange(1, len(true)), np.array([0] * len(tree) + owner),
    )  # fmt: skip
    draws = draw(bytes(32), np.random.default_rng(seed).integers(0, 1 << 40, len(true)))
    number = round_counts(true, draws, 5)
    shown = Shown(np.array([number, number]), 5, np.array([10, 10]), np.full(len(true), 5), rounds=5)
    stays = withhold_tight(shown, true >= 10, net, NO_CLAIMS)
    low, high = bounds(shown, stays, net)
    assert (low <= true).all()
    assert (true <= high).all()
    assert not tight(low, high, net, shown.width)[0].any()
    assert (stays <= (true >= 10)).all()
