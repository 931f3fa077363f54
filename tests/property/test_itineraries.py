"""Absorbing short episodes, one person at a time and one episode at a time."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.chains.itinerary import absorb_short, merge_equal

ZERO = dt.date(2010, 1, 1)
MIN_DAYS = 90


def slow_absorb(episodes):
    """`[(state, days)]`; merge, absorb the first absorbable one, start again."""
    while True:
        merged = []
        for state, days in episodes:
            if merged and merged[-1][0] == state:
                merged[-1] = (state, merged[-1][1] + days)
            else:
                merged.append((state, days))
        episodes = merged
        for place in range(1, len(episodes) - 1):
            state, days = episodes[place]
            same = episodes[place - 1][0] == episodes[place + 1][0]
            if days < MIN_DAYS and same and state != "dead":
                episodes[place] = (episodes[place - 1][0], days)
                break
        else:
            return episodes


itineraries = st.lists(
    st.lists(st.tuples(st.sampled_from(["home", "away", "core"]), st.integers(1, 200)), min_size=1, max_size=10),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(itineraries)
def test_absorbing_for_all_persons_at_once_equals_one_at_a_time(drawn):
    rows, expected = [], []
    for person, episodes in enumerate(drawn):
        start = ZERO
        for state, days in episodes:
            rows.append((person, state, start, start + dt.timedelta(days=days), 1))
            start += dt.timedelta(days=days)
        expected += [(person, state, days) for state, days in slow_absorb(episodes)]
    schema = {"person": pl.UInt32, "state": pl.String, "start_date": pl.Date, "end_date": pl.Date, "area": pl.UInt32}
    found = absorb_short(merge_equal(pl.DataFrame(rows, schema=schema, orient="row")), MIN_DAYS)
    lengths = found.select("person", "state", (pl.col("end_date") - pl.col("start_date")).dt.total_days())
    assert list(lengths.iter_rows()) == expected
