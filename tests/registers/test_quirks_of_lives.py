"""Quirks 1 to 6, 17, 18, 22 and 23: what is odd in the registrations, households and deaths of persons."""

import datetime as dt

import polars as pl

from tests.lib.tables import assert_table


def test_quirk_01_open_end_is_20501231_for_an_address_and_88888888_for_a_life_cycle(country):
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20501231                  | a
        000000002  | 20000101                    | 20191231                  | b
        000000002  | 20200101                    | 20501231                  | c
        """,
    )
    country.deliver(
        "LEVCYCLWOONNIETWOONBUS",
        """
        RINOBJECTNUMMER | AANVLEVCYCLWOONNIETWOON | EINDLEVCYCLWOONNIETWOON
        a               | 20120101                | 88888888
        b               | 20120101                | 20200630
        """,
    )
    found = country.run("ingest")
    assert_table(
        found.registrations(),
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 |            | B a
        2      | 2000-01-01 | 2020-01-01 | B b
        2      | 2020-01-01 |            | B c
        """,
    )
    assert (
        found.counts("GBAADRESOBJECTBUS")["repaired"]["end_after_cut_off"] == 0
    )  # open is no day that is still to come
    assert found.counts("LEVCYCLWOONNIETWOONBUS")["kept"] == 2
    assert_table(
        found.objects(),
        """
        object | demolished_date
        B a    |
        B b    | 2020-07-01
        B c    |
        B d    |
        """,
    )


def test_quirk_02_a_stay_split_in_four_contiguous_rows_is_one_stay(country):
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20051231                  | a
        000000001  | 20060101                    | 20101231                  | a
        000000001  | 20110101                    | 20190331                  | a
        000000001  | 20190401                    | 20190630                  | a
        000000001  | 20190701                    | 20501231                  | c
        """,
    )
    found = country.run("ingest", "moves")
    assert found.registrations().height == 5
    assert_table(
        found.residence(),
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2019-07-01 | B a
        1      | 2019-07-01 |            | B c
        """,
    )
    assert_table(found.moves(), "person | move_date | origin | destination\n1 | 2019-07-01 | B a | B c")


def test_quirk_03_of_overlapping_registrations_the_one_that_started_last_counts(country):
    """Person 1: the old address was closed late.

    Person 2: registered elsewhere for a while, the first address never closed.
    """
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20191231                  | a
        000000001  | 20190601                    | 20501231                  | c
        000000002  | 20000101                    | 20501231                  | b
        000000002  | 20150301                    | 20160930                  | d
        """,
    )
    found = country.run("ingest", "moves")
    assert found.counts("GBAADRESOBJECTBUS")["kept"] == 4
    assert_table(
        found.residence(),
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2019-06-01 | B a
        1      | 2019-06-01 |            | B c
        2      | 2000-01-01 | 2015-03-01 | B b
        2      | 2015-03-01 | 2016-10-01 | B d
        2      | 2016-10-01 |            | B b
        """,
    )
    assert_table(
        found.moves(),
        """
        person | move_date  | origin | destination
        1      | 2019-06-01 | B a    | B c
        2      | 2015-03-01 | B b    | B d
        2      | 2016-10-01 | B d    | B b
        """,
    )


def test_quirk_04_nobody_lives_anywhere_after_death(country):
    """The address of person 1 was never closed, that of 2 months late, and 3 is even registered elsewhere afterwards."""
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20501231                  | a
        000000002  | 20000101                    | 20191231                  | b
        000000003  | 20000101                    | 20190531                  | c
        000000003  | 20190601                    | 20501231                  | d
        """,
    )
    country.deliver(
        "GBAOVERLIJDENTAB",
        """
        RINPERSOON | GBADatumOverlijden
        000000001  | 20190514
        000000002  | 20190514
        000000003  | 20190514
        """,
    )
    found = country.run("ingest", "moves")
    assert_table(
        found.residence(),
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2019-05-15 | B a
        2      | 2000-01-01 | 2019-05-15 | B b
        3      | 2000-01-01 | 2019-05-15 | B c
        """,
    )
    assert found.moves().height == 0


