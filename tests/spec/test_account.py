"""Method 5: the account of every place, in persons; each component from its own events, and nothing remains."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.lib.accounts import account, assert_account
from tests.lib.tables import table

# Moves


def test_a_move_between_two_buurten_of_one_gemeente_is_in_the_account_of_the_buurten_only():
    found = account("""
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-06-01 | 1
        1      | 2015-06-01 |            | 2
    """)
    assert_account(
        found,
        """
        place | stock_start | moves_in | moves_out | stock_end
        A1    | 1           | 0        | 1         | 0
        A2    | 0           | 1        | 0         | 1
    """,
        level="buurt",
    )
    assert_account(found, "place | stock_start | stock_end\nA | 1 | 1")
    assert_account(found, "place | stock_start | stock_end\nnational | 1 | 1", level="national")


def test_every_move_counts_also_through_a_place_where_nobody_is_at_either_stock():
    found = account("""
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-03-01 | 1
        1      | 2015-03-01 | 2015-12-31 | 3
        1      | 2015-12-31 |            | 1
    """)
    assert_account(
        found,
        """
        place | stock_start | moves_in | moves_out | stock_end
        A     | 1           | 1        | 1         | 1
        B     | 0           | 1        | 1         | 0
    """,
    )


RENUMBERED = """
    person | start_date | end_date   | object
    1      | 2012-01-01 | 2015-06-01 | 1
    1      | 2015-06-01 |            | 4
"""


def test_a_move_within_a_buurt_and_so_an_administrative_relocation_is_in_no_column():
    found = account(RENUMBERED, heads="person | start_date | end_date\n1 | 2012-01-01 |")
    for unit in ("persons", "households"):
        assert_account(found, "place | stock_start | stock_end\nA1 | 1 | 1", level="buurt", unit=unit)


# Births, deaths, immigration and emigration


def test_a_first_registration_in_the_birth_month_or_the_next_is_a_birth_and_a_later_one_immigration():
    found = account(
        """
        person | start_date | end_date | object
        1      | 2015-03-20 |          | 1
        2      | 2015-04-30 |          | 1
        3      | 2015-05-01 |          | 1
    """,
        people="person | birth_date\n1 | 2015-03-01\n2 | 2015-03-01\n3 | 2015-03-01",
    )
    assert_account(found, "place | births | immigration | stock_end\nA | 2 | 1 | 3")


def test_a_newborn_who_leaves_and_comes_back_within_the_next_month_is_born_once():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2015-03-01 | 2015-03-20 | 1
        1      | 2015-04-30 |            | 1
    """,
        people="person | birth_date\n1 | 2015-03-01",
    )
    assert_account(found, "place | births | emigration | immigration | stock_end\nA | 1 | 1 | 1 | 1")


def test_who_is_there_on_the_first_day_of_the_register_is_coverage_unless_just_born():
    found = account(
        """
        person | start_date | end_date | object
        1      | 2015-01-01 |          | 1
        2      | 2015-01-01 |          | 1
        3      | 2015-01-02 |          | 1
    """,
        people="person | birth_date\n1 | 1980-01-01\n2 | 2014-12-01\n3 | 1980-01-01",
        starts=dt.date(2015, 1, 1),
    )
    assert_account(found, "place | coverage_in | births | immigration | stock_end\nA | 1 | 1 | 1 | 3")


def test_what_begins_before_the_register_does_is_coverage_too():
    """The register tells from 1 June on; a stay from March, known from before or mistyped, began nobody knows when."""
    found = account(
        """
        person | start_date | end_date | object
        1      | 2015-03-01 |          | 1
        2      | 2015-06-02 |          | 1
    """,
        people="person | birth_date\n1 | 1980-01-01\n2 | 1980-01-01",
        starts=dt.date(2015, 6, 1),
    )
    assert_account(found, "place | coverage_in | immigration | stock_end\nA | 1 | 1 | 2")


