"""Method 6.4 (e): who may be compared with whom, and how many more settle in a growth core than expected, counted by hand."""

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from mobility.areas import Line, ProgrammeArea, Zoning
from mobility.chains.cohort import Dwellings, People
from mobility.chains.programmes import follow
from mobility.estimates.arms import arm_curves, back_curves
from mobility.estimates.balance import balance_table
from mobility.estimates.comparison import CELL, contrasts, count_contrast, low_residents
from mobility.estimates.excess import excess_table, whose
from mobility.estimates.homes import Homes
from mobility.estimates.mirror import count_back, count_entrants, mirror_table
from mobility.estimates.offered import FLOW_KEYS, curve_counts, flow_counts
from mobility.estimates.sensitivity import beside, one_specification
from mobility.estimates.support import SUPPORT, Behind, dates_of
from mobility.neighbours import next_to
from mobility.places import zone_areas
from mobility.settings import Estimates
from tests.lib.tables import assert_table, households, persons, spells, table
from tests.spec.test_chains import RULES

NUMBERS = Estimates(
    horizon_months=36, free_months=60, neighbour_m=250, moves_months=60, age_bands=(35, 50, 65), least_treated=10,
    least_placebos=39, draws=199, seed=1,
)  # fmt: skip


# --- neighbours ------------------------------------------------------------------------------------------------------


def test_wijken_are_next_to_each_other_when_two_addresses_lie_within_250_metres():
    addresses = table("""
        wijk | x_m  | y_m
        A    | 0    | 0
        A    | 1000 | 0
        B    | 1250 | 0
        C    | 0    | 251
        D    |      |
        E    | 1150 | 200
    """)
    assert_table(next_to(addresses, ["A"], 250), "wijk | neighbour\nA | B\nA | E")


# --- eligible wijken -------------------------------------------------------------------------------------------------

# Wijken 1 to 7 of one city, from west to east, each next to the one before; wijk 8 is a growth core, 9 another region.
AREAS = table("""
    gemeente    | wijk        | buurt
    unplaceable | unplaceable | unplaceable
    GM0001      | WK000101    | BU00010101
    GM0001      | WK000102    | BU00010201
    GM0001      | WK000103    | BU00010301
    GM0001      | WK000104    | BU00010401
    GM0001      | WK000105    | BU00010501
    GM0001      | WK000106    | BU00010601
    GM0001      | WK000107    | BU00010701
    GM0002      | WK000201    | BU00020101
    GM0003      | WK000301    | BU00030101
""")
ZONES = zone_areas(
    AREAS,
    Zoning(
        name="drawn",
        geography_year=2023,
        titles=(),
        lines=(
            Line("GM0001", "delta", "city"),
            Line("GM0002", "delta", "growth_core"),
            Line("GM0003", "other", "city"),
        ),
    ),
)
BESIDE = pl.DataFrame(
    [(f"WK00010{a}", f"WK00010{b}") for a in range(1, 8) for b in (a - 1, a + 1) if 1 <= b <= 7],
    schema=["wijk", "neighbour"],
    orient="row",
)
CUT_OFF = dt.date(2023, 12, 31)


def programme(*areas):
    return [
        follow(
            ProgrammeArea("drawn", f"wijk {wijk}", (f"WK00010{wijk}",), dt.date.fromisoformat(start)),
            ZONES,
            RULES,
            CUT_OFF,
        )
        for wijk, start in areas
    ]


def contrasts_of(*areas, income_years=(2000, 2023)):
    return contrasts(programme(*areas), ZONES, BESIDE, NUMBERS, income_years, 2, CUT_OFF)


def wijken(mask):
    return [f"{wijk[2:]}" for wijk, yes in zip(AREAS["wijk"], mask, strict=True) if yes]


