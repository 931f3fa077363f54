"""Method 6: the cohort, the itinerary, and one outcome for each member.

Every outcome is drawn once, with its boundary days.
"""

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from mobility.areas import Derivation, Line, ProgrammeArea, Zoning
from mobility.chains.cohort import Dwellings, People, exposures, find_members
from mobility.chains.derived import derive_areas
from mobility.chains.itinerary import absorb_short, find_episodes, merge_equal
from mobility.chains.outcome import find_outcomes
from mobility.chains.programmes import follow
from mobility.chains.tables import add_baseline_households, count_members, mark_first_cohort
from mobility.chains.translated import translate
from mobility.errors import RequestError
from mobility.places import zone_areas
from mobility.settings import Chains
from tests.lib.tables import assert_table, households, persons, spells, table

RULES = Chains(
    lead_months=24, minimum_age=23, minimum_stay_months=12, income_years=3, income_years_observed=2, exit_months=60,
    exit_scope="area",
    follow_up_months=132, arrival_months=60, settled_months=12, min_episode_days=90, max_stops=3, max_stop_months=36,
    return_days=90, return_months=24, away_months=12,
)  # fmt: skip
CUT_OFF = dt.date(2023, 12, 31)

# The place of an area is its id: 1 is R, 2 another buurt of the city, 3 and 4 growth cores, 5 a satellite, 6 another region.
AREAS = table("""
    gemeente    | wijk        | buurt
    unplaceable | unplaceable | unplaceable
    GM0001      | WK000101    | BU00010101
    GM0001      | WK000102    | BU00010201
    GM0002      | WK000201    | BU00020101
    GM0003      | WK000301    | BU00030101
    GM0004      | WK000401    | BU00040101
    GM0005      | WK000501    | BU00050101
""")
ZONING = Zoning(
    name="drawn",
    geography_year=2023,
    titles=(),
    lines=(
        Line("GM0001", "delta", "city"),
        Line("GM0002", "delta", "growth_core"),
        Line("GM0003", "delta", "growth_core"),
        Line("GM0004", "delta", "satellite"),
        Line("GM0005", "other", "city"),
    ),
)
R = ProgrammeArea(
    "drawn", "R", ("WK000101",), dt.date(2010, 1, 1)
)  # cohort date 1 January 2008; exits count until 2015
FOLLOWED = follow(R, zone_areas(AREAS, ZONING), RULES, CUT_OFF)


def test_with_the_city_as_exit_scope_moving_within_it_is_no_exit():
    wide = follow(R, zone_areas(AREAS, ZONING), replace(RULES, exit_scope="city"), CUT_OFF)
    assert wide.states.to_list()[1:3] == ["home", "home"]
    assert wide.inside.to_list() == [False, True, *[False] * 5]  # the cohort is that of the area all the same
    assert wide.states.to_list()[3:] == FOLLOWED.states.to_list()[3:]


def test_the_dates_of_a_programme_area():
    assert FOLLOWED.cohort_date == dt.date(2008, 1, 1)  # 24 months before the start
    assert FOLLOWED.exit_until == dt.date(2015, 1, 1)  # 60 months after it
    assert FOLLOWED.last_day == dt.date(2021, 1, 1)  # 132 months after it, before the cut-off


def test_the_state_of_living_somewhere_as_seen_from_the_area():
    expected = [
        "unplaceable",
        "home",
        "same_city",
        "growth_core:GM0002",
        "growth_core:GM0003",
        "satellite",
        "other_region",
    ]
    assert FOLLOWED.states.to_list() == expected


def test_a_growth_core_that_contains_the_area_is_never_a_destination():
    inside_a_core = ProgrammeArea("drawn", "in a core", ("WK000201",), dt.date(2010, 1, 1))
    two_wijken = pl.concat([AREAS, table("gemeente | wijk | buurt\nGM0002 | WK000202 | BU00020201")])
    states = follow(inside_a_core, zone_areas(two_wijken, ZONING), RULES, CUT_OFF).states
    assert (states[3], states[7], states[4]) == ("home", "same_city", "growth_core:GM0003")


def test_an_area_outside_every_region_cannot_be_followed():
    nowhere = ProgrammeArea("drawn", "nowhere", ("GM0404",), dt.date(2010, 1, 1))
    with pytest.raises(RequestError, match="must lie in one region"):
        follow(nowhere, zone_areas(AREAS, ZONING), RULES, CUT_OFF)


# --- the cohort ------------------------------------------------------------------------------------------------------

