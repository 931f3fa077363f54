"""What there is of every register, what would be read, what is passed over and what that allows."""

import pytest

from mobility.errors import RequestError
from mobility.registers.dictionary import load_register, register_names
from mobility.registers.survey import Depending, depending, lines, summary, survey, table

INCOME, LINK, HOMES, CARE = (
    load_register(name) for name in ("INHATAB", "KOPPELPERSOONHUISHOUDEN", "EIGENDOMTAB", "NABIJHEIDZORGTAB")
)
FOLDER = "InkomenBestedingen/INHATAB"


def lay(root, *files):
    """Empty files with these paths below the root: a survey looks at names only."""
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def names(files):
    return [file.path.name for file in files]


def passed(one):
    return {other.path.name: other.why for other in one.passed_over}


def test_the_years_there_those_read_and_those_between_without_a_file(tmp_path):
    lay(tmp_path, *(f"{FOLDER}/INHA{year}TABV1.sav" for year in (2011, 2012, 2014, 2015, 2018, 2020)))
    (one,) = survey([INCOME], tmp_path, {}, {"INHATAB": range(2012, 2019)})
    assert one.is_read
    assert one.there == (2011, 2012, 2014, 2015, 2018, 2020)
    assert [found.year for found in one.would_read] == [2012, 2014, 2015, 2018]
    assert one.gaps == (2013, 2016, 2017)


def test_a_register_of_which_the_newest_file_holds_everything_has_no_gaps(tmp_path):
    folder = "Bevolking/GBAADRESOBJECTBUS"
    lay(tmp_path, *(f"{folder}/GBAADRESOBJECT{year}BUSV1.sav" for year in (2019, 2023)))
    (one,) = survey([load_register("GBAADRESOBJECTBUS")], tmp_path, {}, {"GBAADRESOBJECTBUS": [2023]})
    assert (one.there, names(one.would_read), one.gaps) == ((2019, 2023), ["GBAADRESOBJECT2023BUSV1.sav"], ())


def test_every_file_that_is_passed_over_is_told_with_the_reason(tmp_path):
    lay(
        tmp_path,
        f"{FOLDER}/INHA2019TABV10.sav",
        f"{FOLDER}/INHA2019TABV2.sav",
        f"{FOLDER}/VRLINHA2019TABV11.sav",
        f"{FOLDER}/140924 INHA2019TABV10.sav",
        f"{FOLDER}/geconverteerde data/INHA2019TABV10.csv",
        f"{FOLDER}/geconverteerde data/INHA2019TABV10.dta",
        f"{FOLDER}/geconverteerde data/INHA2019TABV2.dta",
        f"{FOLDER}/KOPPELPERSOONHUISHOUDEN2019V2.sav",
        f"{FOLDER}/KOPPELBESTAND2019.sav",
        f"{FOLDER}/INHA2020TAB.sav",
        f"{FOLDER}/INHA2021TABV1.sas7bdat",
        f"{FOLDER}/leesmij.txt",
    )
    one, link = survey([INCOME, LINK], tmp_path, {}, {"INHATAB": [2019]})
    assert passed(one) == {
        "INHA2019TABV2.sav": "older version",
        "VRLINHA2019TABV11.sav": "provisional twin",
        "INHA2019TABV10.csv": "conversion",
        "INHA2019TABV10.dta": "conversion",
        "INHA2019TABV2.dta": "older version",
        "INHA2019TABV10.sav": "further copy",
        "KOPPELPERSOONHUISHOUDEN2019V2.sav": "of another register",
        "KOPPELBESTAND2019.sav": "name not understood",
        "INHA2020TAB.sav": "name not understood",
        "INHA2021TABV1.sas7bdat": "ending not read",
    }
    assert names(one.would_read) == ["140924 INHA2019TABV10.sav"]
    assert "INHA2019TABV10.sav" not in passed(link) or passed(link)["INHA2019TABV10.sav"] == "of another register"
    assert (link.is_read, link.there, link.would_read) == (False, (2019,), ())