def test_neither_the_area_nor_what_is_next_to_it_is_compared_with_and_only_its_region_is():
    now, before = contrasts_of((1, "2012-01-01"))
    assert (now.period, now.day, before.period, before.day) == (
        "now",
        dt.date(2010, 1, 1),
        "before",
        dt.date(2007, 1, 1),
    )
    assert wijken(now.treated) == ["000101"]
    assert (
        wijken(now.eligible) == wijken(before.eligible) == ["000103", "000104", "000105", "000106", "000107", "000201"]
    )


@pytest.mark.parametrize(
    ("other", "eligible"),
    [
        ("2000-01-01", ["000103", "000107", "000201"]),  # its exits counted until 1 January 2005, 60 months before
        ("1999-12-31", ["000103", "000104", "000105", "000106", "000107", "000201"]),
        ("2012-01-01", ["000103", "000107", "000201"]),  # it is prepared from the same day on
        ("2012-01-02", ["000103", "000104", "000105", "000106", "000107", "000201"]),  # later: censored, see below
    ],
)
def test_a_wijk_with_a_programme_in_the_sixty_months_before_or_next_to_one_is_not_compared_with(other, eligible):
    now = contrasts_of((1, "2012-01-01"), (5, other))[0]
    assert wijken(now.eligible) == eligible


def test_residents_are_compared_with_until_a_programme_is_prepared_where_they_live():
    now = next(one for one in contrasts_of((1, "2012-01-01"), (5, "2013-01-01")) if one.number == 0)
    assert now.until.to_list() == [None, None, None, None, *[dt.date(2011, 1, 1)] * 3, None, None, None]


def test_a_wijk_is_compared_with_before_only_if_it_is_now():
    # Wijk 5 is prepared from 2008 on: free in 2007, not in 2010.
    before = next(
        one for one in contrasts_of((1, "2012-01-01"), (5, "2010-01-01")) if one.number == 0 and one.period == "before"
    )
    assert wijken(before.eligible) == ["000103", "000107", "000201"]


def test_without_two_income_years_before_it_there_is_no_cohort_before():
    assert [one.period for one in contrasts_of((1, "2012-01-01"), income_years=(2005, 2023))] == ["now", "before"]
    assert [one.period for one in contrasts_of((1, "2012-01-01"), income_years=(2006, 2023))] == ["now"]


def test_who_cannot_be_seen_until_the_horizon_is_not_compared():
    assert contrasts_of((1, "2023-01-01")) == []  # from 2021 on, three years are not over on 31 December 2023
    assert len(contrasts_of((1, "2022-12-31"))) == 2


# --- the state of people with homes of their own ---------------------------------------------------------------------


def test_home_is_the_wijk_of_the_baseline_address():
    homes = Homes.of_region(ZONES, "delta")
    home, there = pl.Series([1, 1, 1, 1, 1, 8, 1]), pl.Series([1, 2, 8, 9, None, 8, 0], dtype=pl.UInt32)
    assert homes.state(home, there).to_list() == [
        "home", "same_city", "growth_core:GM0002", "other_region", None, "home", "unplaceable",
    ]  # fmt: skip


def test_with_the_city_as_exit_scope_home_is_the_gemeente():
    homes = Homes.of_region(ZONES, "delta", "city")
    home, there = pl.Series([1, 1, 1]), pl.Series([1, 2, 8], dtype=pl.UInt32)
    assert homes.state(home, there).to_list() == ["home", "home", "growth_core:GM0002"]


# --- cells and events ------------------------------------------------------------------------------------------------

DAY = dt.date(2010, 1, 1)
DWELLINGS = Dwellings(
    area=pl.Series(range(10), dtype=pl.UInt32),
    demolished_date=pl.Series([None] * 10, dtype=pl.Date),
    tenure=pl.DataFrame({"2009": [2] * 10, "2010": [1] * 10, "2011": [3] * 10}).cast(pl.UInt8),
    known_from=dt.date(2005, 1, 1),
)  # fmt: skip