def test_quirk_05_who_comes_back_after_years_enters_and_does_not_move(country):
    """Abroad from July 2015; back in January 2018, at an address of another type."""
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | SOORTOBJECTNUMMER | RINOBJECTNUMMER
        000000001  | 20000101                    | 20150630                  | B                 | a
        000000001  | 20180115                    | 20501231                  | D                 | x
        """,
    )
    country.deliver(
        "NIETVSLGWBTAB",
        """
        SOORTOBJECTNUMMER | RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        D                 | x               | 9102    | 910201 | 91020101
        """,
    )
    found = country.run("ingest", "moves")
    assert_table(
        found.residence(),
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2015-07-01 | B a
        1      | 2015-07-01 | 2018-01-15 |
        1      | 2018-01-15 |            | D x
        """,
    )
    assert found.moves().height == 0
    assert found.moves("transitions").height == 0


def test_quirk_06_what_starts_in_the_year_after_the_files_is_not_known_yet(country):
    """The file of 2023. Person 1 moves in January 2024, person 2 on the last day of 2023, person 3 on the first of 2024."""
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20240114                  | a
        000000001  | 20240115                    | 20501231                  | c
        000000002  | 20000101                    | 20231230                  | b
        000000002  | 20231231                    | 20501231                  | c
        000000003  | 20000101                    | 20231231                  | c
        000000003  | 20240101                    | 20501231                  | d
        """,
    )
    found = country.run("ingest", "moves")
    assert found.panel.shape().cut_off == dt.date(2023, 12, 31)
    assert_table(
        found.registrations(),
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 |            | B a
        2      | 2000-01-01 | 2023-12-31 | B b
        2      | 2023-12-31 |            | B c
        3      | 2000-01-01 | 2024-01-01 | B c
        """,
    )
    assert_table(found.set_apart("GBAADRESOBJECTBUS"), "person | rule\n1 | after_cut_off\n3 | after_cut_off")
    assert_table(found.moves(), "person | move_date | origin | destination\n2 | 2023-12-31 | B b | B c")
    assert found.residence()["object"].null_count() == 0  # nobody is away for a day that lies after the cut-off