def test_beside_a_pinned_file_all_others_of_its_year_are_passed_over(tmp_path):
    lay(tmp_path, *(f"{FOLDER}/INHA2019TABV{version}.sav" for version in (1, 2, 3)), f"{FOLDER}/INHA2020TABV1.sav")
    year = {"INHATAB/2019": f"{FOLDER}/INHA2019TABV2.sav"}
    (one,) = survey([INCOME], tmp_path, year, {"INHATAB": [2019, 2020]})
    assert names(one.would_read) == ["INHA2019TABV2.sav", "INHA2020TABV1.sav"]
    assert passed(one) == {"INHA2019TABV1.sav": "older version", "INHA2019TABV3.sav": "not the pinned file"}
    whole = {"INHATAB": f"{FOLDER}/INHA2019TABV2.sav"}
    (one,) = survey([INCOME], tmp_path, whole, {"INHATAB": [2019, 2020]})
    assert names(one.would_read) == ["INHA2019TABV2.sav"]
    assert passed(one)["INHA2020TABV1.sav"] == "not the pinned file"


@pytest.mark.parametrize(
    ("key", "below", "told"),
    [
        ("INHATAB/2019", f"{FOLDER}/INHA2019TABV9.sav", "is not there"),
        ("INHATAB/2019", "leesmij.txt", "is not named like a file of INHATAB"),
        ("INHATAB/2019", f"{FOLDER}/INHA2019TABV1.txt", "is not named like a file of INHATAB"),
        ("INHATAB/2018", f"{FOLDER}/INHA2019TABV1.sav", "names a file of 2019"),
        ("INHATAB/last", f"{FOLDER}/INHA2019TABV1.sav", "names a file of 2019"),
        ("INHATAB/2019", f"../other/{FOLDER}/INHA2019TABV1.sav", "leads out of register.root"),
        ("INHATAB/2019", f"/{FOLDER}/INHA2019TABV1.sav", "leads out of register.root"),
    ],
)
def test_a_pin_that_does_not_hold_is_a_wrong_request(tmp_path, key, below, told):
    lay(tmp_path / "G", f"{FOLDER}/INHA2019TABV1.sav", f"{FOLDER}/INHA2019TABV1.txt", "leesmij.txt")
    with pytest.raises(RequestError, match=rf"register\.files: .*{told}"):
        survey([INCOME], tmp_path / "G", {key: below}, {"INHATAB": [2019]})


def test_a_tree_without_any_file_is_told_and_stops_nothing(tmp_path):
    every = [load_register(name) for name in register_names()]
    found = survey(every, tmp_path, {}, {register.name: range(1995, 2030) for register in every})
    assert [one.there for one in found] == [()] * len(every)
    text = dict(zip((one.register.name for one in found), (row[2] for row in table(found, tmp_path)), strict=True))
    assert text["INHATAB"] == "required, and not there"
    assert text["EIGENDOMTAB"] == "not there"
    assert not [line for line in summary(found) if line.startswith("these files allow")]


def test_what_an_absent_register_switches_off_and_what_a_study_leaves_aside(tmp_path):
    lay(tmp_path, f"{FOLDER}/INHA2019TABV1.sav", "BouwenWonen/NABIJHEIDZORGTAB/NABIJHEIDZORG2019TABV1.sav")
    found = survey([INCOME, HOMES, CARE], tmp_path, {}, {"INHATAB": [2019], "EIGENDOMTAB": [2019]})
    told = {one.what: one for one in depending(found)}
    assert told["B1"] == Depending("B1", absent=(), unread=())
    assert told["B7"] == Depending("B7", absent=("EIGENDOMTAB",), unread=())
    assert told["F3: care"] == Depending("F3: care", absent=(), unread=("NABIJHEIDZORGTAB",))
    allows, off, aside = summary(found)
    assert allows.startswith("these files allow: income class from 2011; A1, A2,")
    assert off.startswith("switched off, no EIGENDOMTAB: exposure by sale")
    assert off.endswith("A3, B7, E1, E2, E3, E4, E5, E6, E7, F5")
    assert aside == "possible, but this study does not read NABIJHEIDZORGTAB: F3: care, F6: care"


def test_what_needs_two_registers_needs_both_and_all_that_are_required(tmp_path):
    """E5 follows dwellings through tenures (EIGENDOMTAB) and through building and demolition (LEVCYCLWOONNIETWOONBUS)."""
    life = load_register("LEVCYCLWOONNIETWOONBUS")
    years = {"INHATAB": [2019], "EIGENDOMTAB": [2019], life.name: [2024]}
    lay(tmp_path, "BouwenWonen/EIGENDOMTAB/EIGENDOM2019TABV1.sav")

    def absent():
        found = depending(survey([INCOME, HOMES, life], tmp_path, {}, years))
        return next(one.absent for one in found if one.what == "E5")

    assert absent() == ("INHATAB", "LEVCYCLWOONNIETWOONBUS")
    lay(tmp_path, f"BouwenWonen/{life.name}/{life.name}V2024122.sav")
    assert absent() == ("INHATAB",)
    lay(tmp_path, f"{FOLDER}/INHA2019TABV1.sav")
    assert absent() == ()