def test_who_dies_on_31_december_is_not_in_the_stock_of_that_day_and_died_in_that_year():
    found = account(
        """
        person | start_date | end_date | object
        1      | 2012-01-01 |          | 1
        2      | 2012-01-01 |          | 1
        3      | 2012-01-01 |          | 1
    """,
        people="person | death_date\n1 | 2014-12-31\n2 | 2015-01-01\n3 | 2015-12-31",
    )
    assert_account(found, "place | stock_start | deaths\nA | 2 | 2")


def test_who_dies_on_the_day_of_a_move_moved_and_died_at_the_new_place():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-12-31 | 1
        1      | 2015-12-31 |            | 3
    """,
        people="person | death_date\n1 | 2015-12-31",
    )
    assert_account(
        found,
        """
        place | stock_start | moves_in | moves_out | deaths
        A     | 1           | 0        | 1         | 0
        B     | 0           | 1        | 0         | 1
    """,
    )


def test_an_exit_belongs_to_the_year_of_the_first_day_away():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-01-01 | 1
        2      | 2012-01-01 | 2016-01-01 | 1
    """,
        last=dt.date(2016, 12, 31),
    )
    assert_account(found, "place | stock_start | emigration | stock_end\nA | 2 | 1 | 1", year=2015)
    assert_account(found, "place | stock_start | emigration\nA | 1 | 1", year=2016)


def test_away_for_longer_than_the_slack_is_an_exit_and_an_entry_and_no_move():
    found = account("""
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-03-01 | 1
        1      | 2015-04-02 |            | 3
        2      | 2012-01-01 | 2015-03-01 | 1
        2      | 2015-04-01 |            | 3
    """)  # 32 and 31 days
    assert_account(
        found,
        """
        place | stock_start | moves_in | moves_out | immigration | emigration | stock_end
        A     | 2           | 0        | 1         | 0           | 1          | 0
        B     | 0           | 1        | 0         | 1           | 0          | 2
    """,
    )


def test_who_enters_and_leaves_within_the_year_is_in_both_columns():
    found = account("""
        person | start_date | end_date   | object
        1      | 2015-02-01 | 2015-09-01 | 1
    """)
    assert_account(found, "place | immigration | emigration\nA | 1 | 1")


# Coverage


@pytest.mark.parametrize("reported", ["2015-05-01", "2015-06-01", "2015-07-02"])
def test_an_exit_with_an_administrative_removal_within_the_slack_is_coverage(reported):
    found = account(
        "person | start_date | end_date | object\n1 | 2012-01-01 | 2015-06-01 | 1",
        migrations=f"person | migration_date | migration_kind\n1 | {reported} | removal",
    )
    assert_account(found, "place | stock_start | coverage_out\nA | 1 | 1")


@pytest.mark.parametrize(
    "reported",
    ["1 | 2015-04-30 | removal", "1 | 2015-07-03 | removal", "1 | 2015-06-01 | emigration", "9 | 2015-06-01 | removal"],
)
def test_any_other_exit_is_emigration(reported):
    found = account(
        "person | start_date | end_date | object\n1 | 2012-01-01 | 2015-06-01 | 1",
        migrations=f"person | migration_date | migration_kind\n{reported}",
    )
    assert_account(found, "place | stock_start | emigration\nA | 1 | 1")


@pytest.mark.parametrize(
    ("reported", "component"),
    [
        ("2015-05-01 | re_entry", "coverage_in"),
        ("2015-07-02 | re_entry", "coverage_in"),
        ("2015-04-30 | re_entry", "immigration"),
        ("2015-07-03 | re_entry", "immigration"),
        ("2015-06-01 | immigration", "immigration"),
        ("2015-06-01 | removal", "immigration"),
    ],
)
def test_an_entry_with_an_administrative_re_entry_within_the_slack_is_coverage_and_any_other_immigration(
    reported, component
):
    found = account(
        "person | start_date | end_date | object\n1 | 2015-06-01 | | 1",
        migrations=f"person | migration_date | migration_kind\n1 | {reported}",
    )
    assert_account(found, f"place | {component} | stock_end\nA | 1 | 1")


