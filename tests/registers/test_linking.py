"""What linking leaves out, what a study may do about it, and what is read at all."""

import pytest

import mobility.registers.ingest as reading
from mobility.errors import DataError, RequestError
from tests.lib.tables import assert_table

TWICE_DEAD = """
    RINPERSOON | GBADatumOverlijden
    000000001  | 20220514
    000000001  | 20220514
    000000001  | 20220515
"""


def test_a_copy_of_a_row_is_told_from_another_row_for_the_same_person(country):
    country.deliver("GBAOVERLIJDENTAB", TWICE_DEAD)
    found = country.run("ingest")
    assert found.counts("GBAOVERLIJDENTAB")["quarantined"] == {"exact_duplicate": 1, "key_repeated": 1}
    assert_table(found.persons().drop_nulls("death_date"), "person | death_date\n1 | 2022-05-14")


@pytest.mark.parametrize("rule", ["exact_duplicate", "key_repeated"])
def test_a_study_may_stop_at_what_linking_finds(country, rule):
    country.deliver("GBAOVERLIJDENTAB", TWICE_DEAD)
    with pytest.raises(DataError, match=f"GBAOVERLIJDENTAB: {rule} in 1 rows"):
        country.run("ingest", settings=(f"study.rules.{rule}=stop",))
    assert not (country.root / "panel" / "panel.json").exists()


