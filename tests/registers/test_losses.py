"""Rows that are read and do not come into the panel: each is counted, under the rule that says why."""

import pytest

from mobility.errors import DataError
from tests.lib.tables import assert_table
from tests.registers.country import LAST_YEAR

CUT = ("study.period.last_year=2020", "study.period.cut_off='2020-12-31'")


def test_households_births_and_deaths_of_who_was_never_registered_are_counted_and_not_in_the_panel(country):
    """Nobody registered person 9."""
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR
        000000001  | 20000101       | 20501231     | 000000000001
        000000009  | 20000101       | 20501231     | 000000000009
        """,
    )
    country.deliver("GBAPERSOONTAB", "RINPERSOON | GBAGEBOORTEJAAR\n000000001 | 1970\n000000009 | 1971")
    country.deliver("GBAOVERLIJDENTAB", "RINPERSOON | GBADatumOverlijden\n000000009 | 20220514")
    found = country.run("ingest")
    for register, kept in (("GBAHUISHOUDENSBUS", 1), ("GBAPERSOONTAB", 1), ("GBAOVERLIJDENTAB", 0)):
        counts = found.counts(register)
        assert counts["quarantined"] == {"person_without_registration": 1}, register
        assert counts["kept"] == kept
    assert found.households()["person"].to_list() == [1]


def test_who_comes_after_the_cut_off_is_no_stranger(country):
    """Person 3 is registered from 2021 on, and the study ends in 2020: a sound file, in which nothing is wrong."""
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20501231                  | a
        000000002  | 20000101                    | 20501231                  | b
        000000003  | 20210101                    | 20501231                  | c
        """,
    )
    found = country.run("ingest", settings=(*CUT, "study.most_refused_share=0"))
    for register in ("GBAADRESOBJECTBUS", "GBAPERSOONTAB", "GBAHUISHOUDENSBUS"):
        assert found.counts(register)["quarantined"] == {"after_cut_off": 1}, register


def test_what_happens_after_the_cut_off_is_not_in_a_further_table(country):
    country.deliver(
        "GBAMIGRATIEBUS",
        """
        RINPERSOON | GBASOORTMIGRATIE | GBADATUMMIGRATIE
        000000001  | 1                | 20201231
        000000001  | 2                | 20210101
        """,
    )
    country.deliver(
        "SECMBUS",
        """
        RINPERSOON | AANVSECM | EINDSECM | SECM
        000000001  | 20190101 | 20191231 | 11
        000000001  | 20200101 | 20211231 | 26
        000000001  | 20220101 | 88888888 | 11
        """,
    )
    found = country.run("ingest", settings=(*CUT, "study.further_registers=[SECMBUS]"))
    assert_table(found._all("gbamigratiebus"), "person | migration_date | migration_kind\n1 | 2020-12-31 | immigration")
    assert found.counts("GBAMIGRATIEBUS")["quarantined"] == {"after_cut_off": 1}
    assert_table(
        found._all("secmbus"),
        """
        person | start_date | end_date
        1      | 2019-01-01 | 2020-01-01
        1      | 2020-01-01 |
        """,
    )
    counts = found.counts("SECMBUS")
    assert (counts["quarantined"], counts["repaired"]) == ({"after_cut_off": 1}, {"end_after_cut_off": 1})


def test_income_households_to_which_nobody_is_linked_are_counted(country):
    """Household 8 has an income and wealth, and nobody in it; household 9 only somebody who was never registered."""
    link = "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001\n000000002 | 000000001\n000000009 | 000000009"
    country.deliver("KOPPELPERSOONHUISHOUDEN", link, 2018)
    country.deliver(
        "INHATAB",
        "RINPERSOONHKW | INHP100HGEST | INHPOPIIV\n000000001 | 10 | 1\n000000008 | 20 | 1\n000000009 | 30 | 1",
        2018,
    )
    country.deliver("VEHTAB", "RINPERSOONHKW | VEHP100HVERM\n000000001 | 30\n000000008 | 40\n000000009 | 50", 2018)
    found = country.run("ingest", settings=("study.further_registers=[VEHTAB]",))
    assert found.counts("INHATAB")["quarantined"] == {"payer_without_link": 1}
    assert found.counts("KOPPELPERSOONHUISHOUDEN")["quarantined"] == {"person_without_registration": 1}
    assert found.counts("VEHTAB")["quarantined"] == {"payer_without_link": 2}
    assert_table(found._all("vehtab"), "person | year | wealth_percentile\n1 | 2018 | 30\n2 | 2018 | 30")


