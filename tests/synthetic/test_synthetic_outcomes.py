"""The truth's reading of outcomes, on itineraries drawn by hand: `state first-day`, the programme starts on 2016-01-01."""

from __future__ import annotations

from datetime import date

import pytest

from mobility.synthetic.cohort import Member, Stay
from mobility.synthetic.outcomes import judge

START = date(2016, 1, 1)
COHORT = date(2014, 1, 1)
CUT_OFF = date(2023, 12, 31)
CORE = "growth_core:GM9102"


def member(*steps: tuple[str, str], death: str | None = None, start: date = START) -> Member:
    """A member who lives in these states from these days; `away` is a gap, and death ends the last."""
    days = [date.fromisoformat(day) for _, day in steps]
    ends: list[date | None] = [*days[1:], None]
    died = date.fromisoformat(death) if death else None
    if died is not None:
        ends[-1] = date.fromordinal(died.toordinal() + 1)
    stays = tuple(
        Stay(day, end, state) for (state, _), day, end in zip(steps, days, ends, strict=True) if state != "away"
    )
    return Member(0, "WK910101", start, COHORT, "q1", stays, died)


HOME = ("home", "2010-05-01")
CASES = {
    "stayed": ([HOME], "stayed", "-"),
    "a short absence is absorbed": ([HOME, ("same_city", "2017-01-01"), ("home", "2017-03-31")], "stayed", "-"),
    "ninety days away count": ([HOME, ("same_city", "2017-01-01"), ("home", "2017-04-01")], "temporary", "-"),
    "abroad at the end": ([HOME, ("away", "2018-01-01")], "away", "-"),
    "abroad and home again": ([HOME, ("away", "2018-01-01"), ("home", "2020-01-01")], "stayed", "-"),
    "institution": ([HOME, ("institution", "2018-01-01")], "institution", "-"),
    "left": ([HOME, ("satellite", "2018-01-01")], "left", "-"),
    "returned": ([HOME, ("satellite", "2016-01-01"), ("home", "2018-01-02")], "returned", "-"),
    "temporary to the day": ([HOME, ("satellite", "2016-01-01"), ("home", "2018-01-01")], "temporary", "-"),
    "direct": ([HOME, (CORE, "2017-06-01")], "chain", "direct"),
    "one stop": ([HOME, ("same_city", "2016-06-01"), (CORE, "2017-06-01")], "chain", "stepwise"),
    "three stops": (
        [
            HOME,
            ("same_city", "2016-06-01"),
            ("satellite", "2017-01-01"),
            ("centre", "2017-06-01"),
            (CORE, "2018-01-01"),
        ],
        "chain",
        "stepwise",
    ),
    "four stops": (
        [
            HOME,
            ("same_city", "2016-01-01"),
            ("satellite", "2016-06-01"),
            ("centre", "2017-01-01"),
            ("periphery", "2017-06-01"),
            (CORE, "2018-01-01"),
        ],
        "late",
        "stepwise",
    ),
    "a stop too long": ([HOME, ("same_city", "2016-01-01"), (CORE, "2019-01-02")], "late", "stepwise"),
    "a stop just not too long": ([HOME, ("same_city", "2016-01-01"), (CORE, "2019-01-01")], "chain", "stepwise"),
    "exit on the last day": ([HOME, (CORE, "2021-01-01")], "chain", "direct"),
    "exit a day late": ([HOME, (CORE, "2021-01-02")], "late", "direct"),
    "by way of another region": (
        [HOME, ("other_region", "2016-06-01"), (CORE, "2017-06-01")],
        "interrupted",
        "stepwise",
    ),
    "by way of abroad": (
        [HOME, ("same_city", "2016-01-01"), ("away", "2016-06-01"), (CORE, "2017-06-01")],
        "interrupted",
        "stepwise",
    ),
    "home in between": (
        [HOME, ("same_city", "2016-01-01"), ("home", "2016-06-01"), (CORE, "2017-06-01")],
        "temporary",
        "stepwise",
    ),
    "home after arrival": ([HOME, (CORE, "2016-06-01"), ("home", "2018-01-01")], "reversed", "direct"),
    "arrived a year ago": ([HOME, (CORE, "2023-01-01")], "late", "direct"),
    "arrived less than a year ago": ([HOME, (CORE, "2023-01-02")], "provisional", "-"),
    "arrived just now": ([HOME, (CORE, "2023-10-04")], "left", "-"),
    "a short stay in a growth core is a stop": (
        [HOME, ("growth_core:GM9103", "2016-06-01"), (CORE, "2017-05-31")],
        "chain",
        "stepwise",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_outcomes(name: str) -> None:
    steps, outcome, path = CASES[name]
    found = judge(member(*steps), CUT_OFF)
    assert (found.outcome, found.path) == (outcome, path)


def test_a_chain_has_its_dates_and_destination() -> None:
    found = judge(member(HOME, ("same_city", "2016-06-01"), (CORE, "2017-06-01")), CUT_OFF)
    assert (found.exit_date, found.arrival_date, found.destination) == (date(2016, 6, 1), date(2017, 6, 1), "GM9102")


def test_death_at_home_is_an_outcome_and_elsewhere_is_not() -> None:
    assert judge(member(HOME, death="2018-05-05"), CUT_OFF).outcome == "dead"
    assert judge(member(HOME, ("satellite", "2016-05-05"), death="2018-05-05"), CUT_OFF).outcome == "left"


def test_who_cannot_be_followed_for_five_years_is_censored() -> None:
    assert judge(member(HOME, start=date(2019, 1, 1)), CUT_OFF).outcome == "censored"
    assert judge(member(HOME, start=date(2018, 12, 31)), CUT_OFF).outcome == "stayed"