def test_a_step_to_or_from_an_address_that_lies_nowhere_is_coverage_and_for_the_country_nothing():
    found = account("""
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-03-01 | 1
        1      | 2015-03-01 |            | 0
        2      | 2012-01-01 | 2015-03-01 | 0
        2      | 2015-03-01 |            | 3
    """)
    assert_account(
        found,
        """
        place       | stock_start | coverage_in | coverage_out | stock_end
        A           | 1           | 0           | 1            | 0
        B           | 0           | 1           | 0            | 1
        unplaceable | 1           | 1           | 1            | 1
    """,
    )
    assert_account(found, "place | stock_start | stock_end\nnational | 2 | 2", level="national")


def test_immigration_to_an_address_that_lies_nowhere_is_coverage_there_and_immigration_of_the_country():
    found = account("""
        person | start_date | end_date   | object
        1      | 2015-02-01 |            | 0
        2      | 2012-01-01 | 2015-02-01 | 0
    """)
    assert_account(found, "place | stock_start | coverage_in | coverage_out | stock_end\nunplaceable | 1 | 1 | 1 | 1")
    assert_account(
        found, "place | stock_start | immigration | emigration | stock_end\nnational | 1 | 1 | 1 | 1", level="national"
    )


def test_births_and_deaths_at_an_address_that_lies_nowhere_are_births_and_deaths():
    found = account(
        "person | start_date | end_date | object\n1 | 2015-02-01 | | 0\n2 | 2012-01-01 | | 0",
        people="person | birth_date | death_date\n1 | 2015-02-01 |\n2 | | 2015-05-05",
    )
    assert_account(found, "place | stock_start | births | deaths | stock_end\nunplaceable | 1 | 1 | 1 | 1")


# Classes


def test_a_move_has_the_class_of_its_year_and_the_step_to_the_next_class_is_booked_where_the_year_ends():
    """Person 1 moves and rises; person 2 stays and rises; person 3 stays and falls."""
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-06-01 | 1
        1      | 2015-06-01 |            | 3
        2      | 2012-01-01 |            | 3
        3      | 2012-01-01 |            | 3
    """,
        classes="person | 2015 | 2016\n1 | q1 | q4\n2 | q1 | q4\n3 | q4 | q1",
    )
    assert_account(
        found,
        """
        place|income_class|stock_start|moves_in|moves_out|class_in|class_in_movers|class_out|class_out_movers|stock_end
        A    | q1         | 1         | 0      | 1       | 0      | 0             | 0       | 0              | 0
        B    | q1         | 1         | 1      | 0       | 1      | 0             | 2       | 1              | 1
        B    | q4         | 1         | 0      | 0       | 2      | 1             | 1       | 0              | 2
    """,
    )


def test_movers_are_those_whose_places_at_the_two_stocks_differ_so_the_level_matters_and_there_and_back_is_none():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-06-01 | 1
        1      | 2015-06-01 |            | 2
        2      | 2012-01-01 | 2015-03-01 | 2
        2      | 2015-03-01 | 2015-09-01 | 3
        2      | 2015-09-01 |            | 2
    """,
        classes="person | 2015 | 2016\n1 | q1 | q2\n2 | q1 | q2",
    )
    of_movers = found.filter(pl.col("unit") == "persons", pl.col("income_class") == "q2")
    by_level = dict(of_movers.select("level", "class_in_movers").iter_rows())
    assert by_level == {"buurt": 1, "gemeente": 0, "national": 0}
    assert of_movers["class_in"].to_list() == [2, 2, 2]


