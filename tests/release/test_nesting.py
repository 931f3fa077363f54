"""How gemeenten and roles overlap."""

from __future__ import annotations

from mobility.areas import load_zoning
from mobility.disclosure.nesting import find_blocks
from mobility.release.zoning import roles_of_gemeenten


def test_a_block_is_the_smallest_area_that_both_divisions_fill() -> None:
    blocks = find_blocks(
        {
            "GM0001": frozenset({"r/centre", "r/city"}),  # a city of two roles
            "GM0002": frozenset({"r/growth_core"}),  # two growth cores
            "GM0003": frozenset({"r/growth_core"}),
            "GM0004": frozenset({"r/satellite", "elsewhere"}),  # partly outside the zoning
        }
    )
    assert blocks["GM0001"] == blocks["r/centre"] == blocks["r/city"]
    assert blocks["GM0002"] == blocks["GM0003"] == blocks["r/growth_core"]
    assert blocks["GM0004"] == blocks["r/satellite"] == blocks["elsewhere"]
    assert len({blocks["GM0001"], blocks["GM0002"], blocks["GM0004"]}) == 3


def test_the_roles_of_a_gemeente_come_from_its_wijken_too() -> None:
    roles = roles_of_gemeenten(load_zoning("synthetic"))
    assert roles["GM9101"] == {"merenland/city", "merenland/centre", "merenland/periphery"}
    assert roles["GM9102"] == {"merenland/growth_core"}
