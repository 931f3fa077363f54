"""The state of one block of the country: its people, their households, the dwellings and the log of events.

A block is independent of all others: its own people, households and dwellings over the same geography. Everything is an
array; a person, household or dwelling is an index. One month is one step; a household meets at most one event in a
month, so the events of a household are in order by construction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mobility.synthetic.days import FOREVER, AnyInts, Bools, Floats, Ints, Smalls

NOBODY = -1
NEVER = 1_000_000  # a month or day that does not come

# Place of a person in the household.
CHILD, HEAD, PARTNER, RESIDENT, OTHER = range(5)

# Tenure of a dwelling; an institution has none.
OWNER, SOCIAL, PRIVATE, NO_TENURE = range(4)

DIRECT, STEP, SECOND_STEP, RETURN = range(1, 5)  # what a household plans


@dataclass
class People:
    """One element per person ever registered; `used` of them exist so far."""

    birth: Ints
    sex: Smalls  # 1 man, 2 woman
    mother: Ints  # NOBODY when not known
    father: Ints
    death: Ints  # FOREVER while alive
    household: Ints  # NOBODY when dead, abroad or not yet there
    role: Smalls
    ability: Floats  # persistent earning power, in standard deviations
    student_until: Ints
    left_household: Ints  # the household with which a person went abroad
    planted: Bools
    percentile: Smalls  # persons x years: the recorded income percentile; 0 where there is none
    used: int = 0


@dataclass
class Households:
    """One element per household ever; a household whose head is NOBODY exists no more."""

    head: Ints
    partner: Ints
    dwelling: Ints
    since: Ints  # first day in the dwelling
    married: Bools
    percentile: Smalls
    move_rate: Floats  # moves a year
    phase: Smalls  # 0 young, 1 family, 2 older: what places appeal
    settled_until: Ints  # month until which it stays put
    plan: Smalls
    plan_month: Ints
    return_wijk: Ints  # to which it plans to return
    return_month: Ints
    return_dwelling: Ints  # where it lived before it went abroad
    touched: Ints  # last month with an event
    institution: Bools
    used: int = 0


@dataclass
class Stock:
    """One element per dwelling ever built, then institutions."""

    buurt: Ints
    tenure: Smalls
    quality: Floats
    start: Ints
    end: Ints  # day on which it is no more
    closed_from: Ints  # nobody is admitted from this day
    evict_month: Ints
    sale_from: Ints  # sold by the corporation when it falls vacant after this day
    sold: Ints
    occupant: Ints
    free_from: Ints
    floor_m2: Ints
    east: Ints
    north: Ints
    built_year: Ints
    used: int = 0


@dataclass
class Log:
    """What happened, as lists of arrays that are joined once at the end."""

    address: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)  # person, day, dwelling or NOBODY
    member: list[tuple[Ints, Ints, Ints, Smalls]] = field(
        default_factory=list
    )  # person, day, household or NOBODY, role
    change: list[tuple[Ints, Ints, Smalls]] = field(default_factory=list)  # household, day, married


@dataclass
class World:
    """One block."""

    people: People
    homes: Households
    stock: Stock
    log: Log
    rng: np.random.Generator
    months: Ints  # day number of the first of each month
    first_year: int
    month: int = 0

    @property
    def today(self) -> int:
        """First day of the running month."""
        return int(self.months[self.month])

    def days(self, count: int) -> Ints:
        """Random days of the running month."""
        days: Ints = self.rng.integers(self.months[self.month], self.months[self.month + 1], count, dtype=np.int32)
        return days

    def active_households(self) -> Ints:
        """Private households that exist."""
        homes = self.homes
        return np.flatnonzero(homes.head[: homes.used] >= 0).astype(np.int32)

    def untouched(self, households: Ints) -> Ints:
        """Those of the households that have met no event in this month."""
        untouched: Ints = households[self.homes.touched[households] != self.month]
        return untouched

    def touch(self, households: AnyInts) -> None:
        """Note that the households have met their event of this month."""
        self.homes.touched[households] = self.month

    def members(self, households: AnyInts) -> Ints:
        """All persons of the households, by person number."""
        wanted = np.zeros(self.homes.used + 1, dtype=bool)  # the last element answers for NOBODY
        wanted[households] = True
        people = self.people
        return np.flatnonzero(wanted[people.household[: people.used]]).astype(np.int32)

    def ages(self, persons: Ints) -> Floats:
        """Ages in years today."""
        return (self.today - self.people.birth[persons]) / 365.25

    def take_people(self, count: int) -> Ints:
        """Numbers of `count` new persons."""
        people = self.people
        taken = np.arange(people.used, people.used + count, dtype=np.int32)
        people.used += count
        return taken

    def take_households(self, count: int) -> Ints:
        """Numbers of `count` new households."""
        homes = self.homes
        if homes.used + count >= len(homes.head):
            _double(homes)
        taken = np.arange(homes.used, homes.used + count, dtype=np.int32)
        homes.used += count
        return taken


def _double(homes: Households) -> None:
    fresh = new_households(len(homes.head))
    for name, values in vars(fresh).items():
        if isinstance(values, np.ndarray):
            setattr(homes, name, np.concatenate([getattr(homes, name), values]))


def new_people(persons: int, years: int) -> People:
    """Room for `persons` persons."""
    return People(
        birth=np.zeros(persons, dtype=np.int32),
        sex=np.zeros(persons, dtype=np.int8),
        mother=np.full(persons, NOBODY, dtype=np.int32),
        father=np.full(persons, NOBODY, dtype=np.int32),
        death=np.full(persons, FOREVER, dtype=np.int32),
        household=np.full(persons, NOBODY, dtype=np.int32),
        role=np.zeros(persons, dtype=np.int8),
        ability=np.zeros(persons),
        student_until=np.zeros(persons, dtype=np.int32),
        left_household=np.full(persons, NOBODY, dtype=np.int32),
        planted=np.zeros(persons, dtype=bool),
        percentile=np.zeros((persons, years), dtype=np.int8),
    )


def new_households(count: int) -> Households:
    """Room for `count` households."""

    def numbers(value: int) -> Ints:
        return np.full(count, value, dtype=np.int32)

    return Households(
        head=numbers(NOBODY),
        partner=numbers(NOBODY),
        dwelling=numbers(NOBODY),
        since=numbers(0),
        married=np.zeros(count, dtype=bool),
        percentile=np.full(count, 50, dtype=np.int8),
        move_rate=np.zeros(count),
        phase=np.zeros(count, dtype=np.int8),
        settled_until=numbers(-1),
        plan=np.zeros(count, dtype=np.int8),
        plan_month=numbers(NEVER),
        return_wijk=numbers(NOBODY),
        return_month=numbers(NEVER),
        return_dwelling=numbers(NOBODY),
        touched=numbers(-1),
        institution=np.zeros(count, dtype=bool),
    )