def test_a_register_without_a_file_of_the_years_of_the_study_is_as_good_as_absent(tmp_path):
    lay(tmp_path, f"{FOLDER}/INHA2011TABV1.sav")
    found = survey([INCOME], tmp_path, {}, {"INHATAB": [2019, 2020]})
    assert table(found, tmp_path) == [("INHATAB", "", "no file of the years this study looks at (there: 2011)")]
    assert {one.absent for one in depending(found)} == {("INHATAB",)}


def test_the_table_as_it_is_read(tmp_path):
    lay(
        tmp_path,
        f"{FOLDER}/INHA2019TABV10.sav",
        f"{FOLDER}/INHA2019TABV9.sav",
        f"{FOLDER}/VRLINHA2021TABV1.sav",
        f"{FOLDER}/geconverteerde data/INHA2022TABV1.dta",
        f"{FOLDER}/INHA2023TAB.sav",
        f"{FOLDER}/KOPPELPERSOONHUISHOUDEN2018.sav",
        "BouwenWonen/NABIJHEIDZORGTAB/NABIJHEIDZORG2018TABV1.sav",
        "BouwenWonen/NABIJHEIDZORGTAB/NABIJHEIDZORG2019TABV1.sav",
        "BouwenWonen/NABIJHEIDZORGTAB/NABIJHEIDZORG2021TABV1.sav",
    )
    years = {"INHATAB": range(2019, 2024), "KOPPELPERSOONHUISHOUDEN": [2018], "EIGENDOMTAB": []}
    found = survey([INCOME, LINK, HOMES, CARE], tmp_path, {}, years)
    drawn = """\
INHATAB                  2019  InkomenBestedingen/INHATAB/INHA2019TABV10.sav (version 10)
                         2021  InkomenBestedingen/INHATAB/VRLINHA2021TABV1.sav (version 1, provisional)
                         2022  InkomenBestedingen/INHATAB/geconverteerde data/INHA2022TABV1.dta (version 1, converted to dta)
                               no file of 2020
                               passed over: 1 name not understood, 1 of another register, 1 older version
                               is one of these meant? INHA2023TAB.sav
KOPPELPERSOONHUISHOUDEN  2018  InkomenBestedingen/INHATAB/KOPPELPERSOONHUISHOUDEN2018.sav
                               passed over: 5 of another register
EIGENDOMTAB                    not there
NABIJHEIDZORGTAB               not needed by this study (there: 2018-2019, 2021)
                               no file of 2020"""
    assert lines(found, tmp_path)[: len(drawn.splitlines())] == drawn.splitlines()


def test_a_folder_that_cannot_be_opened_is_told(tmp_path):
    (one,) = survey([INCOME], tmp_path / "nowhere", {}, {})
    assert one.closed == (tmp_path / "nowhere",)
    assert lines([one], tmp_path)[:2] == [
        "INHATAB        required, and not there",
        f"               cannot be opened: {tmp_path / 'nowhere'}",
    ]


def test_why_a_register_is_read_and_why_years_are_not(tmp_path):
    lay(tmp_path, *(f"{FOLDER}/INHA{year}TABV1.sav" for year in (2011, 2012)))
    left = {"INHATAB": ("not read: 2011 (outside the years this study looks at)",)}
    found = survey([INCOME], tmp_path, {}, {"INHATAB": [2012]}, {"INHATAB": "income class of movers"}, left)
    assert lines(found, tmp_path)[:3] == [
        "INHATAB        for: income class of movers",
        "         2012  InkomenBestedingen/INHATAB/INHA2012TABV1.sav (version 1)",
        "               not read: 2011 (outside the years this study looks at)",
    ]


def test_a_month_in_a_name_is_no_version(tmp_path):
    life = load_register("LEVCYCLWOONNIETWOONBUS")
    lay(tmp_path, *(f"BouwenWonen/{life.name}/{life.name}V2024{which}.sav" for which in ("091", "062", "122", "121")))
    (one,) = survey([life], tmp_path, {}, {life.name: [2024]})
    assert [(found.month, found.version, found.last_day.isoformat()) for found in one.would_read] == [
        (12, 2, "2024-12-31")
    ]
    assert "(month 12, version 2)" in lines([one], tmp_path)[0]
    assert set(passed(one).values()) == {"older version"}