def people(lived, born, living, percentile=7):
    everybody = persons(born)
    incomes = pl.DataFrame({"percentile": [percentile] * 3 * everybody.height}, schema={"percentile": pl.UInt8})
    residence = spells(lived).with_columns(since="start_date")
    return People(
        everybody, residence, households(living), incomes.with_columns(population=pl.lit(1, pl.UInt8)), (2007, 2009)
    )


def residents(known):
    homes = Homes.of_region(ZONES, "delta")
    return low_residents(known, DWELLINGS, homes.inside, homes, DAY, ("q1",), RULES, NUMBERS)


THREE = people(
    """
    person | start_date | end_date   | object
    1      | 2000-01-01 |            | 1
    2      | 2000-01-01 | 2006-01-01 | 3
    2      | 2006-01-01 | 2008-06-01 | 4
    2      | 2008-06-01 | 2010-07-01 | 1
    2      | 2010-07-01 |            | 8
    3      | 1990-01-01 | 2011-03-11 | 8
    """,
    "person | birth_date | death_date\n1 | 1940-01-01 | \n2 | 1975-01-01 |\n3 | 1960-02-01 | 2011-03-10",
    """
    person | start_date | end_date | household | household_type | is_child
    1      | 1990-01-01 |          | 10        | 2              | false
    2      | 1990-01-01 |          | 11        | 6              | true
    3      | 1990-01-01 |          | 12        | 1              | false
    """,
)


def test_people_are_compared_within_tenure_age_household_income_moves_and_city():
    # 1: 70 years old; 2: exactly 35, living with a parent, moved twice in five years; 3: a month short of 50, in the growth core.
    assert_table(
        residents(THREE),
        """
        person | tenure | age_band | household_type | income_band | moves | in_city
        1      | 1      | 3        | 3              | 1           | 0     | 1
        2      | 1      | 1        | 9              | 1           | 2     | 1
        3      | 1      | 1        | 1              | 1           | 0     | 0
        """,
    )


def test_what_happened_to_them_within_the_horizon():
    assert_table(
        residents(THREE),
        """
        person | first_event | first_date | first_destination
        1      |             |            |
        2      | arrival     | 2011-07-01 | GM0002
        3      | dead        | 2011-03-11 | -
        """,
    )


def test_both_arms_are_counted_by_month_and_cause():
    now = contrasts_of((1, "2012-01-01"))[0]
    nobody = pl.Series([], dtype=pl.UInt32)
    counted = count_contrast(residents(THREE), now, DWELLINGS, AREAS["wijk"], CUT_OFF, nobody, NUMBERS)
    assert_table(
        counted,
        """
        arm        | exposure | wijk     | left | cause   | destination | persons
        treated    | area     | WK000101 | 36   | -       | -           | 1
        treated    | area     | WK000101 | 18   | arrival | GM0002      | 1
        comparison | -        | WK000201 | 15   | dead    | -           | 1
        """,
    )


def test_who_was_treated_by_a_programme_that_came_first_counts_there_only():
    now = contrasts_of((1, "2012-01-01"))[0]
    counted = count_contrast(
        residents(THREE), now, DWELLINGS, AREAS["wijk"], CUT_OFF, pl.Series([2], dtype=pl.UInt32), NUMBERS
    )
    assert counted.filter(arm="treated")["persons"].to_list() == [1]


def test_whoever_lives_where_a_later_programme_is_prepared_is_censored_on_that_day():
    now = next(one for one in contrasts_of((1, "2012-01-01"), (5, "2013-01-01")) if one.number == 0)
    lived = "person | start_date | end_date | object\n1 | 2000-01-01 | | 5\n2 | 2000-01-01 | | 7"
    born = "person | birth_date\n1 | 1970-01-01\n2 | 1970-01-01"
    living = "person | start_date | end_date | household\n1 | 1990-01-01 | | 1\n2 | 1990-01-01 | | 2"
    nobody = pl.Series([], dtype=pl.UInt32)
    counted = count_contrast(
        residents(people(lived, born, living)), now, DWELLINGS, AREAS["wijk"], CUT_OFF, nobody, NUMBERS
    )
    assert_table(counted, "wijk | left | cause\nWK000105 | 12 | -\nWK000107 | 36 | -")


