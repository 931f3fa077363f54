"""Method 3: moves of persons and of households, events and transitions; method 1, step 6: administrative relocations."""

import datetime as dt

import polars as pl

from mobility.moves import (
    add_household,
    find_moves,
    find_transitions,
    first_of_year,
    group_household_moves,
)
from mobility.panel.lookup import ByDay
from mobility.renumbering import (
    Relocation,
    bundled_objects,
    candidates,
    mark_administrative,
    mark_renumbered,
    object_use,
    stays_since,
    within_areas,
)
from mobility.stocks import take_stocks
from tests.lib.tables import assert_table, households, persons, spells, table


def test_a_move_is_a_change_of_object_dated_by_the_first_day_of_the_new_spell():
    residence = spells("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2003-05-01 | 5
        1      | 2003-05-01 |            | 6
        2      | 2000-01-01 |            | 6
    """)
    assert_table(
        find_moves(residence),
        """
        person | move_date  | origin_object | destination_object
        1      | 2003-05-01 | 5             | 6
    """,
    )


def test_going_away_and_coming_back_are_no_moves_even_to_another_address():
    residence = spells("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2003-05-01 | 5
        1      | 2003-05-01 | 2004-05-01 |
        1      | 2004-05-01 |            | 6
    """)
    assert find_moves(residence).is_empty()


COUPLE_WITH_CHILD = households("""
    person | start_date | end_date   | household
    1      | 2000-01-01 | 2005-06-01 | 10
    2      | 2000-01-01 | 2005-06-01 | 10
    3      | 2000-01-01 | 2005-06-01 | 10
""")
FAMILY = persons("""
    person | birth_date
    1      | 1970-02-01
    2      | 1968-07-01
    3      | 1998-01-01
""")


def household_moves(drawn, together_days=0):
    moves = find_moves(spells(drawn))
    return group_household_moves(add_household(moves, ByDay(COUPLE_WITH_CHILD), FAMILY), together_days)


def test_a_household_that_moves_together_is_one_whole_household_move_carried_by_its_oldest_member():
    found = household_moves("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-06-01 | 5
        1      | 2005-06-01 |            | 6
        2      | 2000-01-01 | 2005-06-01 | 5
        2      | 2005-06-01 |            | 6
        3      | 2000-01-01 | 2005-06-01 | 5
        3      | 2005-06-01 |            | 6
    """)
    assert_table(
        found,
        """
        person | carrier | is_carrier | is_whole
        1      | 2       | false      | true
        2      | 2       | true       | true
        3      | 2       | false      | true
    """,
    )


def test_a_household_move_is_partial_when_somebody_stays_behind():
    found = household_moves("""
        person | start_date | end_date   | object
        1      | 2000-01-01 |            | 5
        2      | 2000-01-01 | 2005-06-01 | 5
        2      | 2005-06-01 |            | 6
        3      | 2000-01-01 | 2005-06-01 | 5
        3      | 2005-06-01 |            | 6
    """)
    assert_table(found, "person | carrier | is_whole\n2 | 2 | false\n3 | 2 | false")


def test_people_who_leave_for_different_objects_make_two_household_moves():
    found = household_moves("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-06-01 | 5
        1      | 2005-06-01 |            | 6
        2      | 2000-01-01 | 2005-06-01 | 5
        2      | 2005-06-01 |            | 7
    """)
    assert_table(found, "person | carrier | is_carrier\n1 | 1 | true\n2 | 2 | true")


def test_who_follows_a_day_later_moves_together_only_when_the_study_says_so():
    drawn = """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-06-01 | 5
        1      | 2005-06-01 |            | 6
        2      | 2000-01-01 | 2005-06-02 | 5
        2      | 2005-06-02 |            | 6
    """
    assert household_moves(drawn, together_days=0)["is_carrier"].sum() == 2
    assert household_moves(drawn, together_days=1)["is_carrier"].sum() == 1


