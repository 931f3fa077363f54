"""Dictionaries of registers: what they say of a row, what depends on it, and columns that are read on request."""

import re
from typing import get_args

import pytest

from mobility.errors import RequestError
from mobility.folders import SCHEMAS
from mobility.registers.decode import clean, decode
from mobility.registers.dictionary import Unit, load_register, read_register, register_names
from tests.lib.tables import table

INDICATORS = set(re.findall(r"[A-G]\d", "A1 A2 A3 A4 A5 A6 A7 A8 A9 B1 B2 B3 B4 B5 B6 B7 C1 C2 D1 D2 D3 D4"))
INDICATORS |= set(re.findall(r"[A-G]\d", "E1 E2 E3 E4 E5 E6 E7 F1 F2 F3 F4 F5 F6 G1 G2"))
# Key columns by which a row of each unit is linked.
KEYS = {
    "person": {"person_type", "person"},
    "person_spell": {"person_type", "person", "start_date", "end_date"},
    "person_event": {"person_type", "person"},
    "person_year": {"person_type", "person"},
    "payer_year": {"payer_type", "payer"},
    "link_year": {"person_type", "person", "payer_type", "payer"},
    "object": {"object_type", "object_number"},
    "object_spell": {"object_type", "object_number", "start_date", "end_date"},
    "object_year": {"object_type", "object_number"},
}


@pytest.mark.parametrize("name", register_names())
def test_the_unit_of_a_register_tells_by_which_columns_it_is_linked(name):
    register = load_register(name)
    assert KEYS.keys() == set(get_args(Unit))
    there = {column.canonical for column in register.used_columns}
    assert there >= KEYS[register.unit]
    if register.unit.endswith("_year"):
        assert register.editions == "yearly"


@pytest.mark.parametrize("name", register_names())
def test_what_a_register_serves_is_an_indicator_of_the_catalogue_or_a_phrase(name):
    serves = load_register(name).serves
    assert len(serves) == len(set(serves)) > 0
    named = {match[0] for what in serves if (match := re.match(r"[A-G]\d+(?=$|: )", what))}
    assert named <= INDICATORS
    assert all(len(what) > 4 for what in serves if what not in named)


def test_every_indicator_is_served():
    every = {what[:2] for name in register_names() for what in load_register(name).serves}
    assert every >= INDICATORS


@pytest.mark.parametrize("name", register_names())
def test_no_two_columns_bear_one_name(name):
    columns = load_register(name).columns
    names = [name for column in columns for name in (column.canonical, column.on_request) if name]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_a_column_on_request_is_read_only_when_it_is_asked_for():
    register = load_register("INHATAB")
    plain = ["payer_type", "payer", "percentile", "population"]
    assert [column.canonical for column in register.used_columns] == plain
    asked = register.with_columns(["threshold_pct", "percentile"])
    assert [column.canonical for column in asked.used_columns] == [*plain, "threshold_pct"]
    assert register.with_columns([]) == register
    assert [column.canonical for column in register.used_columns] == plain


def test_a_column_that_does_not_exist_is_refused_with_the_nearest_name():
    with pytest.raises(RequestError, match=r"INHATAB has no column treshold_pct\. Did you mean threshold_pct\?"):
        load_register("INHATAB").with_columns(["treshold_pct"])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("unit: payer_year", "unit: household", "unit of the register is none of person,"),
        ("editions: yearly", "editions: each year", "editions of the register is none of newest, yearly"),
        ("unit: payer_year\n", "", "entry is missing or malformed.*unit"),
        ("since: 2011", "sinse: 2011", "the register has a key sinse, which means nothing. Did you mean since"),
        ("missing: [", "mising: [", "INHP100HGEST has a key mising, which means nothing. Did you mean missing"),
        ("as: percentile", "as: percentile, on_request: p", "INHP100HGEST has both as and on_request"),
        ("as: percentile, type: integer", "as: percentile, type: number", "type of INHP100HGEST is none of text,"),
    ],
)
def test_a_slip_of_the_pen_in_a_dictionary_is_told(tmp_path, before, after, told):
    text = (SCHEMAS / "registers" / "inhatab.yaml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "inhatab.yaml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(RequestError, match=rf"schemas/registers/inhatab\.yaml: .*{told}"):
        read_register(tmp_path / "inhatab.yaml")


def test_parents_are_person_numbers_and_may_be_unknown():
    register = load_register("KINDOUDERTAB").with_columns(["father_type", "mother_type"])
    stored = table("""
        RINPERSOONS | RINPERSOON | RINPERSOONSpa | RINPERSOONpa | RINPERSOONSMa | RINPERSOONMa
        R           | 7          | R             | 12           | R             | 13
        R           | 8          | -             | ---------    | R             | 13
    """)
    found = decode(clean(stored, register), register)
    assert found["father"].to_list() == [12, None]
    assert found["mother"].to_list() == [13, 13]
    assert found["father_type"].to_list() == ["R", None]
