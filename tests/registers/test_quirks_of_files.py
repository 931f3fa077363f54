"""Quirks 11 to 16: what is odd in the files themselves and in the registers of income."""

from dataclasses import replace

import polars as pl
import pytest

from mobility.registers.decode import rules_of
from mobility.registers.dictionary import Register, load_register
from mobility.registers.find import find_files
from mobility.registers.ingest import ingest_file
from mobility.synthetic.names import file_stem
from mobility.synthetic.writer import write_sav
from tests.lib.tables import assert_table
from tests.registers.drawn import stored

LINK = "KOPPELPERSOONHUISHOUDEN"
LINKED = """
    person | percentile
    1      | 90
    2      | 90
    3      | 10
"""


def test_quirk_11_a_person_number_stored_as_a_number_is_the_same_person(country):
    country.deliver(
        LINK,
        """
        RINPERSOON | RINPERSOONHKW
        1          | 3
        2          | 3
        3          | 1
        """,
        year=2018,
        numbers=("RINPERSOON", "RINPERSOONHKW"),
    )
    assert_table(country.run("ingest").income(), LINKED)


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_quirk_11_a_csv_without_leading_zeros_is_read_in_whatever_form_it_was_converted(country, separator, encoding):
    drawn = """
        RINPERSOONS;RINPERSOON;RINPERSOONSHKW;RINPERSOONHKW;TOELICHTING
        R;1;R;3;
        R;2;R;3;geïmputeerd
        R;3;R;1;
    """
    country.deliver_text(LINK, drawn.replace(";", separator), year=2018, encoding=encoding)
    found = country.run("ingest")
    assert_table(found.income(), LINKED)
    assert found.counts(LINK)["kept"] == 3


def test_quirk_11_a_code_of_an_area_that_lost_its_zeros_gets_them_back(country):
    country.deliver_text(
        "VSLGWBTAB",
        """
        SOORTOBJECTNUMMER;RINOBJECTNUMMER;gem2023;wc2023;bc2023
        B;a;363;36300;3630001
        B;b;363;36300;NA
        B;c;9101;910101;91010101
        """,
    )
    assert_table(
        country.run("ingest").objects(),
        """
        object | gemeente | wijk     | buurt
        B a    | GM0363   | WK036300 | BU03630001
        B b    | GM0363   | WK036300 | unplaceable
        B c    | GM9101   | WK910101 | BU91010101
        """,
    )


def test_quirk_12_names_of_columns_and_endings_of_files_have_any_case(country):
    country.deliver(
        "EIGENDOMTAB",
        """
        rinobjectnummer | TYPEEIGENDOM | typeEigenaar
        a               | E            | E
        b               | H            | W
        """,
        file="EIGENDOM2023TABV1.SAV",
    )
    country.deliver("GBAOVERLIJDENTAB", "RinPersoon | GBADATUMOVERLIJDEN\n000000002 | 20200315")
    found = country.run("ingest")
    assert_table(found.objects(), "object | 2023\nB a | owner\nB b | social\nB c | unknown\nB d | unknown")
    assert_table(found.persons(), "person | death_date\n1 |\n2 | 2020-03-15\n3 |")


def test_quirk_13_the_right_file_is_found_among_its_neighbours(country):
    """Tenure of dwelling a, one file a row: which of them was read shows in the panel.

    year | file                            | dwelling a
    2018 | 140924 EIGENDOM2018TABV1.sav    | owner   <- a date in front
    2019 | EIGENDOM 2019TABV1.sav          | social  <- a blank
    2020 | EIGENDOM2020TABV2.sav           | owner
    2020 | EIGENDOM2020TABV10.sav          | social  <- 10 is newer than 2
    2021 | EIGENDOM2021TABV1.sav           | social  <- definitive
    2021 | VRLEIGENDOM2021TABV2.sav        | owner
    2022 | VRLEIGENDOM2022TABV1.sav        | private <- provisional, but all there is
    """
    for year, file, owner in (
        (2018, "140924 EIGENDOM2018TABV1.sav", "E"),
        (2019, "EIGENDOM 2019TABV1.sav", "W"),
        (2020, "EIGENDOM2020TABV2.sav", "E"),
        (2020, "EIGENDOM2020TABV10.sav", "W"),
        (2021, "EIGENDOM2021TABV1.sav", "W"),
        (2021, "VRLEIGENDOM2021TABV2.sav", "E"),
        (2022, "VRLEIGENDOM2022TABV1.sav", "O"),
    ):
        country.deliver("EIGENDOMTAB", f"RINOBJECTNUMMER | TypeEigenaar\na | {owner}", year, file)
    found = country.run("ingest")
    assert_table(
        found.objects().head(1),
        "object | 2018 | 2019 | 2020 | 2021 | 2022\nB a | owner | social | social | social | private",
    )