# --- the excess ------------------------------------------------------------------------------------------------------

FOLLOWED = programme((1, "2012-01-01"))
REGIONS = ZONES.select("wijk", "region").unique()


def counts(drawn):
    """Counted residents; who is left out of the columns is alike: cell 0 but for `tenure`, area 0."""
    given = table(drawn)
    fixed = {"area": 0, "exposure": "area", "destination": "-"} | dict.fromkeys(CELL, 0)
    given = given.with_columns(pl.lit(value).alias(name) for name, value in fixed.items() if name not in given.columns)
    return given.with_columns(households="persons") if "households" not in given.columns else given


# Ten social tenants (1) and four owners (2) are treated; three tenants and no owner arrive. Among those compared with: one of
# five tenants in wijk 3 and none of five in wijk 4, and one of two owners, so 0.1 and 0.5. Private renters (3) have no match.
NOW = """
    period | arm        | wijk     | tenure | left | cause   | persons
    now    | treated    | WK000101 | 1      | 36   | -       | 7
    now    | treated    | WK000101 | 1      | 20   | arrival | 3
    now    | treated    | WK000101 | 2      | 36   | -       | 4
    now    | treated    | WK000101 | 3      | 30   | arrival | 2
    now    | comparison | WK000103 | 1      | 36   | -       | 4
    now    | comparison | WK000103 | 1      | 24   | arrival | 1
    now    | comparison | WK000104 | 1      | 36   | -       | 4
    now    | comparison | WK000104 | 1      | 12   | away    | 1
    now    | comparison | WK000104 | 2      | 36   | -       | 1
    now    | comparison | WK000104 | 2      | 24   | arrival | 1
"""
BEFORE = """
    before | treated    | WK000101 | 1      | 36   | -       | 9
    before | treated    | WK000101 | 1      | 20   | arrival | 1
    before | comparison | WK000103 | 1      | 36   | -       | 19
    before | comparison | WK000103 | 1      | 24   | arrival | 1
"""


def excess(drawn, destination="all"):
    found = excess_table(counts(drawn), FOLLOWED, REGIONS, NUMBERS)
    own = found.filter(area="wijk 1", destination=destination)
    return {row["estimand"]: row for row in own.iter_rows(named=True)}


def test_others_are_weighted_to_the_treated_within_each_cell():
    found = excess(NOW)["difference"]
    assert found["value"] == pytest.approx(3 / 14)
    assert found["comparison"] == pytest.approx((10 * 0.1 + 4 * 0.5) / 14)
    assert found["difference"] == pytest.approx(0)
    assert (found["persons"], found["not_matched"], found["compared_with"], found["wijken"]) == (14, 2, 12, 1)


def test_without_weights_the_comparison_would_be_another():
    owners_are_rare = 2 / 12  # two of the twelve people compared with arrive
    assert excess(NOW)["difference"]["comparison"] != pytest.approx(owners_are_rare)


def test_bounds_count_whoever_went_away_as_arrived_or_not():
    found = excess(NOW)
    away = 10 * 0.1 / 14  # one tenant in ten who are compared with
    assert found["away_nowhere"]["difference"] == pytest.approx(found["difference"]["difference"] - away)
    assert found["away_arrived"]["difference"] == pytest.approx(
        found["difference"]["difference"]
    )  # none of the treated is away


def test_the_cohort_before_the_difference_in_differences_and_the_placebo():
    found = excess(NOW + BEFORE)
    assert found["earlier_cohort"]["value"] == pytest.approx(
        5 / 16
    )  # all treated: matching is for comparing with others
    assert found["earlier_cohort"]["comparison"] == pytest.approx(1 / 10)
    assert found["placebo"]["difference"] == pytest.approx(1 / 10 - 1 / 20)
    did = found["difference_in_differences"]
    assert did["value"] == pytest.approx(3 / 14 - 1 / 10)
    assert did["comparison"] == pytest.approx(3 / 14 - 1 / 20)
    assert did["difference"] == pytest.approx(-1 / 20)