def test_a_study_may_stop_at_a_person_in_two_households(country):
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR
        000000001  | 20000101       | 20051231     | 000000000001
        000000001  | 20050101       | 20501231     | 000000000002
        """,
    )
    assert country.run("ingest").counts("GBAHUISHOUDENSBUS")["repaired"]["households_overlap"] == 1
    with pytest.raises(DataError, match="households_overlap in 1 rows"):
        country.run("ingest", settings=("study.rules.households_overlap=stop",))


def test_what_happens_after_the_cut_off_has_not_happened_yet(country):
    """Registers of 2024 beside addresses of 2023: who dies and what is demolished in 2024 lives and stands at the cut-off."""
    country.deliver(
        "LEVCYCLWOONNIETWOONBUS",
        "RINOBJECTNUMMER | AANVLEVCYCLWOONNIETWOON | EINDLEVCYCLWOONNIETWOON\na | 20120101 | 20240630",
        year=2024,
    )
    country.withdraw("GBAOVERLIJDENTAB")
    country.deliver("GBAOVERLIJDENTAB", "RINPERSOON | GBADatumOverlijden\n000000001 | 20240514", year=2024)
    found = country.run("ingest", "moves")
    assert found.objects()["demolished_date"].null_count() == 4
    assert found.residence()["end_date"].null_count() == 3
    assert found.counts("GBAOVERLIJDENTAB")["quarantined"] == {"after_cut_off": 1}


def test_incomes_and_links_are_read_only_of_years_that_have_both(country):
    country.deliver("KOPPELPERSOONHUISHOUDEN", "RINPERSOON | RINPERSOONHKW\n000000001 | 000000003", 2011)
    country.run("ingest")
    read = country.root / "registers" / "KOPPELPERSOONHUISHOUDEN"
    assert [path.name for path in read.iterdir()] == ["2018"]


def test_a_coverage_that_falls_short_is_told_or_stops(country):
    country.deliver("GBAPERSOONTAB", "RINPERSOON | GBAGEBOORTEJAAR | GBAGEBOORTEMAAND\n000000001 | 1970 | 05")
    assert country.run("ingest").coverage("persons_in_register") == (1, 3)
    with pytest.raises(DataError, match=r"spell_without_person\): 1 of 3"):
        country.run("ingest", settings=("study.rules.spell_without_person=stop",))
    country.run(
        "ingest", settings=("study.rules.spell_without_person=stop", "study.least_coverage.persons_in_register=0.3")
    )


def test_areas_that_do_not_lie_in_one_another_are_told(country):
    country.deliver(
        "VSLGWBTAB",
        """
        RINOBJECTNUMMER | gem2023 | wc2023 | bc2023
        a               | 9101    | 910101 | 91010101
        b               | 9101    | 910202 | 91020201
        """,
    )
    assert country.run("ingest").counts("VSLGWBTAB")["warned"] == {"areas_disagree": 1}


def test_tenure_before_2012_comes_from_the_predecessors_which_know_no_landlord(country):
    """Of 2012 both tell, and EIGENDOMTAB, which knows the landlord, counts; the other file is not read."""
    country.deliver("EIGENDOMWOZTAB", "RINOBJECTNUMMER | VBOEIGENDOM\na | E\nb | H", 2011)
    country.deliver(
        "EIGENDOMTAB", "RINOBJECTNUMMER | TypeEigendom | TypeEigenaar\na | E | E\nb | H | W\nc | H | -", 2012
    )
    country.deliver("EIGENDOMWOZBAGTAB", "RINOBJECTNUMMER | VBOEIGENDOMBAG\na | H", 2012)
    found = country.run("ingest", settings=("study.period.first_year=2011",))
    assert_table(
        found.objects(),
        """
        object | 2011    | 2012
        B a    | owner   | owner
        B b    | rented  | social
        B c    | unknown | rented
        B d    | unknown | unknown
        """,
    )
    assert not (country.root / "registers" / "EIGENDOMWOZBAGTAB").exists()


def test_a_further_register_of_persons_is_linked_by_what_a_row_is_about(country):
    """Nobody knows person 9; of two costs of one year the first in order stays."""
    country.deliver(
        "ZVWZORGKOSTENTAB",
        "RINPERSOON | ZVWKTOTAAL\n000000002 | 700\n000000001 | 300\n000000001 | 200\n000000009 | 50",
        2019,
    )
    found = country.run("ingest", settings=("study.further_registers=[zvwzorgkostentab]",))
    assert_table(found._all("zvwzorgkostentab"), "person | year | care_costs_eur\n1 | 2019 | 200\n2 | 2019 | 700")
    assert found.counts("ZVWZORGKOSTENTAB")["quarantined"] == {"key_repeated": 1, "person_without_registration": 1}


def test_a_further_register_of_income_households_is_given_to_their_persons(country):
    """Persons 1 and 2 are in the income household of person 1."""
    country.deliver(
        "KOPPELPERSOONHUISHOUDEN", "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001\n000000002 | 000000001", 2018
    )
    country.deliver("VEHTAB", "RINPERSOONHKW | VEHP100HVERM | VEHW1000VERH\n000000001 | 30 | -500", 2018)
    found = country.run("ingest", settings=("study.further_registers=[VEHTAB.wealth_eur]",))
    assert_table(
        found._all("vehtab"),
        "person | year | wealth_percentile | wealth_eur\n1 | 2018 | 30 | -500\n2 | 2018 | 30 | -500",
    )


def test_a_further_register_of_objects_is_linked_to_their_numbers(country):
    country.deliver("NABIJHEIDZORGTAB", "RINOBJECTNUMMER | VZAFSTANDHARTSPR\nc | 900\na | 400\nnowhere | 100", 2019)
    found = country.run("ingest", settings=("study.further_registers=[NABIJHEIDZORGTAB.general_practice_m]",))
    table = found._with_object(found.panel.read_objects("nabijheidzorgtab"))
    assert_table(table, "object | year | general_practice_m\nB a | 2019 | 400\nB c | 2019 | 900")
    assert found.counts("NABIJHEIDZORGTAB")["quarantined"] == {"object_without_registration": 1}


def test_a_register_without_a_dictionary_is_refused_with_the_nearest_name(country):
    with pytest.raises(RequestError, match="SECMBUZ has no dictionary"):
        country.run("ingest", settings=("study.further_registers=[SECMBUZ]",))


def test_a_second_run_reads_no_file_again_and_makes_the_same_panel(country, monkeypatch):
    first = country.run("ingest")
    before = {path: path.read_bytes() for path in sorted(first.panel.folder.rglob("*")) if path.is_file()}
    monkeypatch.setattr("mobility.registers.ingest.read_batches", lambda *_: pytest.fail("a file was read again"))
    monkeypatch.setattr("mobility.run.digests.digest", lambda *_: pytest.fail("a file was read for its digest again"))
    country.run("ingest", settings=("study.rules.households_overlap=stop",))  # another request, so it is done again
    assert {path: path.read_bytes() for path in sorted(first.panel.folder.rglob("*")) if path.is_file()} == before


def test_a_file_that_was_replaced_is_read_again_and_no_other(country, monkeypatch):
    country.run("ingest")
    country.deliver("GBAOVERLIJDENTAB", TWICE_DEAD)
    read, read_batches = [], reading.read_batches
    monkeypatch.setattr(
        reading, "read_batches", lambda path, *rest: (read.append(path.name), read_batches(path, *rest))[1]
    )
    country.run("ingest")
    assert read == ["GBAOVERLIJDEN2023TABV1.sav"]


@pytest.mark.parametrize("rows", ["", "000000001 | 29990101 | 20501231 | a"])
def test_addresses_of_which_nothing_is_left_are_refused(country, rows):
    names = "RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER"
    country.deliver("GBAADRESOBJECTBUS", f"{names}\n{rows}")
    with pytest.raises(DataError, match="none can be used"):
        country.run("ingest")


def test_a_wrong_request_is_refused_also_when_the_panel_is_up_to_date(country):
    early = ("study.period.cut_off='2020-12-31'", "study.period.last_year=2020")
    country.run("ingest", settings=early)
    with pytest.raises(RequestError, match=r"study.period.last_year is 2021, and the registers tell until 2020-12-31"):
        country.run("ingest", settings=(early[0], "study.period.last_year=2021"))


def test_a_code_that_nobody_knows_is_kept_with_a_warning_as_unknown(country):
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH
        000000001  | 20000101       | 20501231     | 000000000001 | 9
        000000002  | 20000101       | 20501231     | 000000000002 | 1
        """,
    )
    found = country.run("ingest")
    assert found.counts("GBAHUISHOUDENSBUS")["warned"] == {"code_unknown": 1}
    assert found.households()["household_type"].to_list() == [0, 1]