def test_quirk_13_a_link_table_in_the_folder_of_the_incomes_is_not_taken_for_incomes(country):
    """Not even with a much higher version. The file of persons has its year behind TAB here, as that of 2016 has."""
    country.deliver(LINK, "RINPERSOON | RINPERSOONHKW\n000000001 | 000000003", 2018, f"{LINK}2018V99.sav")
    country.withdraw("GBAPERSOONTAB")
    country.deliver(
        "GBAPERSOONTAB",
        "RINPERSOON | GBAGEBOORTEJAAR | GBAGEBOORTEMAAND\n000000001 | 1944 | 03",
        file="GBAPERSOONTAB 2023V1.sav",
    )
    found = country.run("ingest")
    assert_table(found.income(), "person | percentile\n1 | 90\n2 |\n3 |")
    assert_table(found.persons(), "person | birth_date\n1 | 1944-03-01\n2 |\n3 |")


def test_quirk_14_a_negative_percentile_is_no_percentile_and_no_rank(country):
    country.deliver(
        "GBAADRESOBJECTBUS",
        """
        RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
        000000001  | 20000101                    | 20501231                  | a
        000000002  | 20000101                    | 20501231                  | a
        000000003  | 20000101                    | 20501231                  | b
        000000004  | 20000101                    | 20501231                  | b
        000000005  | 20000101                    | 20501231                  | b
        """,
    )
    country.deliver(
        "INHATAB",
        """
        RINPERSOONHKW | INHP100HGEST | INHPOPIIV | INHBESTINKH
        000000001     | 1            | 1         | -2500
        000000002     | -1           | 9         | 9999999999
        000000003     | -2           | 3         | 9999999999
        000000004     | -3           | 7         | 0
        000000005     | 100          | 1         | 250000
        """,
        year=2018,
    )
    country.deliver(
        LINK,
        """
        RINPERSOON | RINPERSOONHKW
        000000001  | 000000001
        000000002  | 000000002
        000000003  | 000000003
        000000004  | 000000004
        000000005  | 000000005
        """,
        year=2018,
    )
    found = country.run("ingest")
    assert_table(
        found.income(),
        """
        person | percentile | population
        1      | 1          | 1
        2      |            | 9
        3      |            | 3
        4      |            | 7
        5      | 100        | 1
        """,
    )
    assert found.counts("INHATAB")["kept"] == 5
    assert found.counts("INHATAB")["warned"] == {}


@pytest.mark.parametrize(
    ("register", "column", "unknown"),
    [("IHI", "BVRGESTINKH", "9" * 9), ("INHATAB", "INHGESTINKH", "9" * 10), ("VEHTAB", "VEHW1000VERH", "9" * 11)],
)
def test_quirk_14_a_run_of_nines_is_no_amount_and_an_amount_below_zero_is_one(tmp_path, register, column, unknown):
    """No study uses amounts yet, so this looks at the reading itself: the file, and what the dictionary makes of it."""
    amounts = read_column(register, column, f"{column}\n{unknown}\n-2500\n0\n99999\n", tmp_path)
    assert amounts.to_list() == [None, -2500, 0, 99_999]