def test_of_equally_old_movers_the_smallest_person_carries():
    twins = persons("person | birth_date\n1 | 1970-02-01\n2 | 1970-02-01")
    moves = find_moves(
        spells("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-06-01 | 5
        1      | 2005-06-01 |            | 6
        2      | 2000-01-01 | 2005-06-01 | 5
        2      | 2005-06-01 |            | 6
    """)
    )
    found = group_household_moves(add_household(moves, ByDay(COUPLE_WITH_CHILD), twins), 0)
    assert_table(found, "person | carrier\n1 | 1\n2 | 1")


def test_the_first_move_of_a_person_in_each_year_is_marked():
    moves = table("""
        person | move_date
        1      | 2010-01-01
        1      | 2010-05-01
        1      | 2011-01-01
        2      | 2011-02-01
    """)
    assert first_of_year(moves).to_list() == [True, False, True, True]


STOCK_DAYS = [dt.date(2004, 12, 31), dt.date(2005, 12, 31), dt.date(2006, 12, 31)]


def transitions(residence, people, who):
    return find_transitions(take_stocks(residence, who, people, STOCK_DAYS), who)


def test_a_transition_compares_the_object_at_two_stocks_so_that_there_and_back_is_none():
    residence = spells("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-03-01 | 5
        1      | 2005-03-01 | 2005-09-01 | 6
        1      | 2005-09-01 |            | 5
        2      | 2000-01-01 | 2005-03-01 | 5
        2      | 2005-03-01 | 2005-09-01 | 6
        2      | 2005-09-01 |            | 7
    """)
    at_home = households("person | start_date | end_date | household\n1 | 2000-01-01 | | 10\n2 | 2000-01-01 | | 11")
    found = transitions(residence, at_home, persons("person\n1\n2"))
    assert_table(found, "person | move_date | origin_object | destination_object\n2 | 2005-12-31 | 5 | 7")


def test_a_transition_needs_a_private_household_at_both_stocks():
    residence = spells("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-03-01 | 5
        1      | 2005-03-01 |            | 6
    """)
    into_care = households("""
        person | start_date | end_date   | household | household_type
        1      | 2000-01-01 | 2005-03-01 | 10        | 1
        1      | 2005-03-01 |            | 99        | 8
    """)
    assert transitions(residence, into_care, persons("person\n1")).is_empty()


def test_who_dies_on_the_stock_day_is_not_in_the_stock():
    residence = spells("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-03-01 | 5
        1      | 2005-03-01 | 2006-01-01 | 6
    """)
    at_home = households("person | start_date | end_date | household\n1 | 2000-01-01 | | 10")
    dies = persons("person | death_date\n1 | 2005-12-31")
    assert transitions(residence, at_home, dies).is_empty()


# Two doors of one building, numbers 0 and 1, become numbers 2 and 3 on 1 June 2010; x_m says where each stands.
BUILDING = table(
    """
    object | area | x_m | y_m
    0      | 1    | 100 | 0
    1      | 1    | 200 | 0
    2      | 1    | 110 | 0
    3      | 1    | 210 | 0
    """,
    area=pl.UInt32,
).with_columns(demolished_date=pl.lit(None, pl.Date))
RENUMBERED = """
    person | start_date | end_date   | object
    1      | 2000-01-01 | 2010-06-01 | 0
    1      | 2010-06-01 |            | 2
    2      | 2000-01-01 | 2010-06-01 | 1
    2      | 2010-06-01 |            | 3
"""
TWO_PAIRS = Relocation(min_objects=2, max_distance_m=25)
TENANTS = households("person | start_date | end_date | household\n1 | 2000-01-01 | | 10\n2 | 2000-01-01 | | 11")


def relocated(drawn, objects=BUILDING, rule=TWO_PAIRS, people=TENANTS):
    residence = spells(drawn)
    moves = add_household(find_moves(residence), ByDay(people), persons("person\n1\n2\n3"))
    area = objects["area"]
    placed = moves.with_columns(
        area.gather(moves["origin_object"]).alias("origin_area"),
        area.gather(moves["destination_object"]).alias("destination_area"),
    )
    return mark_administrative(placed, candidates([object_use(residence)], objects.drop("area")), rule)


def test_only_addresses_of_as_many_moves_in_a_buurt_on_a_day_as_a_bundle_has_pairs_are_looked_into():
    moves = table("""
        move_date  | origin_object | destination_object | origin_area | destination_area
        2010-06-01 | 0             | 2                  | 1           | 1
        2010-06-01 | 1             | 3                  | 1           | 1
        2010-06-02 | 4             | 5                  | 1           | 1
        2010-06-01 | 6             | 7                  | 2           | 1
        2010-06-01 | 8             | 9                  | 0           | 0
    """)
    assert bundled_objects(within_areas(moves), 2).to_list() == [0, 1, 2, 3]


def test_the_use_of_an_address_by_partitions_of_persons_adds_up():
    """Person 1 comes first; 2 and 3 leave last, on one day; 3 is in another partition."""
    lives = "person | start_date | end_date | object"
    parts = [
        spells(lives + "\n1 | 2000-01-01 | 2004-01-01 | 0\n2 | 2001-01-01 | 2010-06-01 | 0"),
        spells(lives + "\n3 | 2002-01-01 | 2010-06-01 | 0"),
    ]
    found = candidates([object_use(part) for part in parts], BUILDING.drop("area")).row(0, named=True)
    assert (found["arrivals"], found["departures"]) == (1, 2)


def test_new_numbers_on_the_doors_of_a_building_are_no_moves():
    assert_table(relocated(RENUMBERED), "person | is_administrative\n1 | true\n2 | true")


def test_too_few_pairs_on_one_day_are_moves():
    assert relocated(RENUMBERED, rule=Relocation(3, 25))["is_administrative"].sum() == 0


def test_an_old_number_that_is_lived_in_again_was_left_by_a_move():
    found = relocated(RENUMBERED + "    3      | 2012-01-01 |            | 0\n")
    assert found["is_administrative"].sum() == 0


def test_a_resident_who_goes_elsewhere_makes_the_pair_no_renumbering():
    found = relocated(RENUMBERED + "    3 | 2000-01-01 | 2010-06-01 | 0\n    3 | 2010-06-01 | | 3\n")
    assert found["is_administrative"].sum() == 0


def test_a_demolished_building_was_left_by_a_move():
    demolished = BUILDING.with_columns(demolished_date=pl.lit(dt.date(2010, 6, 1)))
    assert relocated(RENUMBERED, objects=demolished)["is_administrative"].sum() == 0


def test_objects_further_apart_than_the_rule_allows_are_left_by_a_move():
    far = BUILDING.with_columns(x_m=pl.col("x_m") * 10)
    assert relocated(RENUMBERED, objects=far)["is_administrative"].sum() == 0


def test_an_institution_that_moves_house_moves():
    in_care = TENANTS.with_columns(household_type=pl.lit(8, pl.UInt8))
    assert relocated(RENUMBERED, people=in_care)["is_administrative"].sum() == 0


def test_without_coordinates_it_stays_a_move_and_is_flagged():
    unknown = BUILDING.with_columns(x_m=pl.lit(None, pl.Int64), y_m=pl.lit(None, pl.Int64))
    found = relocated(RENUMBERED, objects=unknown)
    assert_table(found, "person | is_administrative | maybe_administrative\n1 | false | true\n2 | false | true")


def test_a_transition_between_the_old_and_the_new_number_is_administrative_too():
    transitions = table("origin_object | destination_object\n0 | 2\n0 | 3")
    pairs = table("origin_object | destination_object\n0 | 2")
    assert mark_renumbered(transitions, pairs)["is_administrative"].to_list() == [True, False]


def test_a_new_number_on_the_door_does_not_begin_another_stay():
    lived = spells("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2007-06-01 | 1
        1      | 2007-06-01 | 2007-09-01 | 2
        1      | 2007-09-01 |            | 3
        2      | 2007-06-01 |            | 2
        3      | 2001-01-01 | 2007-07-01 | 1
        3      | 2007-07-01 |            | 2
    """)
    pairs = table("""
        move_date  | origin_object | destination_object
        2007-06-01 | 1             | 2
        2007-09-01 | 2             | 3
    """).cast({"origin_object": pl.UInt32, "destination_object": pl.UInt32})
    found = lived.with_columns(stays_since(lived, pairs))
    assert_table(
        found,
        """
        person | object | since
        1      | 1      | 2000-01-01
        1      | 2      | 2000-01-01
        1      | 3      | 2000-01-01
        2      | 2      | 2007-06-01
        3      | 1      | 2001-01-01
        3      | 2      | 2007-07-01
    """,
    )
