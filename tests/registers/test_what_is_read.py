"""Which files a study reads and why, what stands in its way, and what `ingest check=true` tells of it."""

from pathlib import Path

import pytest

from mobility.errors import RequestError
from tests.registers.country import INCOME_YEAR

TENURE = "RINOBJECTNUMMER | TypeEigendom | TypeEigenaar\na | E | E"


def read(country):
    """Register and years that lie in the workspace as read."""
    folder = country.root / "registers"
    return {name.name: sorted(int(year.name) for year in name.iterdir()) for name in folder.iterdir() if name.is_dir()}


def incomes(country, *years):
    for year in years:
        country.deliver("INHATAB", "RINPERSOONHKW | INHP100HGEST | INHPOPIIV\n000000001 | 10 | 1", year)
        country.deliver("KOPPELPERSOONHUISHOUDEN", "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001", year)


def look(country, capsys, *settings):
    """What `ingest check=true` tells, line by line."""
    country.look(settings=settings)
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_tenure_is_read_only_when_a_table_or_a_programme_asks_for_it(country, capsys):
    country.deliver("EIGENDOMTAB", TENURE, 2020)
    country.run("ingest", settings=("study.flows.by=[]",))
    assert "EIGENDOMTAB" not in read(country)
    assert any("EIGENDOMTAB" in line and "not needed" in line for line in look(country, capsys, "study.flows.by=[]"))
    country.run("ingest", settings=("study.flows.by=[tenure]",))
    assert read(country)["EIGENDOMTAB"] == [2020]
    told = look(country, capsys, "study.flows.by=[tenure]")
    assert "EIGENDOMTAB                    for: flows by tenure of the dwelling left" in told


def test_incomes_are_read_from_the_year_before_the_tables_to_that_of_the_last_stock(country, capsys):
    """Tables of 2016 and 2017: classes of 2016 (income of 2015) to 2018, for the stock at the end of 2017 (income of 2017)."""
    incomes(country, *range(2012, 2021))
    years = ("study.period.first_year=2016", "study.period.last_year=2017")
    country.run("ingest", settings=years)
    assert read(country)["INHATAB"] == read(country)["KOPPELPERSOONHUISHOUDEN"] == [2015, 2016, 2017]
    assert "not read: 2012-2014, 2018-2020 (outside the years this study looks at)" in look(country, capsys, *years)


def test_no_year_after_the_cut_off_is_read(country):
    incomes(country, 2019, 2020, 2021)
    country.run("ingest", settings=("study.period.last_year=2020", "study.period.cut_off='2020-06-30'"))
    assert read(country)["INHATAB"] == [INCOME_YEAR, 2019, 2020]


def test_another_question_asks_for_other_files_so_that_what_was_read_does_not_stand_for_it(country):
    country.deliver("EIGENDOMTAB", TENURE, 2020)
    country.run("ingest", settings=("study.flows.by=[]",))
    with pytest.raises(RequestError, match=r"Run jobs/ingest\.py first"):
        country.run("moves", settings=("study.flows.by=[tenure]",))


def test_incomes_without_links_and_links_without_incomes_are_told(country, capsys):
    incomes(country, 2014, 2015)
    country.withdraw("KOPPELPERSOONHUISHOUDEN", 2014)
    country.withdraw("INHATAB", 2015)
    told = look(country, capsys)
    assert "not read: 2014 (no KOPPELPERSOONHUISHOUDEN of that year)" in told
    assert "not read: 2015 (no INHATAB of that year)" in told


def test_incomes_that_are_there_are_not_told_to_be_missing_when_it_is_the_links_that_are(country):
    country.withdraw("KOPPELPERSOONHUISHOUDEN", INCOME_YEAR)
    with pytest.raises(RequestError, match=r"no file of KOPPELPERSOONHUISHOUDEN \(below") as refused:
        country.run("ingest")
    assert "INHATAB (" not in str(refused.value)
    country.deliver("KOPPELPERSOONHUISHOUDEN", "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001", 2014)
    with pytest.raises(RequestError, match=r"INHATAB 2018 \(no KOPPELPERSOONHUISHOUDEN of that year\)") as refused:
        country.run("ingest")
    assert "KOPPELPERSOONHUISHOUDEN 2014 (no INHATAB of that year)" in str(refused.value)


def test_older_editions_of_a_register_that_holds_everything_are_told(country, capsys):
    for year in (2019, 2020, 2022):
        country.deliver("GBAPERSOONTAB", "RINPERSOON | GBAGEBOORTEJAAR\n000000001 | 1970", year)
    assert "not read: 2019-2020, 2022 (older; the newest holds everything)" in look(country, capsys)


def test_a_study_of_the_years_before_2011_does_without_later_incomes_and_one_of_later_years_without_earlier(
    country, capsys
):
    country.run("ingest")
    assert "switched off, no IHI" not in capsys.readouterr().out
    country.deliver("IHI", "RINPERSOONKERN | BVRPERCGESTINKH\n000000001 | 9", 2008)
    country.deliver("KOPPELTABEL_IPI_IHI_IVB", "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001", 2008)
    early = ("study.period.first_year=2008", "study.period.last_year=2009")
    told = "\n".join(look(country, capsys, *early))
    assert "would be refused" not in told
    assert "INHATAB                        not needed by this study (there: 2018)" in told
    country.run("ingest", settings=early)
    assert "INHATAB" not in read(country)