def test_what_cannot_be_estimated_says_why():
    found = excess(NOW)
    assert found["placebo"]["difference"] is None
    assert found["placebo"]["interval"] == "not estimable: no incomes for the cohort before"
    assert found["difference"]["interval"] == "none: too few placebo wijken"
    assert found["difference"]["lower"] is None
    alone = excess("""
        period | arm     | wijk     | tenure | left | cause | persons
        now    | treated | WK000101 | 1      | 36   | -     | 7
    """)
    assert alone["difference"]["interval"] == "not estimable: nobody to compare with"


def test_censoring_is_not_staying():
    found = excess("""
        period | arm        | wijk     | tenure | left | cause   | persons
        now    | treated    | WK000101 | 1      | 36   | -       | 1
        now    | comparison | WK000103 | 1      | 10   | -       | 4
        now    | comparison | WK000103 | 1      | 20   | arrival | 1
        now    | comparison | WK000103 | 1      | 36   | -       | 1
    """)
    assert found["difference"]["comparison"] == pytest.approx(1 / 2)  # of the two who are seen until then


def placebo_country(treated_arrivals):
    """One treated wijk with ten residents, and 40 wijken to compare with in which 0, 1, 2 or 3 of ten arrive."""
    rows = [
        ("now", arm, wijk, left, cause, persons)
        for arm, wijk, arrived in [
            ("treated", "T", treated_arrivals),
            *(("comparison", f"K{n:02d}", n % 4) for n in range(40)),
        ]
        for left, cause, persons in ((20, "arrival", arrived), (36, "-", 10 - arrived))
        if persons
    ]
    schema = ["period", "arm", "wijk", "left", "cause", "persons"]
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        pl.lit(value).alias(name)
        for name, value in ({"area": 0, "exposure": "area", "destination": "-"} | dict.fromkeys(CELL, 0)).items()
    )
    frame = frame.with_columns(households="persons")
    regions = frame.select("wijk", region=pl.lit("delta")).unique()
    found = excess_table(frame, FOLLOWED, regions, NUMBERS)
    return found.filter(area="wijk 1", destination="all", estimand="difference").row(0, named=True)


def test_a_single_area_is_judged_by_what_other_wijken_show_without_a_programme():
    # A wijk with none of ten arriving lies (15 / 99 =) 0.154 below the others, one with three 0.154 above.
    found = placebo_country(3)
    assert found["interval"] == "placebo wijken"
    assert (found["difference"], found["lower"], found["upper"]) == pytest.approx(
        (0.15, 0.15 - 0.153846, 0.15 + 0.153846), abs=1e-5
    )
    assert placebo_country(6)["lower"] > 0


def test_settling_in_another_growth_core_competes_with_settling_in_one():
    drawn = """
        period | arm        | wijk     | left | cause   | destination | persons
        now    | treated    | WK000101 | 10   | arrival | GM0003      | 5
        now    | treated    | WK000101 | 20   | arrival | GM0002      | 2
        now    | treated    | WK000101 | 36   | -       | -           | 3
        now    | comparison | WK000103 | 20   | arrival | GM0002      | 1
        now    | comparison | WK000103 | 36   | -       | -           | 9
    """
    one, other, both = (
        excess(drawn, destination=name)["difference"]["difference"] for name in ("GM0002", "GM0003", "all")
    )
    # Two of ten, although five of them were gone by then; not two of the five who were left.
    assert one == pytest.approx(2 / 10 - 1 / 10)
    assert other == pytest.approx(5 / 10)
    assert both == pytest.approx(one + other)


# --- balance and curves ----------------------------------------------------------------------------------------------