def test_a_row_that_is_set_apart_is_not_counted_among_those_kept_with_a_warning(country):
    country.deliver(
        "GBAHUISHOUDENSBUS",
        """
        RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR   | TYPHH
        000000001  | 20000132       | 20501231     | 000000000001 | 9
        000000002  | 20000101       | 20501231     | 000000000002 | 1
        """,
    )
    counts = country.run("ingest").counts("GBAHUISHOUDENSBUS")
    assert (counts["quarantined"], counts["warned"]) == ({"date_unreadable": 1}, {})


def test_people_who_are_in_the_other_registers_and_at_no_address_show_a_wrong_address_file(country):
    names = "RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER"
    country.deliver("GBAADRESOBJECTBUS", f"{names}\n000000001 | 20000101 | 20501231 | a")
    with pytest.raises(DataError, match=r"GBAHUISHOUDENSBUS: 2 of 3 rows .*person_without_registration 2"):
        country.run("ingest", settings=("study.most_refused_share=0.5",))


def test_years_without_income_are_told(country, capsys):
    country.run("ingest", settings=("study.period.first_year=2018", "study.period.last_year=2020"))
    told = capsys.readouterr().out
    assert "no income of 2017: no file of incomes and none of links; the class of 2018 is unknown" in told
    assert "no income of 2018" not in told
    assert "no income of 2019" in told


def test_a_stray_file_among_the_registers_is_left_aside(country):
    country.run("ingest")
    (country.root / "registers" / "GBAPERSOONTAB" / "Thumbs.db").write_bytes(b"x")
    country.run("ingest", settings=("study.rules.households_overlap=stop",))


def test_a_register_that_has_a_place_of_its_own_is_no_further_register(country):
    with pytest.raises(RequestError, match="INHATAB has a place of its own in the panel"):
        country.run("ingest", settings=("study.further_registers=[INHATAB.disposable_income_eur]",))


def test_a_number_that_cannot_be_is_no_value_and_is_counted(country):
    """A percentile of 1010, one of -5 (which is no code of absence), a birth year of 1700 and a month 13."""
    country.deliver(
        "INHATAB",
        "RINPERSOONHKW | INHP100HGEST | INHPOPIIV\n000000001 | 1010 | 1\n000000002 | -5 | 1\n000000003 | -1 | 1",
        2018,
    )
    country.deliver(
        "GBAPERSOONTAB",
        """
        RINPERSOON | GBAGEBOORTEJAAR | GBAGEBOORTEMAAND
        000000001  | 1700            | 05
        000000002  | 1980            | 13
        000000003  | 1990            | --
        """,
    )
    found = country.run("ingest")
    assert found.counts("INHATAB")["warned"] == {"out_of_range": 2}
    assert found.counts("GBAPERSOONTAB")["warned"] == {"out_of_range": 2}
    assert found.income()["percentile"].to_list() == [None, None, None]
    assert_table(found.persons(), "person | birth_date\n1 |\n2 | 1980-01-01\n3 | 1990-01-01")


def test_a_study_may_set_rows_apart_for_a_number_that_cannot_be_or_stop(country):
    country.deliver(
        "INHATAB", "RINPERSOONHKW | INHP100HGEST | INHPOPIIV\n000000001 | 101 | 1\n000000002 | 100 | 1", 2018
    )
    found = country.run("ingest", settings=("study.rules.out_of_range=quarantine",))
    assert found.counts("INHATAB")["quarantined"] == {"out_of_range": 1}
    assert found.set_apart("INHATAB")["percentile"].to_list() == [101]
    with pytest.raises(DataError, match=r"INHA2018TABV2\.sav: out_of_range in 1 rows"):
        country.run("ingest", settings=("study.rules.out_of_range=stop",))


def test_a_percentile_from_0_to_99_is_judged_as_the_file_stores_it(country):
    country.deliver(
        "KOPPELTABEL_IPI_IHI_IVB",
        "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001\n000000002 | 000000002\n000000003 | 000000003",
        2010,
    )
    country.deliver(
        "IHI",
        "RINPERSOONKERN | BVRPERCGESTINKH | BVRBBIHJ\n000000001 | 99 | 11\n000000003 | 0 | 11\n000000002 | -7 | 11",
        2010,
    )
    found = country.run("ingest", settings=("study.period.first_year=2011",))
    drawn = "person | percentile\n1 | 100\n2 |\n3 | 1"
    assert_table(found.income(2010), drawn)
    assert found.counts("IHI")["warned"] == {"out_of_range": 1}
