"""What happens to persons between two stocks: entries, exits, changes of address, and becoming a reference person. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from mobility.panel.lookup import ByDay

BIRTH, DEATH, IMMIGRATION, EMIGRATION, COVERAGE_IN, COVERAGE_OUT = (
    "births",
    "deaths",
    "immigration",
    "emigration",
    "coverage_in",
    "coverage_out",
)
During = tuple[dt.date, dt.date]  # first and last day
MIGRATIONS = {"person": pl.UInt32, "migration_date": pl.Date, "migration_kind": pl.String}


@dataclass(frozen=True)
class Lives:
    """One partition of persons.

    Attributes:
        residence: contract `tables.Residence`.
        persons: contract `tables.Person`.
        households: contract `tables.HouseholdSpell`.
        migrations: columns of `MIGRATIONS`; without rows where GBAMIGRATIEBUS is not there.
    """

    residence: pl.DataFrame
    persons: pl.DataFrame
    households: pl.DataFrame
    migrations: pl.DataFrame

    @cached_property
    def household_on(self) -> ByDay:
        """Household of everybody by day."""
        return ByDay(self.households)


def entries(lives: Lives, first_day: dt.date, slack_days: int, during: During) -> pl.DataFrame:
    """Beginnings of residence: one row per entry, `person`, `date`, `day_there` (both the first day), `object`, `kind`.

    `births`: the first spell starts in the birth month or the next (method 1). `coverage_in`: the first spell starts on the
    first day of the register or before, so nobody knows when it began; or GBAMIGRATIEBUS tells of an administrative re-entry
    within `slack_days`. Every other entry is `immigration`.

    Args:
        lives: of one partition.
        first_day: of the address register.
        slack_days: within which an event of GBAMIGRATIEBUS belongs to an entry.
        during: first and last day of the entries.
    """
    first = pl.col("person").ne_missing(pl.col("person").shift())
    returns = pl.col("object").shift().is_null()
    persons = lives.persons
    found = lives.residence.with_columns(is_first=first, returns=returns).filter(
        pl.col("object").is_not_null(), pl.col("is_first") | pl.col("returns"), pl.col("start_date").is_between(*during)
    )
    birth = persons["birth_date"].gather(persons["person"].search_sorted(found["person"]))
    second_month = birth.dt.offset_by("2mo")  # the register stores day 01
    registered = _near(found, lives.migrations, ("re_entry",), slack_days)
    is_birth = found["is_first"] & (found["start_date"] >= birth) & (found["start_date"] < second_month)
    is_coverage = (found["is_first"] & (found["start_date"] <= first_day)) | registered
    kind = (
        pl.when(is_birth.fill_null(False))
        .then(pl.lit(BIRTH))
        .when(is_coverage)
        .then(pl.lit(COVERAGE_IN))
        .otherwise(pl.lit(IMMIGRATION))
    )
    return found.select("person", "object", date="start_date", day_there="start_date", kind=kind)


def exits(lives: Lives, slack_days: int, during: During) -> pl.DataFrame:
    """Ends of residence: one row per exit, `person`, `date`, `day_there` (the last day), `object`, `kind`.

    `deaths` are dated by the day of death, the last day of residence; all others by the first day away. `coverage_out`:
    GBAMIGRATIEBUS tells of an administrative removal within `slack_days`. Every other exit is `emigration`.

    Args:
        lives: of one partition.
        slack_days: within which an event of GBAMIGRATIEBUS belongs to an exit.
        during: first and last day of the exits.
    """
    leaves = pl.col("object").shift(-1).is_null() | pl.col("person").ne_missing(pl.col("person").shift(-1))
    persons = lives.persons
    first, last = during
    found = lives.residence.with_columns(leaves=leaves).filter(
        "leaves", pl.col("object").is_not_null(), pl.col("end_date").is_between(first, last + dt.timedelta(days=1))
    )
    death = persons["death_date"].gather(persons["person"].search_sorted(found["person"]))
    dies = (death.dt.offset_by("1d") == found["end_date"]).fill_null(False)
    removed = _near(found.with_columns(start_date="end_date"), lives.migrations, ("removal",), slack_days)
    kind = pl.when(dies).then(pl.lit(DEATH)).when(removed).then(pl.lit(COVERAGE_OUT)).otherwise(pl.lit(EMIGRATION))
    last_there = pl.col("end_date").dt.offset_by("-1d")
    return found.select(
        "person", "object", date=pl.when(dies).then(last_there).otherwise("end_date"), day_there=last_there, kind=kind
    ).filter(pl.col("date").is_between(first, last))


def _near(found: pl.DataFrame, migrations: pl.DataFrame, kinds: tuple[str, ...], slack_days: int) -> pl.Series:
    """Whether an event of one of these kinds lies within so many days of `start_date` of each row."""
    asked = migrations.filter(pl.col("migration_kind").is_in(kinds))
    day = pl.col("migration_date")
    # Periods are equally long, so of those of one person that overlap the one that starts last ends last.
    reach = asked.select(
        "person",
        start_date=day.dt.offset_by(f"-{slack_days}d"),
        end_date=day.dt.offset_by(f"{slack_days + 1}d"),
    ).sort("person", "start_date")
    return pl.Series(ByDay(reach).row(found["person"], found["start_date"]) >= 0)


def reference_on(households: ByDay, persons: pl.Series, days: pl.Series) -> pl.Series:
    """Whether each person is the reference person of a BRP household on a day of their own.

    Args:
        households: of contract `tables.HouseholdSpell`.
        persons: of whom.
        days: one for each person.
    """
    return households.value("reference_person", persons, days).fill_null(False)


def reference_changes(households: pl.DataFrame) -> pl.DataFrame:
    """Days on which a person becomes, or is no longer, a reference person: `person`, `date`, `becomes`.

    A spell of the same kind that follows at once is no change.

    Args:
        households: contract `tables.HouseholdSpell`.
    """
    heads = households.filter("reference_person").select("person", "start_date", "end_date")
    same = pl.col("person") == pl.col("person").shift()
    goes_on = (same & (pl.col("start_date") == pl.col("end_date").shift())).fill_null(False)
    marked = heads.with_columns(is_first=~goes_on, is_last=goes_on.shift(-1).fill_null(False).not_())
    begins = marked.filter("is_first").select("person", date="start_date", becomes=pl.lit(True))
    ends = marked.filter("is_last", pl.col("end_date").is_not_null())
    return pl.concat([begins, ends.select("person", date="end_date", becomes=pl.lit(False))])


def changes_at_home(lives: Lives, during: During) -> pl.DataFrame:
    """Becoming (`formed`) and ceasing to be (`dissolved`) a reference person: `person`, `date`, `object`, `kind`.

    The object is that of the day when formed and that of the day before when dissolved. Only of those who live in the country
    on both days: who enters, leaves or dies as a reference person is counted there.

    Args:
        lives: of one partition.
        during: first and last day of the changes.
    """
    residence = ByDay(lives.residence)
    changes = reference_changes(lives.households).filter(pl.col("date").is_between(*during))
    before = changes["date"].dt.offset_by("-1d")
    there = residence.value("object", changes["person"], changes["date"])
    was = residence.value("object", changes["person"], before)
    kept = changes.with_columns(there.alias("there"), was.alias("was")).drop_nulls(["there", "was"])
    return kept.select(
        "person",
        "date",
        object=pl.when("becomes").then("there").otherwise("was"),
        kind=pl.when("becomes").then(pl.lit("formed")).otherwise(pl.lit("dissolved")),
    )


def year_place(dates: pl.Series, first_year: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Calendar years as places counted from the first year of a study; negative before it."""
    return (dates.dt.year().cast(pl.Int64) - first_year).to_numpy()