def test_balance_shows_who_has_no_match_and_what_weighting_does():
    given = counts(NOW)
    found = balance_table(
        given, [each for each in whose(given, FOLLOWED) if each.area == "wijk 1"], FOLLOWED, (35, 50, 65), 5
    )
    assert_table(
        found.filter(covariate="tenure").select(
            "value", "treated", "matched", "compared_with",
            (pl.col("share_treated", "share_weighted", "share_compared") * 1000).round().cast(pl.Int64),
        ),
        """
        value   | treated | matched | compared_with | share_treated | share_weighted | share_compared
        owner   | 10      | 10      | 10            | 625           | 714            | 833
        social  | 4       | 4       | 2             | 250           | 286            | 167
        private | 2       | 0       | 0             | 125           | 0              | 0
        """,
    )  # fmt: skip


def test_the_curves_of_both_arms_end_in_the_estimates():
    given = counts(NOW)
    curves = arm_curves(given, [each for each in whose(given, FOLLOWED) if each.area == "wijk 1"], [2012], 36)
    at_end = curves.filter(event="arrival", month=36)
    assert_table(
        at_end.select(
            "group", "events", "persons", (pl.col("incidence") * 1000).round().cast(pl.Int64).alias("incidence")
        ),
        "group | events | persons | incidence\ntreated | 0 | 14 | 214\ncomparison | 0 | 12 | 214",
    )


# --- the mirror ------------------------------------------------------------------------------------------------------


def test_the_way_back_is_followed_from_the_growth_cores_of_the_region():
    lived = """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2010-06-01 | 8
        1      | 2010-06-01 |            | 1
        2      | 2000-01-01 |            | 8
        3      | 2000-01-01 |            | 1
    """
    born = "person | birth_date\n1 | 1970-01-01\n2 | 1970-01-01\n3 | 1970-01-01"
    living = (
        "person | start_date | end_date | household\n1 | 1990-01-01 | | 1\n2 | 1990-01-01 | | 2\n3 | 1990-01-01 | | 3"
    )
    known = people(lived, born, living)
    back = count_back(residents(known), known, DWELLINGS, FOLLOWED[0], RULES, NUMBERS)
    assert_table(back, "left | cause | persons | households\n17 | arrival | 1 | 1\n36 | - | 1 | 1")
    curve = back_curves(back.with_columns(number=pl.lit(0)), FOLLOWED, 36).filter(group="mirror", event="arrival")
    assert curve.filter(month=16)["incidence"].item() == 0
    assert curve.filter(month=17).select("at_risk", "events", "incidence").row(0) == (2, 1, 0.5)
    members = table("""
        number | income_class | first_left | first_cause | is_carrier
        0      | not_low      | 30         | arrival     | true
        0      | not_low      | 40         | arrival     | true
        0      | not_low      | 132        |             | true
        0      | low          | 30         | arrival     | true
    """)
    entrants = table(
        "number | year | income_class | persons | households\n0 | 2013 | q1 | 3 | 2\n0 | 2013 | q5 | 1 | 1"
    )
    found = mirror_table(members, {0: back}, entrants, FOLLOWED, NUMBERS)
    assert_table(
        found.with_columns(value=(pl.col("value") * 1000).round().cast(pl.Int64)),
        """
        flow     | income_class | year | persons | households | at_risk | value
        G_to_R   | low          | 0    | 1       | 1          | 2       | 500
        R_to_G   | not_low      | 0    | 1       | 1          | 3       | 333
        entrants | q1           | 1    | 3       | 2          | 4       | 750
        entrants | q5           | 1    | 1       | 1          | 4       | 250
        """,
    )


def test_entrants_come_from_outside_the_area():
    moves = table("""
        move_date  | origin_area | destination_area | income_class | is_carrier
        2013-05-01 | 2           | 1                | q1           | true
        2013-06-01 | 9           | 1                | q1           | false
        2013-07-01 | 1           | 1                | q1           | true
        2013-08-01 | 1           | 2                | q1           | true
    """)
    assert_table(count_entrants(moves, FOLLOWED), "year | income_class | persons | households\n2013 | q1 | 2 | 1")