def test_quirk_17_a_blank_before_a_code_is_no_other_code_and_type_8_is_an_institution(country):
    """Place 11 is no code, so that the last row, and no other, is warned about."""
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH | PLHH | REFPERSOONHH
        000000001  | 20000101       | 20501231     | 000000000007 | 3     | " 4" | 1
        000000002  | 20000101       | 20501231     | 000000000007 | 3     | "4 " | 0
        000000003  | 20000101       | 20121231     | 000000000008 | 8     | "10" | 0
        000000003  | 20130101       | 20501231     | 000000000009 | 1     | "11" | 1
        """,
    )
    found = country.run("ingest")
    assert_table(
        found.households(),
        """
        person | start_date | end_date   | household_type | household_size | reference_person
        1      | 2000-01-01 |            | 3              | 2              | true
        2      | 2000-01-01 |            | 3              | 2              | false
        3      | 2000-01-01 | 2013-01-01 | 8              | 1              | false
        3      | 2013-01-01 |            | 1              | 1              | true
        """,
    )
    assert found.counts("GBAHUISHOUDENSBUS")["warned"] == {"code_unknown": 1}


def test_quirk_18_one_household_number_with_two_first_days_is_two_households(country):
    """Persons 1 and 2 part on 1 January 2011; 1 keeps the number. When 1 moves in 2019, nobody stays behind."""
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH | PLHH | REFPERSOONHH
        000000001  | 20000101       | 20101231     | 000000000007 | 3     | " 4" | 1
        000000002  | 20000101       | 20101231     | 000000000007 | 3     | " 4" | 0
        000000001  | 20110101       | 20501231     | 000000000007 | 1     | " 2" | 1
        000000002  | 20110101       | 20501231     | 000000000008 | 1     | " 2" | 1
        """,
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20190630                  | a
        000000001  | 20190701                    | 20501231                  | c
        000000002  | 20000101                    | 20501231                  | a
        """,
    )
    found = country.run("ingest", "moves")
    assert_table(
        found.households(),
        """
        person | start_date | end_date   | household | household_size
        1      | 2000-01-01 | 2011-01-01 | 0         | 2
        2      | 2000-01-01 | 2011-01-01 | 0         | 2
        1      | 2011-01-01 |            | 1         | 1
        2      | 2011-01-01 |            | 2         | 1
        """,
    )
    assert_table(
        found.moves(), "person | move_date | household | is_carrier | is_whole\n1 | 2019-07-01 | 1 | true | true"
    )


def test_quirk_22_students_and_institutions_are_classes_of_their_own_and_never_low(country):
    """All three move on 1 July 2019. Person 3 has an income below zero; 2 lives in an institution: that is no transition."""
    country.deliver(
        "INHATAB",
        """
        RINPERSOONHKW | INHP100HGEST | INHPOPIIV | INHGESTINKH
        000000001     | 3            | 2         | 4000
        000000002     | 5            | 3         | 9000
        000000003     | 1            | 1         | -2500
        """,
        year=2018,
    )
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH | PLHH | REFPERSOONHH
        000000001  | 20000101       | 20501231     | 000000000001 | 1     | " 2" | 1
        000000002  | 20000101       | 20501231     | 000000000002 | 8     | "10" | 0
        000000003  | 20000101       | 20501231     | 000000000003 | 1     | " 2" | 1
        """,
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20190630                  | a
        000000001  | 20190701                    | 20501231                  | d
        000000002  | 20000101                    | 20190630                  | b
        000000002  | 20190701                    | 20501231                  | d
        000000003  | 20000101                    | 20190630                  | c
        000000003  | 20190701                    | 20501231                  | d
        """,
    )
    found = country.run("ingest", "moves")
    assert_table(
        found.income(),
        """
        person | percentile | population
        1      | 3          | 2
        2      | 5          | 3
        3      | 1          | 1
        """,
    )
    assert_table(found.moves(), "person | income_class\n1 | student\n2 | institutional\n3 | q1")
    assert_table(found.moves("transitions"), "person | move_date\n1 | 2019-12-31\n3 | 2019-12-31")


def test_quirk_23_a_newborn_who_enters_the_household_late_moves_with_its_parents_all_the_same(country):
    """Born in May 2019, registered on the 14th, moves with both parents on the 25th, in the household from 2 June on."""
    country.deliver(
        "GBAPERSOONTAB",
        """
        RINPERSOON | GBAGEBOORTEJAAR | GBAGEBOORTEMAAND | GBAGEBOORTEDAG
        000000001  | 1970            | 05               | 01
        000000002  | 1980            | 11               | 01
        000000004  | 2019            | 05               | 01
        """,
    )
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20190524                  | a
        000000001  | 20190525                    | 20501231                  | c
        000000002  | 20000101                    | 20190524                  | a
        000000002  | 20190525                    | 20501231                  | c
        000000004  | 20190514                    | 20190524                  | a
        000000004  | 20190525                    | 20501231                  | c
        """,
    )
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH | PLHH | REFPERSOONHH
        000000001  | 20000101       | 20190601     | 000000000007 | 3     | " 4" | 1
        000000002  | 20000101       | 20190601     | 000000000007 | 3     | " 4" | 0
        000000001  | 20190602       | 20501231     | 000000000007 | 5     | " 6" | 1
        000000002  | 20190602       | 20501231     | 000000000007 | 5     | " 6" | 0
        000000004  | 20190602       | 20501231     | 000000000007 | 5     | " 1" | 0
        """,
    )
    found = country.run("ingest", "moves")
    child = found.households().filter(pl.col("person") == 4)
    assert_table(child, "person | start_date | end_date | household_size\n4 | 2019-06-02 | | 3")
    assert_table(
        found.moves(),
        """
        person | move_date  | origin | destination | household | carrier | is_carrier | is_whole
        1      | 2019-05-25 | B a    | B c         | 0         | 1       | true       | true
        2      | 2019-05-25 | B a    | B c         | 0         | 1       | false      | true
        4      | 2019-05-25 | B a    | B c         |           | 1       | false      | true
        """,
    )


def test_children_are_who_live_with_a_parent_whatever_their_age_and_are_counted_per_household(country):
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH | PLHH | REFPERSOONHH
        000000001  | 20000101       | 20501231     | 000000000007 | 6     | " 7" | 1
        000000002  | 20000101       | 20501231     | 000000000007 | 6     | " 1" | 0
        000000003  | 20000101       | 20501231     | 000000000007 | 6     | "1 " | 0
        """,
    )
    found = country.run("ingest")
    assert_table(
        found.households(),
        """
        person | is_child | children
        1      | false    | 2
        2      | true     | 2
        3      | true     | 2
        """,
    )