# Object 1 lies in area 1 (R), and so on; income years 2005 to 2007 for everybody: q1.
DWELLINGS = Dwellings(
    area=pl.Series([0, 1, 2, 3, 4, 5, 6], dtype=pl.UInt32),
    demolished_date=pl.Series([None] * 7, dtype=pl.Date),
    tenure=pl.DataFrame({str(year): pl.Series([0] * 7, dtype=pl.UInt8) for year in range(2007, 2016)}),
    known_from=dt.date(2005, 1, 1),
)


def people(residence, born="person | birth_date\n1 | 1970-01-01", living=None, income=(10, 10, 10)):
    everybody = persons(born)
    living = living or "person | start_date | end_date | household\n1 | 1990-01-01 | | 10"
    percentile = pl.Series([value for _ in range(everybody.height) for value in income], dtype=pl.UInt8)
    years = pl.DataFrame({"percentile": percentile}).with_columns(population=pl.lit(1, pl.UInt8))
    lived = spells(residence).with_columns(since="start_date")
    return People(everybody, lived, households(living), years, (2005, 2007))


IN_R_SINCE_2000 = "person | start_date | end_date | object\n1 | 2000-01-01 | | 1"


def is_member(residence=IN_R_SINCE_2000, **known):
    members, left_out = find_members(people(residence, **known), DWELLINGS, FOLLOWED, RULES)
    assert members.height + sum(left_out.values()) <= 1
    return members.height == 1


def test_an_original_resident():
    assert is_member()


@pytest.mark.parametrize(("start", "expected"), [("2007-01-01", True), ("2007-01-02", False)])
def test_at_that_address_for_at_least_twelve_months(start, expected):
    assert is_member(f"person | start_date | end_date | object\n1 | {start} | | 1") is expected


@pytest.mark.parametrize(("end", "expected"), [("2008-01-02", True), ("2008-01-01", False)])
def test_living_there_on_the_cohort_date(end, expected):
    assert (
        is_member(f"person | start_date | end_date | object\n1 | 2000-01-01 | {end} | 1\n1 | {end} | | 2") is expected
    )


@pytest.mark.parametrize(("born", "expected"), [("1985-01-01", True), ("1985-02-01", False)])
def test_aged_23_or_over_on_the_cohort_date(born, expected):
    assert is_member(born=f"person | birth_date\n1 | {born}") is expected


def test_in_a_private_household():
    assert not is_member(
        living="person | start_date | end_date | household | household_type\n1 | 1990-01-01 | | 10 | 8"
    )


def test_with_a_known_class():
    assert not is_member(income=(None, None, 10))
    assert is_member(income=(None, 10, 10))


@pytest.mark.parametrize(
    ("demolished", "tenures", "expected"),
    [
        (dt.date(2008, 1, 1), ["social"] * 8, "dwelling"),
        (dt.date(2015, 1, 1), ["social"] * 8, "dwelling"),
        (dt.date(2015, 1, 2), ["social"] * 8, "area"),
        (None, ["social", "social", "owner"], "sold"),
        (None, ["owner", "owner", "social"], "area"),
        (None, ["social", "unknown", "social"], "area"),
    ],
)
def test_exposure_of_a_baseline_dwelling(demolished, tenures, expected):
    place = {"unknown": 0, "owner": 1, "social": 2, "private": 3}
    dwellings = Dwellings(
        area=pl.Series([1], dtype=pl.UInt32),
        demolished_date=pl.Series([demolished], dtype=pl.Date),
        tenure=pl.DataFrame(
            {str(2008 + n): pl.Series([place[name]], dtype=pl.UInt8) for n, name in enumerate(tenures)}
        ),
        known_from=dt.date(2005, 1, 1),
    )
    assert exposures(pl.Series([0], dtype=pl.UInt32), dwellings, FOLLOWED).to_list() == [expected]


def test_exposure_is_unknown_before_the_registers_can_tell():
    late = Dwellings(DWELLINGS.area, DWELLINGS.demolished_date, DWELLINGS.tenure, dt.date(2012, 1, 1))
    assert exposures(pl.Series([1], dtype=pl.UInt32), late, FOLLOWED).to_list() == ["unknown"]