# --- sensitivity -----------------------------------------------------------------------------------------------------


def test_other_definitions_stand_side_by_side_and_the_same_ones_once():
    rates = table("""
        programme | area   | region | exposure | income_class | rate  | value | at_risk | households_at_risk
        drawn     | all    | all    | all      | low          | chain | 250   | 16      | 12
        drawn     | all    | all    | all      | not_low      | chain | 100   | 20      | 15
        drawn     | wijk 1 | delta  | all      | low          | chain | 250   | 16      | 12
    """)
    found = excess_table(counts(NOW), FOLLOWED, REGIONS, NUMBERS)
    one = one_specification(found, rates, RULES, NUMBERS, ("q1",))
    other = one_specification(found, rates, replace(RULES, settled_months=24), NUMBERS, ("q1", "q2"))
    both = beside(beside(beside(None, one), other), one)
    assert_table(
        both.filter(pl.col("estimand").is_in(["chains", "difference"])).select(
            "estimand", "settled_months", "low", "persons", (pl.col("value") * 1000).round().cast(pl.Int64)
        ),
        """
        estimand   | settled_months | low   | persons | value
        chains     | 12             | q1    | 16      | 250
        chains     | 24             | q1+q2 | 16      | 250
        difference | 12             | q1    | 14      | 214
        difference | 24             | q1+q2 | 14      | 214
        """,
    )


def test_an_exposure_that_a_region_does_not_have_has_no_row_there():
    both = [*programme((1, "2012-01-01")), replace(programme((7, "2012-01-01"))[0], region="other")]
    drawn = counts("""
        area | period | arm        | wijk     | exposure | tenure | left | cause | persons
        0    | now    | treated    | WK000101 | area     | 1      | 36   | -     | 7
        1    | now    | treated    | WK000107 | dwelling | 1      | 36   | -     | 7
        0    | now    | comparison | WK000104 | -        | 1      | 36   | -     | 7
        1    | before | treated    | WK000107 | area     | 1      | 36   | -     | 7
    """)
    found = excess_table(drawn, both, REGIONS, NUMBERS).filter(area="all", estimand="difference")
    assert set(found.select("region", "exposure").iter_rows()) == {
        ("all", "all"), ("all", "area"), ("all", "dwelling"), ("delta", "all"), ("delta", "area"), ("other", "all"),
        ("other", "dwelling"),
    }  # fmt: skip


# --- who stands behind an estimate -----------------------------------------------------------------------------------


def test_the_least_of_every_arm_stands_behind_an_estimate():
    found = excess(NOW + BEFORE)
    names = ("households", "least_areas", "largest_area", "least_persons", "least_households", "least_events")
    now = {name: found["difference"][name] for name in names}
    # 14 treated and 12 to compare with in the same cells, of whom 2 settle; 14 all live in one wijk.
    assert now == dict(zip(names, (14, 1, 14, 12, 12, 2), strict=True))
    # Nobody who is treated went away: whoever knows `difference` knows that from `away_arrived`.
    assert found["away_arrived"]["least_events"] == 0
    assert found["away_nowhere"]["least_events"] == 1
    # One of the ten before settled.
    assert found["placebo"]["least_events"] == found["earlier_cohort"]["least_events"] == 1


def test_others_who_are_compared_with_on_two_dates_may_be_the_same_people():
    two = programme((1, "2012-01-01"), (7, "2013-01-01"))
    same_day = programme((1, "2012-01-01"), (7, "2012-01-01"))
    drawn = counts("""
        area | period | arm        | wijk     | left | cause   | persons
        0    | now    | treated    | WK000101 | 36   | -       | 20
        1    | now    | treated    | WK000107 | 36   | -       | 20
        0    | now    | comparison | WK000103 | 36   | -       | 8
        0    | now    | comparison | WK000104 | 20   | arrival | 5
        1    | now    | comparison | WK000104 | 36   | -       | 11
    """)
    dated, once = (Behind.of(drawn, dates_of(each)).support("difference") for each in (two, same_day))
    place = SUPPORT.index("least_persons")
    assert dated[place] == 13  # on the date with most of them: eight and five, or eleven
    assert once[place] == 19  # on one date everybody lives in one wijk: eight in one, eleven in the other


