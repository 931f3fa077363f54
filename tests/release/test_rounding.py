"""Rounding by cell key."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mobility.disclosure.rounding import draw, round_counts

KEYS = st.integers(0, (1 << 62) - 1)
SECRET = bytes(range(32))


@given(
    st.lists(st.tuples(KEYS, st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1), st.sampled_from([5, 10, 100])
)
def test_rounding_keeps_order_stays_near_and_gives_multiples(cells: list[tuple[int, int, int]], base: int) -> None:
    keys, left, right = (np.array(column, np.int64) for column in zip(*cells, strict=True))
    draws = draw(SECRET, keys)
    persons, households = np.maximum(left, right), np.minimum(left, right)
    shown_persons, shown_households = round_counts(persons, draws, base), round_counts(households, draws, base)
    assert (shown_households <= shown_persons).all()
    for true, shown in ((persons, shown_persons), (households, shown_households)):
        assert (shown % base == 0).all()
        assert (abs(shown - true) < base).all()


@given(st.lists(KEYS, min_size=1))
def test_the_draw_depends_on_the_key_and_the_secret_alone(keys: list[int]) -> None:
    array = np.array(keys, np.int64)
    assert (draw(SECRET, array) == draw(SECRET, array[::-1])[::-1]).all()
    assert (draw(SECRET, array) != draw(bytes(32), array)).any()


def test_the_published_number_is_the_true_one_on_average() -> None:
    draws = draw(SECRET, np.arange(40_000, dtype=np.int64))
    for true in (10, 11, 12, 13, 14):
        mean = round_counts(np.full(40_000, true), draws, 5).mean()
        assert abs(mean - true) < 4 * 2.5 / 200  # four standard errors: sd at most 2.5, root of 40 000 is 200


def test_a_parents_draw_does_not_follow_from_its_childrens() -> None:
    keys = np.random.default_rng(1).integers(0, 1 << 36, (2, 20_000))
    parent, first, second = draw(SECRET, keys.sum(axis=0)), draw(SECRET, keys[0]), draw(SECRET, keys[1])
    for guess in (first, second, (first + second) % 1):
        assert abs(np.corrcoef(parent, guess)[0, 1]) < 0.03
