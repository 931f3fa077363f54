"""The cohort of original residents of a programme area (method 6.1). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from mobility.chains.programmes import Followed
from mobility.days import months_after
from mobility.income import UNKNOWN, MeanPercentile
from mobility.panel.lookup import TENURES, ByDay, rows_of_all, rows_or_null
from mobility.settings import Chains
from mobility.stocks import INSTITUTIONAL

_SOCIAL = TENURES.index("social")


@dataclass(frozen=True)
class People:
    """What is known of one partition of persons; see the contracts in `panel/tables.py`.

    `residence` has one column more: `since`, of `renumbering.stays_since`.
    """

    persons: pl.DataFrame
    residence: pl.DataFrame
    households: pl.DataFrame
    incomes: pl.DataFrame
    income_years: tuple[int, int] | None

    @cached_property
    def _homes(self) -> ByDay:
        return ByDay(self.residence)

    @cached_property
    def _living(self) -> ByDay:
        return ByDay(self.households)

    @cached_property
    def _settled(self) -> dict[tuple[dt.date, dt.date], pl.DataFrame]:
        return {}

    def home_on(self, persons: pl.Series, days: pl.Series) -> pl.Series:
        """Row in `residence` of each person on a day of their own; null when there is none."""
        return rows_or_null(self._homes.row(persons, days))

    def household_on(self, persons: pl.Series, days: pl.Series) -> pl.Series:
        """Row in `households` of each person on a day of their own; null when there is none."""
        return rows_or_null(self._living.row(persons, days))

    def residence_of(self, persons: pl.Series) -> pl.DataFrame:
        """The rows of `residence` of some persons, each given once."""
        return self.residence[rows_of_all(self.residence["person"].to_numpy(), persons)]

    def households_of(self, persons: pl.Series) -> pl.DataFrame:
        """The rows of `households` of some persons, each given once."""
        return self.households[rows_of_all(self.households["person"].to_numpy(), persons)]

    def persons_of(self, persons: pl.Series) -> pl.DataFrame:
        """The rows of `persons` of some persons, each given once."""
        return self.persons[rows_of_all(self.persons["person"].to_numpy(), persons)]

    def settled_on(self, day: dt.date, since: dt.date) -> pl.DataFrame:
        """Who lives where on a day, at that address since another day or longer: `person`, `object`. Asked again, it is kept."""
        if (day, since) not in self._settled:
            self._settled.clear()
            is_there = (pl.col("start_date") <= day) & (pl.col("end_date").is_null() | (pl.col("end_date") > day))
            there = self.residence.filter(pl.col("since") <= since, is_there, pl.col("object").is_not_null())
            self._settled[(day, since)] = there.select("person", "object")
        return self._settled[(day, since)]


@dataclass(frozen=True)
class Dwellings:
    """What is known of all address objects; the place of a row is the id of the object.

    Attributes:
        area: area of each object.
        demolished_date: first day on which it is no more; null: stands.
        tenure: one column per year, places in `TENURES`.
        known_from: first day from which demolition is registered; None: never.
    """

    area: pl.Series
    demolished_date: pl.Series
    tenure: pl.DataFrame
    known_from: dt.date | None


INCOME_BAND = 5  # percentiles
EXCLUSIONS = ("too_young", "no_private_household", "class_unknown")


def find_members(
    people: People, dwellings: Dwellings, followed: Followed, rules: Chains
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The cohort of one programme area among one partition of persons, and how many residents are not in it, by reason.

    One row per member, as `find_residents` gives them, with `exposure`.
    """
    judged = find_residents(people, dwellings, followed.inside, followed.cohort_date, rules)
    left_out = {reason: int((judged["excluded"] == reason).sum()) for reason in EXCLUSIONS}
    members = judged.filter(pl.col("excluded").is_null()).drop("excluded", "income_band", "reference_person")
    return members.with_columns(exposures(members["object"], dwellings, followed)), left_out


