"""How much of the panel could be linked, and how far the registers reach: what is told, and what may stop a run."""

import datetime as dt

import pytest

from mobility.errors import DataError
from tests.registers.country import LAST_YEAR

YEARS = ("study.period.first_year=2019", "study.period.last_year=2020")
HALF = """
    RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR
    000000001  | 20000101       | 20501231     | 000000000001
    000000002  | 20000101       | 20191231     | 000000000002
"""


def test_who_is_registered_on_1_january_and_in_no_household_is_counted(country):
    """
    1 January | registered | in a household
    2019      | 1, 2, 3    | 1, 2
    2020      | 1, 2, 3    | 1
    """
    country.deliver("GBAHUISHOUDENSBUS", HALF)
    assert country.run("ingest", settings=YEARS).coverage("persons_in_household") == (3, 6)


def test_only_years_of_the_study_up_to_the_cut_off_count(country):
    country.deliver("GBAHUISHOUDENSBUS", HALF)
    until = ("study.period.first_year=2019", "study.period.last_year=2020", "study.period.cut_off='2020-06-30'")
    assert country.run("ingest", settings=until).coverage("persons_in_household") == (3, 6)


def test_a_nearly_empty_register_of_households_is_told_or_stops(country, capsys):
    country.deliver("GBAHUISHOUDENSBUS", "RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR")
    assert country.run("ingest", settings=YEARS).coverage("persons_in_household") == (0, 6)
    told = "too few registered persons are in a household (person_without_household): 0 of 6, less than"
    assert told in capsys.readouterr().out
    with pytest.raises(DataError, match=r"person_without_household\): 0 of 6"):
        country.run("ingest", settings=(*YEARS, "study.rules.person_without_household=stop"))


def test_a_register_that_is_older_than_the_addresses_is_told_or_stops_before_anything_is_read(country, capsys):
    """All three live in a household at the end of 2018, and that is all the file knows: no coverage shows it."""
    country.withdraw("GBAHUISHOUDENSBUS")
    rows = "RINPERSOON | DATUMAANVANGHH | DATUMEINDEHH | HUISHOUDNR"
    for person in (1, 2, 3):
        rows += f"\n00000000{person} | 20000101 | 20501231 | 00000000000{person}"
    country.deliver("GBAHUISHOUDENSBUS", rows, 2018)
    assert country.run("ingest").coverage("persons_in_household")[0] > 0
    told = capsys.readouterr().out
    assert (
        f"GBAHUISHOUDENSBUS: the newest file tells until 2018-12-31, and the study looks until {LAST_YEAR}-12-31"
        in told
    )
    assert told.count("the newest file tells") == 1
    panel = country.root / "panel" / "panel.json"
    before = panel.stat().st_mtime_ns
    with pytest.raises(DataError, match="GBAHUISHOUDENSBUS: the newest file tells until 2018"):
        country.run("ingest", settings=("study.rules.register_ends_early=stop",))
    assert panel.stat().st_mtime_ns == before, "refused before the panel is touched"


def test_the_first_day_of_the_registers_is_that_of_the_dictionary_whatever_somebody_mistyped(country):
    """The addresses tell from 1995 on, life cycles from 2012 on; 1900 is a slip."""
    names = "RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER"
    country.deliver(
        "GBAADRESOBJECTBUS", f"{names}\n000000001 | 19000101 | 20501231 | a\n000000002 | 20000101 | 20501231 | b"
    )
    life = "RINOBJECTNUMMER | AANVLEVCYCLWOONNIETWOON | EINDLEVCYCLWOONNIETWOON"
    country.deliver("LEVCYCLWOONNIETWOONBUS", f"{life}\na | 19000101 | 88888888")
    shape = country.run("ingest").panel.shape()
    assert (shape.first_day, shape.has_demolition) == (dt.date(1995, 1, 1), dt.date(2012, 1, 1))


def test_a_register_that_reaches_to_the_cut_off_of_the_study_is_new_enough(country, capsys):
    country.withdraw("GBAPERSOONTAB")
    country.deliver("GBAPERSOONTAB", "RINPERSOON | GBAGEBOORTEJAAR\n000000001 | 1970", 2022)
    country.run("ingest", settings=("study.period.last_year=2021", "study.period.cut_off='2022-12-31'"))
    assert "the newest file tells" not in capsys.readouterr().out


def test_a_register_with_a_file_a_year_may_end_early_too(country, capsys):
    """Tenure is asked until 2021 (tables by tenure of the dwelling left), and known until 2020; together with its predecessor."""
    country.deliver("EIGENDOMTAB", "RINOBJECTNUMMER | TypeEigendom | TypeEigenaar\na | E | E", 2020)
    country.deliver("EIGENDOMWOZBAGTAB", "RINOBJECTNUMMER | VBOEIGENDOMBAG\na | E", 2021)
    by_tenure = "study.flows.by=[tenure]"
    country.run("ingest", settings=("study.period.last_year=2021", by_tenure))
    assert "is of" not in capsys.readouterr().out
    country.run("ingest", settings=("study.period.last_year=2022", by_tenure))
    told = capsys.readouterr().out
    assert "EIGENDOMTAB: the newest file is of 2020, and the study looks at years until 2022" in told
    assert "no tenure of 2012-2019, 2022: no file of EIGENDOMTAB or EIGENDOMWOZBAGTAB or EIGENDOMWOZTAB" in told
