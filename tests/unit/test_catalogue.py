"""The catalogue of indicators: whole, and the same in the configuration, in the program, in the help and in the docs."""

import pytest

from mobility.catalogue import absent_registers, chosen, help_lines, load_catalogue
from mobility.errors import RequestError
from mobility.folders import PROGRAM
from mobility.registers.dictionary import register_names
from mobility.steps.monitor_families import Made

IDS = [
    *(f"A{number}" for number in range(1, 10)),
    *(f"B{number}" for number in range(1, 8)),
    *("C1", "C2", "D1", "D2", "D3", "D4"),
    *(f"E{number}" for number in range(1, 8)),
    *(f"F{number}" for number in range(1, 7)),
    *("G1", "G2"),
]
NOT_MADE = {"F4"}  # no register tells where a job is
PAGES = {
    "A": "selective-flows", "B": "where-low-incomes-live", "C": "drivers", "D": "original-residents",
    "E": "dwellings", "F": "after-the-move", "G": "outcomes",
}  # fmt: skip


def test_the_catalogue_is_that_of_the_method():
    assert list(load_catalogue()) == IDS
    assert [line.split()[0] for line in help_lines()] == IDS


def test_everything_in_the_catalogue_is_made_but_what_no_register_allows():
    makers = Made.makers(Made.__new__(Made), low=("q1",))
    assert set(makers) == set(IDS) - NOT_MADE


def test_registers_are_those_with_a_dictionary_and_every_entry_is_filled_in():
    for key, one in load_catalogue().items():
        named = {each for entry in one.registers for each in entry.split("|")}
        assert key in NOT_MADE or named <= set(register_names()), key
        for text in (one.name.nl, one.name.en, one.definition, one.grain, one.unit, one.years, one.counts):
            assert len(text) > 1, key
        assert one.rule in ("counts", "ratio", "index"), key
        assert one.literature, key


@pytest.mark.parametrize(("family", "page"), PAGES.items())
def test_every_indicator_stands_on_the_page_of_its_family(family, page):
    text = (PROGRAM / "docs" / "explanation" / "monitor" / f"{page}.md").read_text(encoding="utf-8")
    for key in IDS:
        if key.startswith(family):
            assert f"## {key} " in text, key
    assert "cannot say" in text


def test_a_list_of_ids_and_families_stands_for_indicators_in_the_order_of_the_catalogue():
    assert chosen(("C", "A2")) == ("A2", "C1", "C2")
    with pytest.raises(RequestError, match="A99 is not in the catalogue"):
        chosen(("A99",))


def test_what_lacks_a_register_is_named_with_it():
    absent = absent_registers({"INHATAB", "NABIJHEIDZORGTAB"})
    assert absent["E2"] == ("EIGENDOMTAB",)
    assert "A1" not in absent
    assert "F3" not in absent  # one of three is enough