def test_quirk_15_percentiles_of_ihi_run_from_0_to_99_as_text_and_its_students_show_in_the_main_source(country):
    country.deliver(
        "IHI",
        """
        RINPERSOONKERN | BVRPERCGESTINKH | BVRBBIHJ
        000000001      | " 0"            | 22
        000000002      | 9               | 26
        000000003      | 99              | 11
        """,
        year=2010,
    )
    country.deliver(
        "KOPPELTABEL_IPI_IHI_IVB",
        """
        RINPERSOON | RINPERSOONHKW
        000000001  | 000000001
        000000002  | 000000002
        000000003  | 000000003
        """,
        year=2010,
    )
    assert_table(
        country.run("ingest", settings=("study.period.first_year=2011",)).income(2010),
        """
        person | percentile | population
        1      | 1          | 1
        2      | 10         | 2
        3      | 100        | 1
        """,
    )


def test_quirk_15_renting_with_support_is_2_in_ihi_and_3_in_inhatab(tmp_path):
    """The same four households; the words of the dictionaries agree where their codes do not."""
    before = read_column("IHI", "BVREHALG", "BVREHALG\n1\n2\n3\n9\n", tmp_path)
    after = read_column("INHATAB", "INHEHALGR", "INHEHALGR\n1\n3\n2\n9\n", tmp_path)
    assert words(before, "IHI", "BVREHALG") == words(after, "INHATAB", "INHEHALGR") == [
        "koopwoning", "huurwoning met huurtoeslag", "huurwoning zonder huurtoeslag", None,
    ]  # fmt: skip


def test_quirk_16_who_has_no_income_household_has_an_unknown_class_and_is_not_low(country):
    """All three move in 2019. Person 2 is linked to a household that has no income row, person 3 to none."""
    country.deliver("INHATAB", "RINPERSOONHKW | INHP100HGEST | INHPOPIIV\n000000001 | 10 | 1", year=2018)
    country.deliver(
        LINK,
        """
        RINPERSOON | RINPERSOONHKW
        000000001  | 000000001
        000000002  | 000000002
        """,
        year=2018,
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
        1      | 10         | 1
        2      |            | 0
        3      |            | 0
        """,
    )
    assert found.coverage("persons_with_income") == (1, 3)
    assert_table(found.moves(), "person | income_class\n1 | q1\n2 | unknown\n3 | unknown")


def test_an_income_household_is_known_by_both_parts_of_its_key(country):
    """Number 1 under R and under S are two households."""
    country.deliver(
        "INHATAB",
        """
        RINPERSOONSHKW | RINPERSOONHKW | INHP100HGEST | INHPOPIIV
        R              | 000000001     | 10           | 1
        S              | 000000001     | 60           | 1
        """,
        year=2018,
    )
    country.deliver(
        LINK,
        """
        RINPERSOON | RINPERSOONSHKW | RINPERSOONHKW
        000000001  | R              | 000000001
        000000002  | S              | 000000001
        """,
        year=2018,
    )
    assert_table(country.run("ingest").income(), "person | percentile\n1 | 10\n2 | 60\n3 |")


def read_column(name, column, drawn, folder):
    """One drawn column of a register as it is after reading, if a study used it."""
    register = using(load_register(name), column)
    path = folder / f"{file_stem(register, 2010)}.sav"
    path.parent.mkdir(parents=True)
    write_sav(path, *stored(drawn, list(register.columns)))
    found = find_files(register, folder, {})[2010]
    rules = dict.fromkeys(rules_of(register), "quarantine")
    ingest_file(register, found, 2023, rules, folder / "kept" / name, folder / "refused" / name)
    assert not (folder / "refused" / name).exists()
    return pl.read_parquet(folder / "kept" / name / "*.parquet")["used"]


def using(register: Register, name: str) -> Register:
    """The register with that one column in use and no other."""
    columns = (replace(column, canonical="used" if column.name == name else None) for column in register.columns)
    return replace(register, columns=tuple(columns))


def words(codes, name, column):
    """Codes as the words of the dictionary."""
    labels = dict(using(load_register(name), column).used_columns[0].codes)
    return [labels[code] if code is not None else None for code in codes]
