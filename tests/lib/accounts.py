"""Accounts of drawn lives, so that a test shows who lived where and what the account says of it."""

import datetime as dt

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from mobility.flows.account import COMPONENTS, Frame, count_account, roll_up_account
from mobility.flows.events import MIGRATIONS, Lives
from mobility.income import CLASSES
from mobility.residence import reside
from mobility.stocks import take_stocks
from tests.lib.tables import HOUSEHOLD, PERSON, persons, spells, table

# The row of an area is also the number of an address in it; address 4 is a second one in buurt A1.
PLACES = table("""
    buurt       | gemeente
    unplaceable | unplaceable
    A1          | A
    A2          | A
    B1          | B
""")
AREA = pl.Series([0, 1, 2, 3, 1], dtype=pl.UInt32)
REGISTER_STARTS = dt.date(2010, 1, 1)
NEW_YEARS_EVE = dt.date(2015, 12, 31)
SLACK_DAYS = 31


def account(lived, people="", heads="", migrations="", classes="", starts=REGISTER_STARTS, last=NEW_YEARS_EVE):
    """The account from 1 January 2015 to `last`.

    Args:
        lived: registrations: person, start_date, end_date (the first day no longer), object.
        people: person, birth_date, death_date; who is left out has neither.
        heads: periods as a reference person: person, start_date, end_date.
        migrations: GBAMIGRATIEBUS.
        classes: person, and the class at every stock; who is left out is q1.
        starts: first day of the register.
        last: last day that counts.
    """
    registered = spells(lived)
    known = persons(people) if people else pl.DataFrame(schema=PERSON)
    everybody = registered.select("person").unique().sort("person").join(known, on="person", how="left")
    everybody = everybody.sort("person").select(*PERSON)
    lives = Lives(
        residence=reside(registered, everybody, SLACK_DAYS, last).spells,
        persons=everybody,
        households=reference_periods(heads),
        migrations=table(migrations, **MIGRATIONS) if migrations else pl.DataFrame(schema=MIGRATIONS),
    )
    days = [dt.date(year, 12, 31) for year in range(2014, last.year)] + [last]
    frame = Frame(range(2015, last.year + 1), PLACES.height)
    stocks = take_stocks(lives.residence, everybody, lives.households, days)
    at_stocks = classes_at_stocks(classes, everybody, len(days))
    counted = count_account(lives, AREA, stocks, at_stocks, frame, starts, SLACK_DAYS)
    return roll_up_account(counted, frame, PLACES, ("buurt", "gemeente"))


def reference_periods(drawn):
    if not drawn:
        return pl.DataFrame(schema=HOUSEHOLD)
    periods = table(drawn).with_row_index("household")
    alone = periods.with_columns(household_size=pl.lit(1), household_type=pl.lit(1), reference_person=pl.lit(True))
    alone = alone.with_columns(is_child=pl.lit(False), children=pl.lit(0))
    return alone.select(*HOUSEHOLD).cast(HOUSEHOLD).sort("person", "start_date")


def classes_at_stocks(drawn, everybody, stocks):
    rows = {row[0]: row[1:] for row in table(drawn).iter_rows()} if drawn else {}
    return np.array([[CLASSES.index(name) for name in rows.get(p, ["q1"] * stocks)] for p in everybody["person"]])


def assert_account(found, drawn, level="gemeente", unit="persons", year=2015):
    """The rows of one level, unit and year are those drawn; columns not drawn are 0, the class not drawn is q1."""
    expected = table(drawn)
    left_out = dict.fromkeys(COMPONENTS, 0) | {"income_class": "q1"}
    expected = expected.with_columns(
        pl.lit(value).alias(name) for name, value in left_out.items() if name not in expected.columns
    )
    columns = ["place", "income_class", *COMPONENTS]
    rows = found.filter(pl.col("level") == level, pl.col("unit") == unit, pl.col("year") == year)
    assert_frame_equal(rows.select(columns), expected.select(columns), check_dtypes=False, check_row_order=False)
