"""Quirks of files rather than of rows: names, versions, twins, separators, encodings; and what the program takes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from mobility.registers.dictionary import load_register, register_names
from mobility.registers.find import find_files, parse_name
from mobility.registers.read import column_names, number_of_cases
from mobility.synthetic.deliveries import deliveries
from mobility.synthetic.names import file_stem, years_of
from mobility.synthetic.quirks import QUIRKS

EARLY_LINKS = "InkomenBestedingen/KOPPELPERSOONHUISHOUDEN"


@pytest.mark.parametrize("name", register_names())
def test_every_name_is_one_the_program_knows(name: str) -> None:
    register = load_register(name)
    for year in years_of(register, 2003, 2023):
        plans = deliveries(register, year, ("sav", "csv"), quirks=True)
        plans += deliveries(register, year, ("parquet",), quirks=False)
        for plan in plans:
            found = parse_name(register, Path(plan.path))
            assert found is not None, plan.path
            assert found.year == year


@pytest.mark.parametrize(
    ("name", "year", "taken", "left"),
    [
        ("EIGENDOMTAB", 2020, "EIGENDOM2020TABV10.sav", "EIGENDOM2020TABV2.sav"),
        ("EIGENDOMTAB", 2022, "EIGENDOM2022TABV2.sav", "VRLEIGENDOM2022TABV3.sav"),
    ],
)
def test_an_older_or_provisional_twin_is_left_and_would_be_noticed(
    quirky: Path, name: str, year: int, taken: str, left: str
) -> None:
    found = find_files(load_register(name), quirky, {})[year]
    assert found.path.name == taken
    other = found.path.with_name(left)
    assert (number_of_cases(other) or 0) < 0.8 * (number_of_cases(found.path) or 0)


def test_the_program_finds_every_year_of_every_register(quirky: Path) -> None:
    for name in register_names():
        register = load_register(name)
        assert sorted(find_files(register, quirky, {})) == years_of(register, 2003, 2023), name


def test_one_link_table_has_numbers_for_persons(quirky: Path) -> None:
    table, meta = pyreadstat.read_sav(quirky / EARLY_LINKS / "Koppeltabel_IPI_IHI_IVB2008.sav", output_format="polars")
    assert meta.original_variable_types["RINPERSOON"] == "F9.0"
    assert table["RINPERSOON"].dtype.is_numeric()
    assert (table["RINPERSOONHKW"] < 100_000_000).any()


def test_one_link_table_is_a_csv_without_leading_zeros(quirky: Path) -> None:
    path = quirky / EARLY_LINKS / "geconverteerde data/Koppeltabel_IPI_IHI_IVB2009.csv"
    table = pl.read_csv(path, separator=";", infer_schema=False)
    assert table.columns == ["RINPERSOONS", "RINPERSOON", "RINPERSOONSHKW", "RINPERSOONHKW"]
    assert (table["RINPERSOON"].str.len_bytes() < 9).any()
    assert not (quirky / EARLY_LINKS / "Koppeltabel_IPI_IHI_IVB2009.sav").exists()


def test_one_income_file_has_tabs_and_a_conversion_is_in_latin_1(quirky: Path) -> None:
    folder = quirky / "InkomenBestedingen/INTEGRAAL HUISHOUDENS INKOMEN/2006/geconverteerde data"
    assert (folder / "HUISHBVRINK2006TABV3.csv").read_text(encoding="utf-8").splitlines()[0].count("\t") == 6
    latin = (quirky / "Bevolking/GBAPERSOONTAB/2023/geconverteerde data/GBAPERSOON2023TABV1.csv").read_bytes()
    assert "geïmputeerd" in latin.decode("latin-1")
    with pytest.raises(UnicodeDecodeError):
        latin.decode("utf-8")


def test_one_file_has_names_in_lower_case_and_an_ending_in_upper_case(quirky: Path) -> None:
    assert column_names(quirky / "BouwenWonen/EIGENDOMTAB/EIGENDOM2016TABV6.SAV")[:2] == [
        "soortobjectnummer",
        "rinobjectnummer",
    ]
    assert (quirky / "InkomenBestedingen/SECMBUS/SECMBUS2023V1.SAV").is_file()


def test_clean_files_have_plain_names() -> None:
    for name in register_names():
        register = load_register(name)
        for year in years_of(register, 2003, 2023):
            (plan,) = deliveries(register, year, ("parquet",), quirks=False)
            assert plan.path == f"{file_stem(register, year)}.parquet"
            assert (plan.keep, plan.lower_names, plan.number_keys) == (1.0, False, False)


def test_all_24_quirks_are_listed_with_their_file_and_number(quirky: Path) -> None:
    table = pl.read_parquet(quirky / "truth/quirks.parquet")
    assert table.height == len(QUIRKS)
    assert set(table["quirk"].drop_nulls()) == set(range(1, 25))
    rare = {"object of type D", "nine nines", "eleven nines", "of those"}  # in 6000 persons chance decides
    absent = table.filter(pl.col("count") == 0)["flaw"].to_list()
    assert [flaw for flaw in absent if not any(part in flaw for part in rare)] == []
    named = {path for file in table["file"] for path in file.split(" | ")}
    files = named - set(register_names()) - {"schemas/areas"}
    assert [path for path in sorted(files) if not (quirky / path).is_file()] == []


def test_counts_of_quirks_are_those_in_the_files(quirky: Path) -> None:
    table = pl.read_parquet(quirky / "truth/quirks.parquet")
    counts = dict(table.select("flaw", "count").iter_rows())
    rows, _ = pyreadstat.read_sav(
        quirky / "Bevolking/GBAADRESOBJECTBUS/GBAADRESOBJECT2023BUSV1.sav", output_format="polars"
    )
    assert (
        counts["row that ends before it starts"]
        <= rows.filter(pl.col("GBADATUMAANVANGADRESHOUDING") > pl.col("GBADATUMEINDEADRESHOUDING")).height
    )
    assert counts["exact duplicate of a row"] == rows.height - rows.unique().height
    assert counts["open end written 20501231"] == (rows["GBADATUMEINDEADRESHOUDING"] == "20501231").sum()


def test_clean_countries_have_no_list_of_quirks(clean: Path) -> None:
    assert not (clean / "truth/quirks.parquet").exists()
