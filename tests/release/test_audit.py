"""What a reader can work out, and that too much of it is withheld."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.disclosure.audit import Breakdowns, Claims, Net, Shown, bounds, tight, withhold_tight
from mobility.disclosure.rounding import draw, round_counts
from mobility.errors import ReleaseError

FAR = 1 << 39
NO_CLAIMS = Claims(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_), 0.9, 0)


def family(children: int, *, loose: bool = True) -> Net:
    """Cell 0 is the parent of cells 1 to `children`."""
    return Net(
        np.array([0]), np.array([0]), np.array([loose]), np.arange(1, children + 1), np.zeros(children, np.int64)
    )


def evidence(*numbers: int, households: tuple[int, ...] | None = None, large: tuple[int, ...] = ()) -> Shown:
    counts = np.array([numbers, households or numbers])
    cells = len(numbers)
    return Shown(
        numbers=counts,
        base=np.full(cells, 5),
        minimum=np.array([10, 10]),
        width=np.full(cells, 5),
        rounds=5,
        large=np.isin(np.arange(cells), large),
        unguarded=np.zeros(cells, bool),
    )


def one_breakdown(*classes: int) -> tuple[Breakdowns, ...]:
    """Cells 1, 2, ... are the classes of one breakdown, of which none holds nine tenths."""
    cells, zeros = np.array(classes), np.zeros(len(classes), np.int64)
    return (
        Breakdowns(
            cells, zeros, np.arange(len(classes)), cells, zeros, np.eye(len(classes), dtype=bool), Fraction(9, 10), 1
        ),
    )


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


def test_what_was_public_before_stays_and_the_parent_goes() -> None:
    # as above, but both children were released before
    shown = dataclasses.replace(evidence(20, 10, 15), public=np.array([False, True, True]))
    stays = withhold_tight(shown, np.array([True, True, True]), family(2), NO_CLAIMS)
    assert stays.tolist() == [False, True, True]
    everything = dataclasses.replace(shown, public=np.array([True, True, True]))
    with pytest.raises(ReleaseError, match="earlier releases showed"):
        withhold_tight(everything, np.array([True, True, True]), family(2), NO_CLAIMS)


def test_a_child_that_nobody_is_in_keeps_room_too() -> None:
    # 20 is at most 24, and 25 at least 21: an empty brother would be known to be at most 3
    shown = evidence(20, 25)
    assert withhold_tight(shown, np.array([True, True]), family(1), NO_CLAIMS).tolist() == [True, False]
    # without a brother they are the same people, and what is withheld in one place would be read in the other
    assert not withhold_tight(shown, np.array([True, True]), family(1, loose=False), NO_CLAIMS).any()
    assert withhold_tight(evidence(20, 20), np.array([True, True]), family(1), NO_CLAIMS).all()


def test_a_minimum_between_multiples_narrows_a_number_by_itself() -> None:
    shown = dataclasses.replace(evidence(10, 15), minimum=np.array([12, 12]))
    apart = Net(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.bool_, np.int64, np.int64)))
    assert withhold_tight(shown, np.array([True, True]), apart, NO_CLAIMS).tolist() == [False, True]


def test_what_cannot_be_repaired_is_refused() -> None:
    shown = dataclasses.replace(evidence(20), width=np.array([1 << 60]))
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


def test_the_shared_draw_gives_the_surplus_and_what_it_tells_is_withheld() -> None:
    # persons 40 = 20 + 25 and households 40 = 20 + 20: the parent has as many of both, one child at least one person more
    shown = evidence(40, 20, 25, households=(40, 20, 20))
    low, high = bounds(shown, np.array([True, True, True]), family(2))
    assert (low[2].tolist(), high[2].tolist()) == ([1, 0, 1], [4, 3, 4])
    assert (high[:2] - low[:2] >= 4).all(), "neither persons nor households were too well known"
    stays = withhold_tight(shown, np.array([True, True, True]), family(2), NO_CLAIMS)
    least, most = bounds(shown, stays, family(2))
    assert not stays.all()
    assert (most - least >= 4).all()


def test_persons_are_households_and_surplus() -> None:
    # parent 20 persons in 10 households; the child has as many persons as households, so the sister is known better
    low, high = bounds(evidence(20, 10, 0, households=(15, 10, 0)), np.array([True, True, False]), family(2))
    assert (low[:, 2] == [2, 0, 0]).all()
    assert (high[:, 2] == [14, 9, 9]).all()


def test_the_group_rule_is_not_read_backwards() -> None:
    # parent and child 40/25, sister absent: she would be 0..8, were it not known that the child is under nine tenths
    shown, both = evidence(40, 40, 0, households=(25, 25, 0)), np.array([True, True, False])
    low, high = bounds(shown, both, family(2))
    assert (low[0, 2], high[0, 2]) == (0, 8)
    low, high = bounds(shown, both, family(2), one_breakdown(1, 2))
    assert (low[0, 2], high[0, 2]) == (5, 8)
    assert withhold_tight(shown, both, family(2), NO_CLAIMS).tolist() == [True, True, False]
    stays = withhold_tight(shown, both, family(2), NO_CLAIMS, one_breakdown(1, 2))
    assert stays.tolist() == [True, False, False]
    low, high = bounds(shown, stays, family(2), one_breakdown(1, 2))
    assert low[0, 2] == 0, "with the last class the rule itself is gone"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=3, max_size=6), st.integers(0, 2**32))
def test_bounds_of_the_group_rule_hold_the_truth(counts: list[int], seed: int) -> None:
    if max(counts) * 10 >= 9 * sum(counts):
        return
    true = np.array([sum(counts), *counts])
    numbers = round_counts(true, draw(bytes(32), np.random.default_rng(seed).integers(0, 1 << 40, len(true))), 5)
    low, high = bounds(
        evidence(*numbers.tolist()), true >= 10, family(len(counts)), one_breakdown(*range(1, len(true)))
    )
    assert (low[:2] <= true).all()
    assert (true <= high[:2]).all()


def test_it_cannot_be_told_that_a_cell_was_withheld_for_its_group() -> None:
    # cell 2 is at least 36: withheld all the same, so for its group
    shown, seen = evidence(80, 40, 0, large=(2,)), np.array([True, True, False])
    unaware = dataclasses.replace(shown, large=np.zeros(3, bool))
    assert withhold_tight(unaware, seen, family(2), NO_CLAIMS).tolist() == [True, True, False]
    stays = withhold_tight(shown, seen, family(2), NO_CLAIMS)
    assert not stays.all()
    assert not shown.told(stays, bounds(shown, stays, family(2))[0]).any()


def test_where_nothing_is_shown_beside_a_cell_the_cause_is_traced_further() -> None:
    # 0 = 1 + 2 and 1 = 3 + 4: that 3 is large follows from 0, 2 and 4, of which 0 and 2 stand in another relation
    net = Net(np.array([0, 1]), np.zeros(2, np.int64), np.ones(2, bool), np.array([1, 2, 3, 4]), np.array([0, 0, 1, 1]))
    shown, seen = evidence(100, 0, 20, 0, 0, large=(1,)), np.array([True, False, True, False, False])
    stays = withhold_tight(shown, seen, net, NO_CLAIMS)
    assert not shown.told(stays, bounds(shown, stays, net)[0]).any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=4), min_size=2, max_size=4), st.integers(0, 2**32))
def test_bounds_hold_the_truth_and_end_wide(tree: list[list[int]], seed: int) -> None:
    """A total of sums of counts: whatever is published, the truth lies within the bounds, and no bound stays tight."""

    def sums(tree: list[list[int]]) -> np.ndarray:
        branches = [sum(branch) for branch in tree]
        return np.array([sum(branches), *branches, *(count for branch in tree for count in branch)])

    true, households = sums(tree), sums([[count - count * (seed % 3) // 3 for count in branch] for branch in tree])
    owner = [1 + place for place, branch in enumerate(tree) for _ in branch]
    first = 1 + len(tree)
    net = Net(
        np.arange(first), np.zeros(first, np.int64), np.zeros(first, np.bool_),
        np.arange(1, len(true)), np.array([0] * len(tree) + owner),
    )  # fmt: skip
    draws = draw(bytes(32), np.random.default_rng(seed).integers(0, 1 << 40, len(true)))
    number = round_counts(true, draws, 5)
    shown = evidence(*number.tolist(), households=tuple(round_counts(households, draws, 5).tolist()))
    stays = withhold_tight(shown, households >= 10, net, NO_CLAIMS)
    low, high = bounds(shown, stays, net)
    truth = np.array([true, households, true - households])
    assert (low <= truth).all()
    assert (truth <= high).all()
    assert not tight(low, high, net, shown)[0].any()
    assert (stays <= (households >= 10)).all()