def test_wealth_of_a_year_without_incomes_is_linked_all_the_same(country):
    """Of 2019 there are links and wealth, and no incomes; person 2 is linked twice, and nobody registered person 9."""
    link = """
        RINPERSOON | RINPERSOONHKW
        000000001  | 000000001
        000000002  | 000000001
        000000002  | 000000003
        000000009  | 000000001
    """
    country.deliver("KOPPELPERSOONHUISHOUDEN", link, 2019)
    country.deliver("VEHTAB", "RINPERSOONHKW | VEHP100HVERM\n000000001 | 30", 2019)
    found = country.run("ingest", settings=("study.further_registers=[VEHTAB]",))
    assert_table(found._all("vehtab"), "person | year | wealth_percentile\n1 | 2019 | 30\n2 | 2019 | 30")
    counts = found.counts("KOPPELPERSOONHUISHOUDEN")
    assert counts["read"] == 7
    assert counts["quarantined"] == {"key_repeated": 1, "person_without_registration": 1}
    assert found.counts("VEHTAB")["kept"] == 1
    assert found.panel.shape().income_years == (2018, 2018)


def test_wealth_of_a_year_without_links_is_not_read(country):
    country.deliver("VEHTAB", "RINPERSOONHKW | VEHP100HVERM\n000000001 | 30", 2019)
    country.run("ingest", settings=("study.further_registers=[VEHTAB]",))
    assert not (country.root / "registers" / "VEHTAB").exists()


def test_rows_of_objects_that_nobody_knows_are_counted_in_every_register_of_objects(country):
    country.deliver("VSLCOORDTAB", "RINOBJECTNUMMER | XCOORDADRES | YCOORDADRES\na | 1000 | 400000\nx | 1 | 400000")
    country.deliver(
        "LEVCYCLWOONNIETWOONBUS",
        "RINOBJECTNUMMER | AANVLEVCYCLWOONNIETWOON | EINDLEVCYCLWOONNIETWOON\na | 20120101 | 20150630\nx | 20120101 | 20150630",
    )
    country.deliver("EIGENDOMTAB", "RINOBJECTNUMMER | TypeEigendom | TypeEigenaar\na | E | E\nx | E | E", 2020)
    found = country.run("ingest")
    for register in ("VSLCOORDTAB", "LEVCYCLWOONNIETWOONBUS", "EIGENDOMTAB"):
        assert found.counts(register)["quarantined"] == {"object_without_registration": 1}, register
        assert found.set_apart(register)["object_number"].to_list() == ["x"], register
    assert_table(
        found.objects().head(1), "object | x_m | y_m | demolished_date | 2020\nB a | 1000 | 400000 | 2015-07-01 | owner"
    )


def test_an_object_in_both_registers_of_areas_has_those_of_the_first(country):
    country.deliver("NIETVSLGWBTAB", "RINOBJECTNUMMER | gem2023 | wc2023 | bc2023\na | 9102 | 910201 | 91020101")
    found = country.run("ingest")
    assert found.counts("NIETVSLGWBTAB")["repaired"] == {"placed_by_vslgwbtab": 1}
    assert found.objects()["gemeente"][0] == "GM9101"
    assert found.panel.shape().cut_off.year == LAST_YEAR


def test_a_register_of_which_too_much_is_lost_names_the_one_it_was_linked_with(country):
    country.deliver("KOPPELPERSOONHUISHOUDEN", "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001", 2018)
    with pytest.raises(DataError, match=r"INHATAB: 2 of 3 rows .* It may be KOPPELPERSOONHUISHOUDEN or KOPPELTABEL"):
        country.run("ingest", settings=("study.most_refused_share=0.5",))