def find_residents(
    people: People, dwellings: Dwellings, inside: pl.Series, day: dt.date, rules: Chains
) -> pl.DataFrame:
    """Who lives in some areas on a day, at that address for at least `minimum_stay_months`.

    One row per person, sorted: `person`, `object` (baseline dwelling), `birth_date`, `household` (baseline household) with
    its `household_type`, `children` and whether the person is one (`is_child`) or the one it is registered by
    (`reference_person`), `income_class` (frozen), `income_band` (of five percentiles; null without a class), and `excluded`:
    why the person is no member of a cohort of that day (of `EXCLUSIONS`; null: is one). Members are at least `minimum_age`,
    live in a private household and have a known class.

    Args:
        people: of one partition.
        dwellings: of everybody.
        inside: of each area, whether it is one of them.
        day: the cohort date.
        rules: the study's numbers.
    """
    there = people.settled_on(day, months_after(day, -rules.minimum_stay_months))
    there = there.filter(inside.gather(dwellings.area.gather(there["object"])))
    place = people.persons["person"].search_sorted(there["person"]).cast(pl.UInt32)
    days = pl.Series("day", [day], dtype=pl.Date).new_from_index(0, there.height)
    household = people.household_on(there["person"], days)
    of_household = ("household", "household_type", "is_child", "children", "reference_person")
    last_year = pl.Series("year", [day.year - 1], dtype=pl.Int64).new_from_index(0, there.height)
    known = (people.incomes, place, last_year, people.income_years)
    mean = MeanPercentile.of(*known, rules.income_years, rules.income_years_observed)
    residents = there.with_columns(
        people.persons["birth_date"].gather(place).alias("birth_date"),
        *(people.households[name].gather(household).alias(name) for name in of_household),
        mean.income_class(),
        mean.band(INCOME_BAND).alias("income_band"),
    )
    is_adult = pl.col("birth_date") <= months_after(day, -12 * rules.minimum_age)
    is_private = pl.col("household_type").is_between(1, INSTITUTIONAL - 1)
    return residents.with_columns(
        excluded=pl.when(~is_adult.fill_null(False))
        .then(pl.lit("too_young"))
        .when(~is_private.fill_null(False))
        .then(pl.lit("no_private_household"))
        .when(pl.col("income_class") == UNKNOWN)
        .then(pl.lit("class_unknown"))
    )


def exposures(objects: pl.Series, dwellings: Dwellings, followed: Followed) -> pl.Series:
    """How the programme touches each baseline dwelling, from the cohort date to `exit_until`.

    `dwelling`: it is demolished; `sold`: it leaves the corporation's stock; `area`: neither; `unknown`: before the registers
    can tell.
    """
    first, last = followed.cohort_date, followed.exit_until
    years = [int(year) for year in dwellings.tenure.columns]
    before = [year for year in years if dt.date(year, 1, 1) <= first]
    within = [year for year in years if first < dt.date(year, 1, 1) <= last]
    can_tell = dwellings.known_from is not None and first >= dwellings.known_from and bool(before)
    if not can_tell:
        return pl.Series("exposure", ["unknown"], dtype=pl.String).new_from_index(0, len(objects))
    was_social = dwellings.tenure[str(before[-1])].gather(objects) == _SOCIAL
    table = pl.DataFrame(
        {"demolished": dwellings.demolished_date.gather(objects), "was_social": was_social}
    ).with_columns(dwellings.tenure[str(year)].gather(objects).alias(str(year)) for year in within)
    is_sold = pl.any_horizontal(
        pl.lit(False), *(pl.col(str(year)).is_in([TENURES.index("owner"), TENURES.index("private")]) for year in within)
    )
    return table.select(
        exposure=pl.when(pl.col("demolished").is_between(first, last))
        .then(pl.lit("dwelling"))
        .when(pl.col("was_social") & is_sold)
        .then(pl.lit("sold"))
        .otherwise(pl.lit("area"))
    ).to_series()