def test_a_look_tells_all_that_would_be_refused(country, capsys):
    country.withdraw("GBAOVERLIJDENTAB")
    told = look(country, capsys, "study.period.last_year=2025", "study.geography.year=2019")
    refused = [line for line in told if line.startswith("would be refused: ")]
    assert len(refused) == 3
    assert "no file of GBAOVERLIJDENTAB (below Bevolking/GBAOVERLIJDENTAB/{year})" in refused[0]
    assert "study.geography.year: zoning synthetic is written in the division of 2023" in refused[1]
    assert "study.period.last_year is 2025, and the registers tell until 2023-12-31" in refused[2]


def test_a_look_at_registers_without_addresses_tells_that_they_are_missing(country, capsys):
    country.withdraw("GBAADRESOBJECTBUS")
    refused = [line for line in look(country, capsys) if line.startswith("would be refused: ")]
    assert len(refused) == 1
    assert "no file of GBAADRESOBJECTBUS" in refused[0]


def closed(monkeypatch, *names):
    """Folders that nobody may open: the tests may run as somebody who may do everything."""
    iterdir = Path.iterdir

    def guarded(folder):
        if folder.name in names:
            raise PermissionError(13, "Permission denied")
        return iterdir(folder)

    monkeypatch.setattr(Path, "iterdir", guarded)


def test_a_closed_folder_of_an_optional_register_switches_it_off_with_a_word(country, capsys, monkeypatch):
    country.deliver("EIGENDOMTAB", TENURE, 2020)
    country.deliver("SECMBUS", "RINPERSOON | AANVSECM | EINDSECM\n000000001 | 20190101 | 88888888")
    closed(monkeypatch, "EIGENDOMTAB", "SECMBUS")
    country.run("ingest")
    assert "EIGENDOMTAB" not in read(country)
    told = capsys.readouterr().out
    assert "EIGENDOMTAB: the folder" in told
    assert "SECMBUS: the folder" not in told, "nobody asked for it"


@pytest.mark.parametrize(
    ("folder", "name", "settings"),
    [
        ("GBAHUISHOUDENSBUS", "GBAHUISHOUDENSBUS", ()),
        ("Bevolking", "GBAADRESOBJECTBUS", ()),
        ("SECMBUS", "SECMBUS", ("study.further_registers=[SECMBUS]",)),
    ],
)
def test_a_closed_folder_of_a_needed_register_is_refused(country, monkeypatch, folder, name, settings):
    closed(monkeypatch, folder)
    (country.source / "InkomenBestedingen" / "SECMBUS").mkdir()
    with pytest.raises(RequestError, match=rf"{name}: the folder .*{folder} cannot be opened, and this study needs"):
        country.run("ingest", settings=settings)


def test_a_closed_folder_in_which_nothing_is_missed_does_not_stop(country, monkeypatch):
    """Conversions beside the originals; deaths of an older year."""
    (country.source / "InkomenBestedingen" / "INHATAB" / "geconverteerde data").mkdir()
    (country.source / "Bevolking" / "GBAOVERLIJDENTAB" / "2019").mkdir()
    closed(monkeypatch, "geconverteerde data", "2019")
    country.run("ingest")


def test_a_closed_year_that_may_hold_a_newer_file_is_refused(country, monkeypatch):
    (country.source / "Bevolking" / "GBAOVERLIJDENTAB" / "2024").mkdir()
    closed(monkeypatch, "2024")
    with pytest.raises(RequestError, match=r"GBAOVERLIJDENTAB: the folder .*2024 cannot be opened"):
        country.run("ingest")


def test_a_file_that_may_not_be_opened_is_refused_before_anything_is_read(country, monkeypatch):
    opened = Path.open

    def guarded(path, *arguments, **options):
        if path.name.startswith("GBAPERSOON"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", guarded)
    with pytest.raises(RequestError, match=r"GBAPERSOONTAB: the file .* cannot be opened"):
        country.run("ingest")


def test_a_link_to_a_file_that_is_not_there_is_refused_and_no_older_file_is_taken_for_it(country):
    folder = country.source / "Bevolking" / "GBAADRESOBJECTBUS"
    try:
        (folder / "GBAADRESOBJECT2024BUSV1.sav").symlink_to(country.source / "moved" / "GBAADRESOBJECT2024BUSV1.sav")
    except OSError:
        pytest.skip("this system makes no links for everybody")
    with pytest.raises(RequestError, match=r"the file .*GBAADRESOBJECT2024BUSV1\.sav cannot be opened"):
        country.run("ingest")


def test_the_label_of_the_registers_is_an_input(country):
    """Registers that say they are synthetic make tables that say so; the word may come later than the files."""
    country.run("ingest")
    (country.source / "LABEL.txt").write_text("Made up.\n", encoding="utf-8")
    country.run("ingest")
    assert '"label": "Made up."' in (country.root / "registers" / "sources.json").read_text(encoding="utf-8")


def test_a_provisional_file_is_told(country, capsys):
    country.deliver(
        "INHATAB",
        "RINPERSOONHKW | INHP100HGEST | INHPOPIIV\n000000001 | 10 | 1",
        2019,
        file="VRLINHA2019TABV1.sav",
    )
    country.deliver("KOPPELPERSOONHUISHOUDEN", "RINPERSOON | RINPERSOONHKW\n000000001 | 000000001", 2019)
    country.run("ingest")
    assert "provisional files (VRL) were used: INHATAB 2019 (VRLINHA2019TABV1.sav)" in capsys.readouterr().out
