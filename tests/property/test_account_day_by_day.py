"""The account against a reading so slow that it is obvious: every person, every day, what changed since the day before."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import reduce

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.flows.account import (
    ACCOUNT_KEYS,
    COMPONENTS,
    UNITS,
    Counted,
    Frame,
    count_account,
    roll_up_account,
)
from mobility.flows.events import MIGRATIONS, Lives
from mobility.income import CLASSES
from mobility.panel.tables import HouseholdSpell, Residence
from mobility.residence import reside
from mobility.stocks import take_stocks
from tests.lib.tables import HOUSEHOLD, PERSON, SPELL, table

REGISTER_STARTS = dt.date(2018, 1, 1)
LAST_DAY = dt.date(2020, 12, 31)
PEOPLE = (1, 2, 3)
LEVELS = ("buurt", "gemeente", "region")
# One row per area: gemeente and region cross. The places of an object are those of its area.
AREAS = table("""
    buurt       | gemeente    | region
    unplaceable | unplaceable | unplaceable
    BU00010101  | GM0001      | delta
    BU00010102  | GM0001      | elsewhere
    BU00020101  | GM0002      | elsewhere
""")
AREA_OF_OBJECT = (0, 1, 1, 2, 3)

_around = [
    dt.date(year, month, 1) for year, month in ((2018, 1), (2018, 2), (2019, 1), (2020, 1), (2020, 7), (2021, 1))
]
_near_a_turn = st.sampled_from([turn + dt.timedelta(days=n) for turn in _around for n in (-2, -1, 0, 1)])
days = st.one_of(_near_a_turn, st.dates(REGISTER_STARTS, LAST_DAY)).filter(lambda day: day >= REGISTER_STARTS)
ends = st.one_of(st.none(), days, st.integers(1, 40).map(dt.timedelta))
addresses = st.lists(st.tuples(days, ends, st.integers(0, 4)), max_size=5)
months_old = st.sampled_from((None, 0, 1, 2, 400))  # at the first registration
# No household, member, reference person: at first, and from each day on; a new spell may be of the same kind.
kinds = st.sampled_from((True, False, None))
# So many days from another event: at the edge of a slack of 0, 3 or 31 days.
_off = st.sampled_from((-32, -31, -4, -3, -1, 0, 1, 3, 4, 31, 32)).map(dt.timedelta)
_kinds = st.sampled_from(("removal", "re_entry", "immigration", "emigration"))
migrations = st.lists(
    st.builds(lambda person, day, off, kind: (person, day + off, kind), st.sampled_from(PEOPLE), days, _off, _kinds),
    max_size=6,
)


@dataclass(frozen=True)
class Panel:
    """A drawn panel and how it is asked.

    Attributes:
        lives: what the program reads.
        slack: days.
        stock_days: of the account.
        classes: persons by stock days.
    """

    lives: Lives
    slack: int
    stock_days: list[dt.date]
    classes: np.ndarray

    @property
    def years(self):
        return range(self.stock_days[1].year, self.stock_days[-1].year + 1)


@st.composite
def panels(draw):
    cut_off = draw(st.sampled_from((LAST_DAY, dt.date(2020, 6, 30))))
    slack = draw(st.sampled_from((0, 3, 31)))
    stock_days = [dt.date(draw(st.sampled_from((2017, 2018))), 12, 31)]
    while stock_days[-1] < cut_off:
        stock_days.append(min(cut_off, dt.date(stock_days[-1].year + 1, 12, 31)))
    lived_at = {person: draw(addresses) for person in PEOPLE}
    rows = [
        (person, start, start + end if isinstance(end, dt.timedelta) else end, item)
        for person, lived in lived_at.items()
        for start, end, item in lived
    ]
    rows = [row for row in rows if row[1] <= cut_off and (row[2] is None or row[1] < row[2])]
    registered = registered_until(rows, cut_off)
    first = {person: min(start for who, start, _, _ in rows if who == person) for person in {row[0] for row in rows}}
    persons = pl.DataFrame(
        [
            (person, birth_month(first[person], draw(months_old)), draw(st.none() | days_of(rows, person)))
            for person in sorted(first)
        ],
        schema=PERSON,
        orient="row",
    )
    headed = {person: (draw(kinds), draw(changes_of_household(rows, person))) for person in PEOPLE}
    lives = Lives(
        residence=Residence.validate(reside(registered, persons, slack, cut_off).spells),
        persons=persons,
        households=HouseholdSpell.validate(household_spells(headed)),
        migrations=pl.DataFrame(draw(migrations), schema=MIGRATIONS, orient="row"),
    )
    classes = draw(st.lists(st.sampled_from((0, 4, 7)), min_size=12, max_size=12))
    return Panel(
        lives, slack, stock_days, np.array(classes).reshape(3, 4)[: persons.height, : len(stock_days)].astype(np.int64)
    )


def own_days(rows, person):
    """Days on which this person comes to an address or leaves one."""
    return sorted({day for who, start, end, _ in rows if who == person for day in (start, end) if day})


def days_of(rows, person):
    own = own_days(rows, person)
    return st.sampled_from(own) | days if own else days


def changes_of_household(rows, person):
    """Changes on any day, and often on the day of a change of address."""
    own = dict.fromkeys(own_days(rows, person), kinds)
    then = st.fixed_dictionaries({}, optional=own)
    return st.builds(lambda some, more: some | more, st.dictionaries(days, kinds, max_size=3), then)


def registered_until(rows, cut_off):
    spells = pl.DataFrame(rows, schema=SPELL, orient="row")
    open_end = pl.when(pl.col("end_date") <= cut_off + dt.timedelta(days=1)).then("end_date")
    return (
        spells.with_columns(end_date=open_end)
        .unique()
        .sort("person", "start_date", "end_date", "object", nulls_last=True)
    )


def birth_month(first, months):
    if months is None:
        return None
    number = first.year * 12 + first.month - 1 - months
    return dt.date(number // 12, number % 12 + 1, 1)


def household_spells(lived):
    rows = []
    for person, (at_first, later) in sorted(lived.items()):
        changes = [(dt.date(2017, 1, 1), at_first), *sorted(later.items())]
        ends = [start for start, _ in changes[1:]] + [None]
        for number, ((start, is_reference), end) in enumerate(zip(changes, ends, strict=True)):
            if is_reference is not None:
                rows.append((person, start, end, 10 * person + number, 1, 1, is_reference, False, 0))
    return pl.DataFrame(rows, schema=HOUSEHOLD, orient="row")


def account_of(parts, years):
    """The account by the program, of partitions added up."""
    area = pl.Series(AREA_OF_OBJECT, dtype=pl.UInt32)
    frame = Frame(years, AREAS.height)
    counted = []
    for part in parts:
        lives = part.lives
        stocks = take_stocks(lives.residence, lives.persons, lives.households, part.stock_days)
        counted.append(count_account(lives, area, stocks, part.classes, frame, REGISTER_STARTS, part.slack))
    return roll_up_account(reduce(Counted.plus, counted), frame, AREAS, LEVELS)


# The slow reading.


def every_day(panel, person):
    """Date, object lived at (None: nowhere), whether a reference person, whether it is the day of death; day by day."""
    lives = panel.lives
    residence = [row[1:] for row in lives.residence.iter_rows() if row[0] == person]
    heading = [row[1:3] for row in lives.households.iter_rows() if row[0] == person and row[6]]  # reference_person
    death = lives.persons.filter(person=person)["death_date"][0]
    date = REGISTER_STARTS
    while date <= panel.stock_days[-1]:
        here = [place for start, end, place in residence if start <= date and (end is None or date < end)]
        heads = any(start <= date and (end is None or date < end) for start, end in heading)
        yield date, here[0] if here else None, heads, date == death
        date += dt.timedelta(days=1)


def happenings(panel, person, unit, lived):
    """What changes from one day to the next: date, what, object before, object after."""
    birth = panel.lives.persons.filter(person=person)["birth_date"][0]
    before, headed, known = None, False, False
    for date, here, heads, dies in lived:
        counted_before = before is not None and (unit == "persons" or headed)
        counted = here is not None and (unit == "persons" or heads)
        if before is None and counted:
            yield date, entry_kind(panel, person, date, birth, known), None, here
        elif counted_before and here is None:
            removed = is_reported(panel, person, date, "removal")
            yield date, "coverage_out" if removed else "emigration", before, None
        elif counted_before and counted and before != here:
            yield date, "move", before, here
        elif counted and not counted_before:
            yield date, "formed", None, here
        elif counted_before and not counted:
            yield date, "dissolved", before, None
        if counted and dies:
            yield date, "deaths", here, None
        known = known or here is not None
        before, headed = None if dies else here, heads


def entry_kind(panel, person, date, birth, known):
    next_month = birth and (birth + dt.timedelta(days=31)).replace(day=1)
    if not known and birth and date.replace(day=1) in (birth, next_month):
        return "births"
    if not known and date == REGISTER_STARTS:
        return "coverage_in"
    return "coverage_in" if is_reported(panel, person, date, "re_entry") else "immigration"


def is_reported(panel, person, date, kind):
    return any(
        who == person and what == kind and abs((date - when).days) <= panel.slack
        for who, when, what in panel.lives.migrations.iter_rows()
    )


def place_of(item, level):
    return "national" if level == "national" else AREAS[level][AREA_OF_OBJECT[item]]


def slow_account(panel):
    """Counts by unit, level, year, place, class and component; zeros are left out."""
    book = Counter()
    for row, person in enumerate(panel.lives.persons["person"]):
        lived = list(every_day(panel, person))
        classes = [CLASSES[number] for number in panel.classes[row]]
        for unit in UNITS:
            happened = [each for each in happenings(panel, person, unit, lived) if each[0].year in panel.years]
            stocks = in_stock(panel, unit, lived)
            for level in (*LEVELS, "national"):
                for date, what, origin, destination in happened:
                    income_class = classes[date.year - panel.years.start]
                    for place, component in entries(level, what, origin, destination):
                        book[unit, level, date.year, place, income_class, component] += 1
                for n, year in enumerate(panel.years):
                    for entry in between(level, classes[n], classes[n + 1], stocks[n], stocks[n + 1]):
                        book[unit, level, year, *entry] += 1
    return book


def entries(level, what, origin, destination):
    """What one happening enters in the account of a level: place and component."""
    out, into = (None if item is None else place_of(item, level) for item in (origin, destination))
    if what == "move":
        if out == into:
            return []
        kind = "coverage" if "unplaceable" in (out, into) else "moves"
        return [(out, f"{kind}_out"), (into, f"{kind}_in")]
    if "unplaceable" in (out, into):
        what = {"immigration": "coverage_in", "emigration": "coverage_out"}.get(what, what)
    return [(out or into, what)]


def in_stock(panel, unit, lived):
    """Object on every stock day, None when not in the stock."""
    seen = {
        date: here
        for date, here, heads, dies in lived
        if here is not None and not dies and (unit == "persons" or heads)
    }
    return [seen.get(date) for date in panel.stock_days]


def between(level, was, becomes, first, last):
    """What two stocks enter: place, class and component."""
    if first is not None:
        yield place_of(first, level), was, "stock_start"
    if last is None:
        return
    place = place_of(last, level)
    yield place, becomes, "stock_end"
    if was != becomes:
        step = "coverage" if first is None else "class"
        yield place, becomes, f"{step}_in"
        yield place, was, f"{step}_out"
        if first is not None and place_of(first, level) != place:
            yield place, becomes, "class_in_movers"
            yield place, was, "class_out_movers"


def read(found):
    """A table of accounts as the slow reading has it."""
    return Counter(
        {
            (*(row[name] for name in ACCOUNT_KEYS), component): row[component]
            for row in found.iter_rows(named=True)
            for component in COMPONENTS
            if row[component]
        }
    )


@settings(max_examples=100, deadline=None)
@given(panels())
def test_the_account_equals_the_day_by_day_reading_at_every_level_in_persons_and_in_households(panel):
    found = account_of([panel], panel.years)
    assert read(found) == slow_account(panel)
    assert found.select(ACCOUNT_KEYS).is_unique().all()


@settings(max_examples=40, deadline=None)
@given(panels())
def test_nothing_remains_when_the_equation_is_worked_out_from_the_columns(panel):
    found = account_of([panel], panel.years)
    gains = ("moves_in", "births", "immigration", "class_in", "coverage_in", "formed")
    losses = ("moves_out", "deaths", "emigration", "class_out", "coverage_out", "dissolved")
    stock = pl.col("stock_start") + pl.sum_horizontal(gains) - pl.sum_horizontal(losses)
    assert found.filter(stock != pl.col("stock_end")).is_empty()
    assert (found["residual"] == 0).all()


@settings(max_examples=40, deadline=None)
@given(panels())
def test_the_stock_at_the_end_of_a_year_is_that_at_the_start_of_the_next(panel):
    found = account_of([panel], panel.years)
    keys = [name for name in ACCOUNT_KEYS if name != "year"]
    ends = found.filter(pl.col("stock_end") > 0, pl.col("year") < panel.years[-1])
    starts = found.filter(pl.col("stock_start") > 0, pl.col("year") > panel.years[0])
    left = ends.select(*keys, pl.col("year") + 1, stock="stock_end").sort(ACCOUNT_KEYS)
    assert left.equals(starts.select(*keys, "year", stock="stock_start").sort(ACCOUNT_KEYS))


@settings(max_examples=40, deadline=None)
@given(panels(), st.sets(st.sampled_from(PEOPLE)))
def test_two_partitions_of_persons_add_up_to_the_account_of_all(panel, chosen):
    is_chosen = pl.col("person").is_in(sorted(chosen))
    parts = []
    for mine in (is_chosen, ~is_chosen):
        lives = panel.lives
        rows = lives.persons.select(mine).to_series().to_numpy()
        tables = (lives.residence, lives.persons, lives.households, lives.migrations)
        part = Lives(*(frame.filter(mine) for frame in tables))
        parts.append(Panel(part, panel.slack, panel.stock_days, panel.classes[rows]))
    assert account_of(parts, panel.years).equals(account_of([panel], panel.years))