def test_a_baseline_household_counts_once_through_its_oldest_cohort_member():
    members = table("""
        person | birth_date | household | area
        1      | 1970-01-01 | 10        | R
        2      | 1960-01-01 | 10        | R
        3      | 1960-01-01 | 11        | R
    """).with_columns(cell_key=pl.lit(1), is_first_cohort=pl.lit(True))
    carried = add_baseline_households(members)
    assert_table(carried, "person | carrier | is_carrier\n1 | 2 | false\n2 | 2 | true\n3 | 3 | true")
    assert_table(count_members(carried, ("area",)), "area | persons | households | household_weight\nR | 3 | 2 | 2")


def test_who_belongs_to_two_cohorts_is_one_person_behind_the_counts():
    members = table("""
        person | cohort_date | programme | area
        1      | 2010-01-01  | one       | A
        1      | 2012-01-01  | one       | B
        2      | 2012-01-01  | one       | B
        2      | 2012-01-01  | another   | C
    """)
    assert_table(
        mark_first_cohort(members),
        """
        person | area | is_first_cohort
        1      | A    | true
        1      | B    | false
        2      | C    | true
        2      | B    | false
    """,
    )


# --- the itinerary ---------------------------------------------------------------------------------------------------


def itinerary(residence, **known):
    known_people = people(residence, **known)
    members = pl.DataFrame({"person": pl.Series([1], dtype=pl.UInt32)})
    return find_episodes(members, known_people, DWELLINGS, FOLLOWED)