# --- what can be offered for release ---------------------------------------------------------------------------------


def test_a_curve_that_is_offered_ends_where_somebody_is_lost_from_sight():
    drawn = table("""
        person | region | income_class | first_left | first_cause | is_carrier
        1      | delta  | low          | 12         | arrival     | true
        2      | delta  | low          | 90         |             | true
        3      | delta  | low          | 90         | dead        | false
        4      | delta  | low          | 91         | arrival     | true
        5      | delta  | not_low      | 132        |             | true
        6      | delta  | student      | 5          | dead        | true
        7      | all    | low          | 5          | dead        | true
    """).with_columns(
        programme=pl.lit("p"), area=pl.lit("all"), exposure=pl.lit("all"), is_first_cohort=pl.lit(True),
        weight=pl.lit(1, pl.Int64), cell_key=pl.col("person").cast(pl.Int64),
    )  # fmt: skip
    found = curve_counts(drawn).filter(pl.col("event").is_in(["arrival", "dead"]))
    assert_table(
        found.select("income_class", "event", "month", "persons", "households", "cell_key"),
        """
        income_class | event   | month | persons | households | cell_key
        low          | arrival | 0     | 4       | 3          | 10
        low          | arrival | 12    | 1       | 1          | 1
        low          | dead    | 0     | 4       | 3          | 10
        low          | dead    | 90    | 1       | 0          | 3
        not_low      | arrival | 0     | 1       | 1          | 5
        not_low      | dead    | 0     | 1       | 1          | 5
        """,
    )


def test_the_mirror_that_is_offered_counts_different_people():
    both = programme((1, "2012-01-01"), (7, "2013-01-01"))
    members = table("""
        person | number | income_class | first_left | first_cause | is_carrier | is_first_cohort
        1      | 0      | not_low      | 30         | arrival     | true       | true
        1      | 1      | not_low      | 18         | arrival     | true       | false
        2      | 1      | not_low      | 37         | arrival     | true       | true
        3      | 1      | low          | 18         | arrival     | true       | true
    """).with_columns(
        programme=pl.lit("drawn"), region=pl.lit("delta"), weight=pl.lit(1, pl.Int64), cell_key=pl.lit(7, pl.Int64)
    )
    back = table("""
        number | left | cause   | persons | households
        0      | 36   | -       | 8       | 6
        0      | 20   | arrival | 2       | 1
        1      | 36   | -       | 9       | 6
    """)
    entering = table("""
        person | carrier | move_date  | origin_area | destination_area | income_class | is_carrier
        1      | 1       | 2012-05-01 | 2           | 1                | q1           | true
        2      | 1       | 2012-05-01 | 2           | 1                | q1           | false
        1      | 1       | 2013-05-01 | 2           | 7                | q3           | true
        9      | 9       | 2011-12-31 | 2           | 1                | q3           | true
    """)
    found = flow_counts(members, back, entering, both, 36)
    assert_table(
        found.select(*FLOW_KEYS[2:], "persons", "households", "unit_persons", "unit_households"),
        """
        flow     | outcome | year     | income_class | persons | households | unit_persons | unit_households
        G_to_R   | all     | -        | low          | 19      | 13         | 10           | 7
        G_to_R   | settled | -        | low          | 2       | 1          | 2            | 1
        R_to_G   | all     | -        | not_low      | 3       | 3          | 2            | 2
        R_to_G   | settled | -        | not_low      | 2       | 2          | 1            | 1
        entrants | all     | start-01 | q3           | 1       | 1          | 1            | 1
        entrants | all     | start+00 | q1           | 2       | 1          | 2            | 1
        entrants | all     | start+00 | q3           | 1       | 1          | 0            | 0
        """,
    )
