"""Residence and moves against readings so slow that they are obvious: every day of every person, every pair of movers."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.moves import add_household, find_moves, group_household_moves
from mobility.panel.lookup import ByDay, on_day
from mobility.panel.tables import Residence
from mobility.residence import reside
from tests.lib.tables import HOUSEHOLD, PERSON, SPELL

ZERO = dt.date(2020, 1, 1)
CUT_OFF = ZERO + dt.timedelta(days=99)
DAYS = [ZERO + dt.timedelta(days=n) for n in range(130)]
OPEN = dt.date(9999, 12, 31)


def day(n):
    return ZERO + dt.timedelta(days=n)


registrations = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 95), st.one_of(st.none(), st.integers(1, 60)), st.integers(0, 4)),
    max_size=12,
)
deaths = st.dictionaries(st.integers(1, 3), st.integers(0, 99), max_size=2)


def frames(rows, dying):
    spells = pl.DataFrame(
        [(p, day(s), None if length is None else day(s + length), o) for p, s, length, o in rows],
        schema=SPELL,
        orient="row",
    )
    spells = spells.with_columns(end_date=pl.when(pl.col("end_date") <= day(100)).then("end_date")).unique()
    people = pl.DataFrame(
        [(p, ZERO, day(dying[p]) if p in dying else None) for p in (1, 2, 3)], schema=PERSON, orient="row"
    )
    return spells.sort("person", "start_date", "end_date", "object", nulls_last=True), people


def lives_at(spells, person, when):
    """Of the registrations that cover the day: started last; then ends last; then the smallest object."""
    covering = [
        (start, end or OPEN, -place)
        for who, start, end, place in spells.iter_rows()
        if who == person and start <= when < (end or OPEN)
    ]
    return -max(covering)[2] if covering else None


def slow_residence(spells, person, death, slack):
    """Object of a person on every day; None: nowhere. Day by day, straight from the words of method 1."""
    found = [lives_at(spells, person, when) for when in DAYS]
    when = 0
    while when < len(found):  # a hole of at most `slack` days between two addresses: still at the first
        if found[when] is None and when and found[when - 1] is not None:
            until = when
            while until < len(found) and found[until] is None:
                until += 1
            if until < len(found) and until - when <= slack:
                found[when:until] = [found[when - 1]] * (until - when)
            when = until
        else:
            when += 1
    return [None if death and date > death else place for date, place in zip(DAYS, found, strict=True)]


@settings(max_examples=150, deadline=None)
@given(registrations, deaths, st.integers(0, 10))
def test_residence_equals_the_day_by_day_reading(rows, dying, slack):
    spells, people = frames(rows, dying)
    resided = Residence.validate(reside(spells, people, slack, CUT_OFF).spells)
    for person in (1, 2, 3):
        death = day(dying[person]) if person in dying else None
        slow = slow_residence(spells, person, death, slack)
        for date, expected in list(zip(DAYS, slow, strict=True))[:100]:
            assert lives_at(resided.filter(pl.col("object").is_not_null()), person, date) == expected


@settings(max_examples=60, deadline=None)
@given(registrations, deaths)
def test_moves_are_the_days_on_which_the_address_changes(rows, dying):
    spells, people = frames(rows, dying)
    moves = find_moves(reside(spells, people, 0, CUT_OFF).spells)
    slow = set()
    for person in (1, 2, 3):
        places = slow_residence(spells, person, day(dying[person]) if person in dying else None, 0)[:100]
        for n in range(1, 100):
            if None not in (places[n - 1], places[n]) and places[n - 1] != places[n]:
                slow.add((person, day(n), places[n - 1], places[n]))
    found = moves.select("person", "move_date", "origin_object", "destination_object")
    assert set(found.filter(pl.col("move_date") < day(100)).iter_rows()) == slow


@settings(max_examples=60, deadline=None)
@given(registrations, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    spells, people = frames(rows, {})
    shuffled = list(rows)
    random.shuffle(shuffled)
    again, _ = frames(shuffled, {})
    assert reside(spells, people, 3, CUT_OFF).spells.equals(reside(again, people, 3, CUT_OFF).spells)


movers = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(0, 1), st.integers(0, 1)), max_size=9)


@settings(max_examples=100, deadline=None)
@given(
    movers, st.dictionaries(st.integers(1, 9), st.integers(0, 3)), st.dictionaries(st.integers(1, 9), st.integers(0, 2))
)
def test_household_moves_equal_the_pairwise_reading(rows, born, household_of):
    """Who moves together, who carries, and whether anybody stays behind, person by person and pair by pair."""
    once = {person: (when, origin, destination + 10) for person, when, origin, destination in rows}
    moves = pl.DataFrame(
        [(person, day(when), day(when - 1), origin, to) for person, (when, origin, to) in sorted(once.items())],
        schema=["person", "move_date", "before_date", "origin_object", "destination_object"],
        orient="row",
    ).cast({"person": pl.UInt32, "move_date": pl.Date, "before_date": pl.Date, "^.*_object$": pl.UInt32}, strict=False)
    birth = {person: day(-9000 + born.get(person, 0)) for person in range(1, 10)}
    people = pl.DataFrame([(p, birth[p], None) for p in range(1, 10)], schema=PERSON, orient="row")
    size = {h: sum(1 for other in household_of.values() if other == h) for h in range(3)}
    living = pl.DataFrame(
        [(p, day(-100), None, h, size[h], 1, False, False, 0) for p, h in sorted(household_of.items())],
        schema=HOUSEHOLD,
        orient="row",
    )
    found = group_household_moves(add_household(moves, ByDay(living), people), 0)
    for row in found.iter_rows(named=True):
        me = row["person"]
        together = [other for other in once if once[other] == once[me]]
        stays_behind = any(
            household_of.get(one) == household_of[other]
            for one in together
            if one in household_of
            for other in household_of
            if other not in together
        )
        assert row["carrier"] == min(together, key=lambda person: (birth[person], person))
        assert row["is_carrier"] == (row["carrier"] == me)
        known = any(one in household_of for one in together)
        assert row["is_whole"] == (known and not stays_behind)


@settings(max_examples=100, deadline=None)
@given(registrations, st.lists(st.tuples(st.integers(0, 4), st.integers(0, 110)), max_size=10))
def test_looking_up_a_spell_equals_searching_all_of_them(rows, asked):
    spells, people = frames(rows, {})
    residence = reside(spells, people, 3, CUT_OFF).spells
    persons = pl.Series("person", [person for person, _ in asked], dtype=pl.UInt32)
    days = pl.Series("day", [day(n) for _, n in asked], dtype=pl.Date)
    found = on_day(residence, persons, days)
    for row, (person, n) in zip(found, asked, strict=True):
        slow = [
            number
            for number, (who, start, end, _) in enumerate(residence.iter_rows())
            if who == person and start <= day(n) < (end or OPEN)
        ]
        assert ([] if row is None else [row]) == slow