def test_the_itinerary_runs_from_the_cohort_date_to_the_end_of_following_in_episodes_of_constant_state():
    found = itinerary("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2009-05-01 | 1
        1      | 2009-05-01 | 2010-05-01 | 5
        1      | 2010-05-01 | 2011-05-01 |
        1      | 2011-05-01 |            | 3
    """)
    assert_table(
        found,
        """
        state              | start_date | end_date
        home               | 2008-01-01 | 2009-05-01
        satellite          | 2009-05-01 | 2010-05-01
        away               | 2010-05-01 | 2011-05-01
        growth_core:GM0002 | 2011-05-01 | 2021-01-02
    """,
    )


def test_a_stay_in_an_institutional_household_is_a_state_of_its_own_wherever_it_is():
    found = itinerary(
        IN_R_SINCE_2000,
        living="""
            person | start_date | end_date   | household | household_type
            1      | 1990-01-01 | 2012-03-01 | 10        | 1
            1      | 2012-03-01 | 2013-03-01 | 11        | 8
            1      | 2013-03-01 |            | 12        | 1
        """,
    )
    assert_table(
        found,
        """
        state       | start_date | end_date
        home        | 2008-01-01 | 2012-03-01
        institution | 2012-03-01 | 2013-03-01
        home        | 2013-03-01 | 2021-01-02
    """,
    )


def test_after_the_day_of_death_the_state_is_dead():
    found = itinerary(
        "person | start_date | end_date | object\n1 | 2000-01-01 | 2012-06-11 | 1",
        born="person | birth_date | death_date\n1 | 1970-01-01 | 2012-06-10",
    )
    assert_table(found, "state | start_date | end_date\nhome | 2008-01-01 | 2012-06-11\ndead | 2012-06-11 | 2021-01-02")


def test_moving_within_the_home_area_is_one_episode():
    drawn = table("""
        person | state | start_date | end_date   | area
        1      | home  | 2008-01-01 | 2009-01-01 | 1
        1      | home  | 2009-01-01 | 2010-01-01 | 1
        2      | home  | 2008-01-01 | 2010-01-01 | 1
    """)
    expected = (
        "person | state | start_date | end_date\n1 | home | 2008-01-01 | 2010-01-01\n2 | home | 2008-01-01 | 2010-01-01"
    )
    assert_table(merge_equal(drawn), expected)


def absorbed(*states_and_days, person=1):
    """Episodes with the given states and lengths in days, from the cohort date on, after absorbing."""
    return absorb_short(episodes(*states_and_days, person=person), 90)["state"].to_list()


def episodes(*states_and_days, person=1):
    day, rows = FOLLOWED.cohort_date, []
    for state, days in states_and_days:
        rows.append((person, state, day, day + dt.timedelta(days=days), 1))
        day += dt.timedelta(days=days)
    schema = {"person": pl.UInt32, "state": pl.String, "start_date": pl.Date, "end_date": pl.Date, "area": pl.UInt32}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ([("home", 500), ("away", 89), ("home", 500)], ["home"]),
        ([("home", 500), ("away", 90), ("home", 500)], ["home", "away", "home"]),
        ([("home", 500), ("away", 20), ("satellite", 500)], ["home", "away", "satellite"]),  # the neighbours differ
        ([("away", 20), ("home", 500)], ["away", "home"]),  # the first is never absorbed
        ([("home", 500), ("away", 20)], ["home", "away"]),  # nor the running last
        # From the earliest on: the first away goes, so that the satellite has two homes beside it and goes too.
        ([("home", 500), ("away", 20), ("home", 30), ("satellite", 20), ("home", 500)], ["home"]),
        # The short home between two satellites is absorbed first; the satellite is then long.
        ([("home", 500), ("satellite", 60), ("home", 60), ("satellite", 60), ("other_region", 500)],
         ["home", "satellite", "other_region"]),
    ],
)  # fmt: skip
def test_short_episodes_between_equal_neighbours_are_absorbed_from_the_earliest_on(drawn, expected):
    assert absorbed(*drawn) == expected


# --- the outcome -----------------------------------------------------------------------------------------------------

G, OTHER_G = "growth_core:GM0002", "growth_core:GM0003"
FOLLOW_UP = (FOLLOWED.end - FOLLOWED.cohort_date).days


def outcome(*states_and_days, followed=FOLLOWED):
    """What becomes of somebody whose last state, without days, runs to the end of following."""
    *before, last = states_and_days
    span = (followed.end - followed.cohort_date).days
    drawn = [*before, (last, span - sum(days for _, days in before))]
    return find_outcomes(episodes(*drawn), followed, RULES).row(0, named=True)


@pytest.mark.parametrize(
    ("drawn", "expected", "path"),
    [
        (["home"], "stayed", "-"),
        ([("home", 1000), "dead"], "dead", "-"),
        ([("home", 1000), "away"], "away", "-"),
        ([("home", 1000), ("institution", 400), "dead"], "institution", "-"),
        ([("home", 1000), ("away", 400), "home"], "stayed", "-"),
        ([("home", 1000), "unplaceable"], "stayed", "-"),
        ([("home", 1000), "satellite"], "left", "-"),
        ([("home", 1000), ("satellite", 500), "dead"], "left", "-"),
        # settled arrivals
        ([("home", 1000), G], "chain", "direct"),
        ([("home", 1000), ("satellite", 500), G], "chain", "stepwise"),
        ([("home", 1000), ("same_city", 300), ("satellite", 300), (OTHER_G, 300), G], "chain", "stepwise"),
        (
            [("home", 500), ("same_city", 300), ("satellite", 300), ("city", 300), ("centre", 300), G],
            "late",
            "stepwise",
        ),
        ([("home", 1000), ("away", 200), ("satellite", 100), G], "chain", "stepwise"),
        ([("home", 1000), ("satellite", 100), ("away", 200), G], "interrupted", "stepwise"),
        ([("home", 1000), ("other_region", 200), G], "interrupted", "stepwise"),
        ([("home", 1000), ("satellite", 1400), G], "late", "stepwise"),  # a stop of more than 36 months
        ([("home", 2600), G], "late", "direct"),  # the exit comes more than 60 months after the start
        ([("home", 1000), (G, 1000), ("home", 90), "satellite"], "reversed", "direct"),
        ([("home", 1000), (G, 1000), ("home", 89), "satellite"], "chain", "direct"),
        ([("home", 1000), ("satellite", 300), ("home", 200), G], "temporary", "stepwise"),
        ([("home", 1000), ("satellite", 900), ("home", 200), G], "returned", "stepwise"),
        # no settled arrival
        ([("home", 1000), ("satellite", 300), "home"], "temporary", "-"),
        ([("home", 1000), ("satellite", 900), "home"], "returned", "-"),
        ([("home", 1000), (G, 200), "satellite"], "left", "-"),
    ],
)
def test_outcome_of_an_itinerary(drawn, expected, path):
    found = outcome(*drawn)
    assert (found["outcome"], found["path"]) == (expected, path)


def test_an_arrival_is_settled_on_the_day_the_stay_reaches_twelve_months():
    # From 27 September 2010 to 27 September 2011 are 365 days.
    assert outcome(("home", 1000), (G, 365), "satellite")["outcome"] == "chain"
    assert outcome(("home", 1000), (G, 364), "satellite")["outcome"] == "left"


def test_a_stay_in_a_growth_core_that_still_runs_is_provisional_from_90_days_on():
    provisional = outcome(("home", FOLLOW_UP - 90), G)
    assert (provisional["outcome"], provisional["destination"]) == ("provisional", "GM0002")
    assert outcome(("home", FOLLOW_UP - 89), G)["outcome"] == "left"


def test_an_exit_counts_until_sixty_months_after_the_start():
    until = (FOLLOWED.exit_until - FOLLOWED.cohort_date).days
    assert outcome(("home", until), G)["outcome"] == "chain"
    assert outcome(("home", until + 1), G)["outcome"] == "late"


def test_who_is_not_followed_for_sixty_months_is_censored():
    short = follow(R, zone_areas(AREAS, ZONING), RULES, dt.date(2014, 12, 31))
    assert outcome("home", followed=short)["outcome"] == "censored"


def test_destination_stops_and_dates():
    found = outcome(("home", 1000), ("satellite", 100), ("same_city", 200), G)
    assert (found["destination"], found["stops"], found["stop_states"]) == ("GM0002", 2, "satellite>same_city")
    assert (found["exit_date"], found["arrival_date"]) == (dt.date(2010, 9, 27), dt.date(2011, 7, 24))
    assert outcome(("home", 1000), "satellite")["destination"] == "satellite"
    assert outcome("home")["destination"] == "-"


# --- areas found in the registers ------------------------------------------------------------------------------------


def test_an_area_starts_in_the_first_year_of_which_enough_corporation_dwellings_are_demolished_or_sold():
    # Ten dwellings in wijk 1, of a corporation in 2012: one is demolished in 2014, one is sold by 2016, two stand empty of
    # tenure.
    dwellings = 10
    social, owner, unknown = 2, 1, 0
    tenure = pl.DataFrame(
        {
            "2012": [social] * dwellings,
            "2013": [social] * dwellings,
            "2016": [social] * 7 + [owner, unknown, unknown],
            "2018": [social] * 4 + [owner] * 6,
        }
    ).cast(pl.UInt8)
    gone = pl.Series([dt.date(2014, 5, 1)] + [None] * 9, dtype=pl.Date)
    zoned = zone_areas(AREAS, ZONING)

    def starts(area=1, **changed):
        numbers = {"first_year": 2012, "last_year": 2016, "window_years": 5, "least_share": 0.2, "least_dwellings": 10}
        rule = Derivation("derived", "wijk", **(numbers | changed))
        found = derive_areas(rule, zoned, pl.Series([area] * dwellings, dtype=pl.UInt32), gone, tenure)
        return [(each.area, each.codes, each.start) for each in found]

    assert starts() == [("WK000101", ("WK000101",), dt.date(2012, 1, 1))]  # two of ten until 1 January 2017
    assert starts(least_share=0.3) == [("WK000101", ("WK000101",), dt.date(2013, 1, 1))]  # until 2018 seven of ten
    assert starts(window_years=2, least_dwellings=7) == [
        ("WK000101", ("WK000101",), dt.date(2016, 1, 1))
    ]  # three of seven
    assert starts(least_dwellings=11) == []
    assert starts(area=0) == []  # no region


def test_a_list_in_codes_of_another_year_is_translated_buurt_by_buurt():
    # In 2009 wijk 000901 held all of today's buurt 00010101 (area 1), half of 00010201 (area 2) and one in three of 00020101
    # (area 3).
    written = table("""
        object_type | object_number | gemeente | wijk   | buurt
        B           | a             | 0009     | 000901 | 00090101
        B           | b             | 0009     | 000901 | 00090101
        B           | c             | 0009     | 000902 | 00090201
        B           | d             | 0009     | 000901 | 00090102
        B           | e             | 0009     | 000903 | 00090301
        B           | f             | 0009     | 000903 | 00090301
        B           | g             |          |        |
    """, gemeente=pl.String, wijk=pl.String, buurt=pl.String).with_columns(
        pl.col("gemeente").str.zfill(4), pl.col("wijk", "buurt").str.pad_start(6, "0")
    )  # fmt: skip
    written = written.with_columns(buurt=pl.col("buurt").str.zfill(8))
    objects = table("""
        object_type | object_number | area
        B           | a             | 1
        B           | b             | 2
        B           | c             | 2
        B           | d             | 3
        B           | e             | 3
        B           | f             | 3
        B           | g             | 1
        H           | a             | 4
    """)
    old = ProgrammeArea("drawn", "R", ("WK000901",), dt.date(2010, 1, 1))
    assert translate((old,), 2009, written, objects, AREAS)[0].codes == ("BU00010101", "BU00010201")
    nowhere = ProgrammeArea("drawn", "N", ("WK000999",), dt.date(2010, 1, 1))
    with pytest.raises(RequestError, match="no buurt of the study lies in its codes"):
        translate((nowhere,), 2009, written, objects, AREAS)
