"""Method 2: from areas to roles and regions."""

from mobility.areas import Line, Zoning
from mobility.places import unmatched_codes, zone_areas
from tests.lib.tables import assert_table, table

AREAS = table("""
    gemeente    | wijk        | buurt
    unplaceable | unplaceable | unplaceable
    GM0001      | WK000101    | BU00010101
    GM0001      | WK000101    | BU00010102
    GM0001      | WK000102    | BU00010201
    GM0002      | WK000201    | BU00020101
    GM0009      | unplaceable | unplaceable
    GM0010      | WK001001    | BU00100101
""")
ZONING = Zoning(
    name="drawn",
    geography_year=2023,
    titles=(("delta", "Delta"),),
    lines=(
        Line("GM0001", "delta", "city"),
        Line("WK000101", "delta", "centre"),
        Line("BU00010102", "delta", "periphery"),
        Line("GM0002", "delta", "growth_core"),
        Line("GM0009", "delta", "satellite"),
        Line("GM0404", "delta", "satellite"),
    ),
)


def test_the_most_specific_line_wins_and_what_is_unnamed_is_elsewhere():
    assert_table(
        zone_areas(AREAS, ZONING),
        """
        buurt       | atom       | role              | region
        unplaceable |            | unplaceable       | unplaceable
        BU00010101  | WK000101   | delta/centre      | delta
        BU00010102  | BU00010102 | delta/periphery   | delta
        BU00010201  | GM0001     | delta/city        | delta
        BU00020101  | GM0002     | delta/growth_core | delta
        unplaceable | GM0009     | delta/satellite   | delta
        BU00100101  |            | elsewhere         | elsewhere
    """,
    )


def test_areas_keep_their_order_because_their_place_is_their_id():
    assert zone_areas(AREAS, ZONING)["wijk"].to_list() == AREAS["wijk"].to_list()


def test_a_code_that_occurs_nowhere_is_told():
    assert unmatched_codes(AREAS, [line.code for line in ZONING.lines]) == ["GM0404"]
