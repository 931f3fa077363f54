"""Dictionaries of registers: what they say of a row, what depends on it, and columns that are read on request."""

import re

import pytest

from mobility.errors import RequestError
from mobility.folders import SCHEMAS
from mobility.panel.demands import check_demands
from mobility.registers.decode import clean, decode
from mobility.registers.dictionary import load_register, read_register, register_names
from tests.lib.tables import table

INDICATORS = set(re.findall(r"[A-G]\d", "A1 A2 A3 A4 A5 A6 A7 A8 A9 B1 B2 B3 B4 B5 B6 B7 C1 C2 D1 D2 D3 D4"))
INDICATORS |= set(re.findall(r"[A-G]\d", "E1 E2 E3 E4 E5 E6 E7 F1 F2 F3 F4 F5 F6 G1 G2"))


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


def slip(tmp_path, before, after, name="inhatab", encoding="utf-8"):
    """The refusal of a dictionary in which one text stands in place of another."""
    text = (SCHEMAS / "registers" / f"{name}.yaml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / f"{name}.yaml").write_text(text.replace(before, after, 1), encoding=encoding)
    with pytest.raises(RequestError) as refused:
        check_demands(read_register(tmp_path / f"{name}.yaml"))
    told = str(refused.value)
    assert told.startswith(f"schemas/registers/{name}.yaml")
    return told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("unit: payer_year", "unit: household", "unit must be one of person,"),
        ("editions: yearly", "editions: each year", "editions must be one of newest, yearly"),
        ("editions: yearly", "editions: newest", "editions must be yearly"),
        ("unit: payer_year\n", "", "unit is missing"),
        ("unit: payer_year", "unit: person_year", "no column has `as: person_type`"),
        ("since: 2011", "sinse: 2011", "sinse means nothing here. Did you mean since"),
        ("since: 2011", "since: '2011'", "since must be a year"),
        ("since: 2011", "since: 2011\nuntil: 2010", "since lies after until"),
        ("register: INHATAB", "register: INHA", "register is INHA, and the file is called inhatab"),
        ("required: true", "required: 'yes'", "required must be true or false"),
        ("folder: Inkomen", "folder: G:/Inkomen", "folder must be a folder below the root"),
        ("{year}TABV", "TABV", "files: INHATABV{version} must hold {year} once"),
        ("{year}TABV", "{jaar}TABV", "files: {jaar} means nothing"),
        ('["INHA{year}TABV{version}"]', "[]", "files must be a list of texts"),
        ("missing: [", "mising: [", "columns.INHP100HGEST.mising means nothing here. Did you mean missing"),
        ('missing: ["-1"', "missing: [0363", "columns.INHP100HGEST.missing must be a list of codes between quotes"),
        ('codes: {"R"', 'codes: {0363: x, "R"', "columns.RINPERSOONSHKW.codes must be codes between quotes"),
        ("as: percentile", "as: percentile, on_request: p", "columns.INHP100HGEST has both as and on_request"),
        ("as: population", "as: percentile", "columns.INHP100HGEST and columns.INHPOPIIV are both read as percentile"),
        ("as: payer,", "as: null,", "no column has `as: payer`, by which a register of unit payer_year is linked"),
        ("as: payer, type: person", "as: payer, type: text", "columns.RINPERSOONHKW is read as payer, so its type must be"),
        ("as: percentile, type: integer", "as: percentile, type: number", "columns.INHP100HGEST.type must be one of text,"),
        ("as: percentile", "as: Percentile", "columns.INHP100HGEST.as must be a name of small letters"),
        ("INHP100HGEST: {format: F4", "INHP100HGEST: {format: I4", "columns.INHP100HGEST.format must be an SPSS format"),
        ("INHP100HGEST: {format: F4", "INHP100HGEST: {format: A0", "columns.INHP100HGEST.format must be an SPSS format"),
        ("INHP100HGESTES:", "INHP100HGEST:", "INHP100HGEST stands there twice"),
        ("least: 1, most: 100", "least: 101, most: 100", "columns.INHP100HGEST: least is larger than most"),
        ("least: 1, most: 100", "least: 1", "INHP100HGEST is read as percentile and needs its range"),
        ('"7": particulier', '"7: particulier', "line"),
        ("as: percentile", "as: null", "no column has `as: percentile`, and the panel is made of it"),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_in_a_dictionary_is_told(tmp_path, before, after, told):
    assert told in slip(tmp_path, before, after)


def test_a_dictionary_that_is_not_in_utf_8_is_told(tmp_path):
    assert "not in UTF-8" in slip(tmp_path, "title: Income", "title: Inkomen geïnd", encoding="latin-1")


@pytest.mark.parametrize("columns", ["", " {}", " none"])
def test_a_dictionary_without_columns_is_told(tmp_path, columns):
    text = (SCHEMAS / "registers" / "inhatab.yaml").read_text(encoding="utf-8")
    path = tmp_path / "inhatab.yaml"
    path.write_text(text.partition("columns:")[0] + f"columns:{columns}\n", encoding="utf-8")
    with pytest.raises(RequestError, match="columns is empty"):
        read_register(path)


def test_what_the_panel_needs_of_registers_that_begin_somewhere_is_told(tmp_path):
    assert "since is missing" in slip(tmp_path, "since: 1995", "since: null", "gbaadresobjectbus")
    assert "no column has `as: x_m`" in slip(tmp_path, "as: x_m", "as: null", "vslcoordtab")
    assert "as: tenure` or `as: ownership`" in slip(tmp_path, "as: ownership", "as: null", "objectwoningtab")


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