def test_who_went_to_an_address_that_lies_nowhere_is_a_mover_too():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-06-01 | 1
        1      | 2015-06-01 |            | 0
    """,
        classes="person | 2015 | 2016\n1 | q1 | q2",
    )
    assert_account(
        found,
        """
        place|income_class|stock_start|coverage_in|coverage_out|class_in|class_in_movers|class_out|class_out_movers|stock_end
        A          | q1         | 1         | 0         | 1          | 0      | 0             | 0       | 0              | 0
        unplaceable| q1         | 0         | 1         | 0          | 0      | 0             | 1       | 1              | 0
        unplaceable| q2         | 0         | 0         | 0          | 1      | 1             | 0       | 0              | 1
    """,
    )


def test_who_entered_this_year_and_is_in_another_class_the_next_was_not_known_before_and_that_is_coverage():
    found = account(
        "person | start_date | end_date | object\n1 | 2015-06-01 | | 1",
        classes="person | 2015 | 2016\n1 | unknown | q1",
    )
    assert_account(
        found,
        """
        place | income_class | immigration | coverage_in | coverage_out | stock_end
        A     | unknown      | 1           | 0           | 1            | 0
        A     | q1           | 0           | 1           | 0            | 1
    """,
    )


def test_who_left_and_came_back_within_the_year_is_in_both_stocks_and_changes_class():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-03-01 | 1
        1      | 2015-09-01 |            | 3
    """,
        classes="person | 2015 | 2016\n1 | q1 | q2",
    )
    assert_account(
        found,
        """
        place|income_class|stock_start|immigration|emigration|class_in|class_in_movers|class_out|class_out_movers|stock_end
        A    | q1         | 1         | 0         | 1        | 0      | 0             | 0       | 0              | 0
        B    | q1         | 0         | 1         | 0        | 0      | 0             | 1       | 1              | 0
        B    | q2         | 0         | 0         | 0        | 1      | 1             | 0       | 0              | 1
    """,
    )


# Households: where their reference person is


# The end of the study


def test_the_last_stock_is_at_the_cut_off_and_what_comes_later_is_not_counted():
    """On 30 June: person 1 has just moved, person 2 dies, person 3 is there for the last day, person 4 moves a day later."""
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-06-30 | 1
        1      | 2015-06-30 |            | 3
        2      | 2012-01-01 |            | 1
        3      | 2012-01-01 | 2015-07-01 | 1
        4      | 2012-01-01 | 2015-07-01 | 1
        4      | 2015-07-01 |            | 3
    """,
        people="person | death_date\n2 | 2015-06-30",
        last=dt.date(2015, 6, 30),
    )
    assert_account(
        found,
        """
        place | stock_start | moves_in | moves_out | deaths | stock_end
        A     | 4           | 0        | 1         | 1      | 2
        B     | 0           | 1        | 0         | 0      | 1
    """,
    )


def test_the_worked_example_of_the_page():
    """docs/explanation/account.md: person 2 leaves home, 3 moves and rises, 4 comes from abroad, 5 dies on 31 December."""
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 |            | 1
        2      | 2012-01-01 | 2015-09-01 | 1
        2      | 2015-09-01 |            | 3
        3      | 2012-01-01 | 2015-06-01 | 3
        3      | 2015-06-01 |            | 1
        4      | 2015-02-01 |            | 3
        5      | 2012-01-01 |            | 2
    """,
        people="person | death_date\n5 | 2015-12-31",
        heads="""
        person | start_date | end_date
        1      | 2012-01-01 |
        2      | 2015-09-01 |
        3      | 2012-01-01 |
        4      | 2015-02-01 |
        5      | 2012-01-01 |
    """,
        classes="person | 2015 | 2016\n3 | q1 | q2\n4 | unknown | q1",
    )
    drawn = page_table("docs/explanation/account.md", "| unit | place |").with_columns(pl.col("unit").forward_fill())
    drawn = drawn.rename({"class": "income_class", "start": "stock_start", "end": "stock_end"}).fill_null(0)
    rows = found.filter(level="gemeente").select(drawn.columns)
    assert_frame_equal(rows, drawn, check_dtypes=False, check_row_order=False)


def page_table(page, heading):
    """A table of a page of the documentation, from its first words on; names with _ for a blank."""
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    lines = text[text.index(heading) :].split("\n\n")[0].splitlines()
    cells = "\n".join(line.strip("|") for line in lines if "---" not in line)
    return table(cells).rename(lambda name: name.replace(" ", "_"))
