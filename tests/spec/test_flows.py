"""Method 5: flows from one count by area, at every level."""

import polars as pl

from mobility.flows.counts import KINDS, climb, count_by_area, kind_of_move, name_cells, name_cells_by, roll_up
from mobility.records import record_hash
from tests.lib.tables import assert_table, table

# Areas 0 and 1 lie in gemeente GM0001, area 2 in GM0002.
AREAS = table("""
    gemeente | wijk     | buurt      | role         | region
    GM0001   | WK000101 | BU00010101 | delta/centre | delta
    GM0001   | WK000101 | BU00010102 | delta/centre | delta
    GM0002   | WK000201 | BU00020101 | elsewhere    | elsewhere
""")
MOVES = table(  # columns of linked moves
    """
    person|move_date  |origin_area | destination_area | income_class | carrier | is_carrier | is_administrative | is_first_of_year
    1      | 2015-03-01 | 0           | 1                | 0            | 1       | true       | false             | true
    2      | 2015-03-01 | 0           | 1                | 4            | 1       | false      | false             | true
    3      | 2015-12-31 | 1           | 2                | 0            | 3       | true       | false             | true
    4      | 2015-06-01 | 0           | 2                | 0            | 4       | true       | false             | false
    5      | 2016-01-01 | 0           | 2                | 0            | 5       | true       | false             | true
    6      | 2015-06-01 | 0           | 1                | 0            | 6       | true       | true             | true
    7      | 2011-06-01 | 0           | 1                | 0            | 7       | true       | false             | true
    """,
    income_class=pl.UInt8,
    person=pl.UInt32,
    carrier=pl.UInt32,
    origin_area=pl.UInt32,
    destination_area=pl.UInt32,
)


def flows(*levels):
    counts = count_by_area(MOVES, range(2015, 2017))
    return pl.concat([as_text(name_cells(of, level, "events")) for level, of in roll_up(counts, climb(AREAS, levels))])


def as_text(named):
    return named.cast({pl.Enum: pl.String})


def test_moves_are_counted_by_year_place_and_own_class_and_households_in_the_class_of_their_carrier():
    assert_table(
        flows("gemeente"),
        """
        level    | count  | year | origin | destination | income_class | persons | households
        gemeente | events | 2015 | GM0001 | GM0001      | q1           | 1       | 1
        gemeente | events | 2015 | GM0001 | GM0001      | q5           | 1       | 0
        gemeente | events | 2015 | GM0001 | GM0002      | q1           | 2       | 2
        gemeente | events | 2016 | GM0001 | GM0002      | q1           | 1       | 1
    """,
    )


def test_behind_a_count_of_moves_stand_at_least_its_first_moves_of_the_year():
    """Person 4 moved before in 2015, so of the two moves at least one different person is certain."""
    cell = flows("gemeente").filter(year=2015, destination="GM0002")
    assert cell.select("persons", "unit_persons", "unit_households").row(0) == (2, 1, 1)


def test_every_level_counts_the_same_moves():
    levels = ("buurt", "wijk", "gemeente", "role", "region")
    totals = flows(*levels).group_by("level").agg(pl.col("persons", "households").sum())
    assert set(totals["persons"]) == {5}  # seven, less the renumbered door and the move before the period
    assert set(totals["households"]) == {4}


def test_the_key_of_a_cell_is_the_sum_of_the_hashes_of_its_records_so_levels_and_parts_agree():
    both = flows("gemeente", "region").filter(year=2015, origin="GM0001", destination="GM0002")
    region = flows("region").filter(year=2015, origin="delta", destination="elsewhere")
    expected = record_hash(pl.Series([3, 4], dtype=pl.UInt32), pl.Series([2015, 2015])).sum()
    assert both["cell_key"].to_list() == region["cell_key"].to_list() == [expected]


def test_flows_by_a_further_dimension_add_up_to_the_flows():
    """Household types 1 and 5 of the movers; what is not known is a value too."""
    values = pl.Series(["couple_with_children", "single", "unknown"])
    moves = MOVES.with_columns(value=pl.Series([0, 0, 1, 2, 1, 0, 0]))
    ((gemeente, counts),) = roll_up(count_by_area(moves, range(2015, 2017)), climb(AREAS, ("gemeente",)))
    table_by = as_text(name_cells_by(counts, gemeente, "events", "household_type", values))
    assert_table(
        table_by,
        """
        year | origin | destination | dimension      | value                | income_class | persons | households
        2015 | GM0001 | GM0001      | household_type | couple_with_children | q1           | 1       | 1
        2015 | GM0001 | GM0001      | household_type | couple_with_children | q5           | 1       | 0
        2015 | GM0001 | GM0002      | household_type | single               | q1           | 1       | 1
        2015 | GM0001 | GM0002      | household_type | unknown              | q1           | 1       | 1
        2016 | GM0001 | GM0002      | household_type | single               | q1           | 1       | 1
        """,
    )
    assert table_by["persons"].sum() == flows("gemeente")["persons"].sum()


def test_the_kind_of_a_move_is_the_smallest_place_that_holds_both_ends():
    areas = table(
        """
        gemeente    | wijk        | buurt       | region
        unplaceable | unplaceable | unplaceable | unplaceable
        GM0001      | WK000101    | BU00010101  | delta
        GM0001      | WK000101    | BU00010102  | delta
        GM0001      | WK000102    | BU00010201  | delta
        GM0002      | WK000201    | BU00020101  | delta
        GM0003      | WK000301    | BU00030101  | elsewhere
        GM0001      | unplaceable | unplaceable | delta
        """
    )
    ends = table(
        """
        origin | destination | kind
        1      | 1           | within_buurt
        1      | 2           | within_wijk
        1      | 3           | within_gemeente
        1      | 4           | within_region
        1      | 5           | between_regions
        6      | 6           | within_gemeente
        0      | 1           | unplaceable
        """
    )
    found = kind_of_move(ends["origin"], ends["destination"], areas)
    assert [KINDS[value] for value in found] == ends["kind"].to_list()
