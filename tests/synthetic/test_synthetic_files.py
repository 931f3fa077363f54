"""Files look exactly as CBS delivers them: names, columns, formats, labels; and equal seeds give equal bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from mobility.errors import RequestError
from mobility.registers.dictionary import Register, load_register, register_names
from mobility.settings import Synthetic
from mobility.synthetic import LABEL, write_country
from mobility.synthetic.deliveries import Delivery, deliveries
from mobility.synthetic.names import file_stem, years_of
from mobility.synthetic.writer import columns_in, columns_of

LAST_YEAR = 2023


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def flawed_files(register: Register) -> list[tuple[int, Delivery]]:
    """The files of the country with flaws."""
    return [
        (year, plan)
        for year in years_of(register, 2003, LAST_YEAR)
        for plan in deliveries(register, year, ("sav",), quirks=True)
    ]


def write(folder: Path, **choices: object) -> dict[str, str]:
    settings = Synthetic(**{"persons": 1_500, "first_year": 2009, **choices})  # type: ignore[arg-type]
    write_country(settings, folder, lambda _name, _rows: None)
    return digests(folder)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = write(tmp_path / "a", seed=5)
    again = write(tmp_path / "b", seed=5)
    other = write(tmp_path / "c", seed=6)
    assert first == again
    few = {"BouwenWonen/NIETVSLGWBTAB/NIETVSLGWBTAB2023V1.sav"}  # too few objects of type D to be sure of one
    assert first.keys() | few == other.keys() | few
    same = {name for name in first if first[name] == other.get(name)}
    few = {"truth/renumbered.parquet", "truth/concentrations.parquet"}  # empty tables: too small for either
    assert same == {"LABEL.txt", *few}


def test_names_are_those_of_cbs() -> None:
    expected = {
        ("GBAADRESOBJECTBUS", 2023): "Bevolking/GBAADRESOBJECTBUS/GBAADRESOBJECT2023BUSV1",
        ("GBAPERSOONTAB", 2023): "Bevolking/GBAPERSOONTAB/2023/GBAPERSOON2023TABV1",
        ("GBAHUISHOUDENSBUS", 2023): "Bevolking/GBAHUISHOUDENSBUS/GBAHUISHOUDENS2023BUSV1",
        ("GBAOVERLIJDENTAB", 2023): "Bevolking/GBAOVERLIJDENTAB/2023/GBAOVERLIJDEN2023TABV1",
        ("VSLGWBTAB", 2023): "BouwenWonen/VSLGWBTAB/VSLGWB2023TAB03V1",
        ("VSLCOORDTAB", 2023): "BouwenWonen/VSLCOORDTAB/VSLCOORDTAB2023V1",
        ("EIGENDOMTAB", 2016): "BouwenWonen/EIGENDOMTAB/EIGENDOM2016TABV6",
        ("EIGENDOMTAB", 2022): "BouwenWonen/EIGENDOMTAB/EIGENDOM2022TABV2",
        ("LEVCYCLWOONNIETWOONBUS", 2023): "BouwenWonen/LEVCYCLWOONNIETWOONBUS/LEVCYCLWOONNIETWOONBUSV2023122",
        ("INHATAB", 2014): "InkomenBestedingen/INHATAB/INHA2014TABV1",
        ("INHATAB", 2019): "InkomenBestedingen/INHATAB/INHA2019TABV2",
        ("IHI", 2008): "InkomenBestedingen/INTEGRAAL HUISHOUDENS INKOMEN/2008/HUISHBVRINK2008TABV3",
        ("KOPPELTABEL_IPI_IHI_IVB", 2008): ("InkomenBestedingen/KOPPELPERSOONHUISHOUDEN/Koppeltabel_IPI_IHI_IVB2008"),
        ("VSLVIERKANTTAB", 2023): "BouwenWonen/VSLVIERKANTTAB/VRLVSLVIERKANTTABV2023031",
        ("NIETVSLGWBTAB", 2023): "BouwenWonen/NIETVSLGWBTAB/NIETVSLGWBTAB2023V1",
        ("KOPPELPERSOONHUISHOUDEN", 2018): "InkomenBestedingen/INHATAB/KOPPELPERSOONHUISHOUDEN2018",
        ("KOPPELPERSOONHUISHOUDEN", 2021): "InkomenBestedingen/INHATAB/KOPPELPERSOONHUISHOUDEN2021V2",
    }
    assert {key: file_stem(load_register(key[0]), key[1]) for key in expected} == expected


def test_all_files_are_there_and_no_others(quirky: Path) -> None:
    expected = {plan.path for name in register_names() for _, plan in flawed_files(load_register(name))}
    expected |= {
        "LABEL.txt",
        *(f"truth/{name}.parquet" for name in ("persons", "moves", "chains", "concentrations", "renumbered", "quirks")),
    }
    assert {path.relative_to(quirky).as_posix() for path in quirky.rglob("*") if path.is_file()} == expected
    assert (quirky / "LABEL.txt").read_text(encoding="utf-8") == LABEL + "\n"


@pytest.mark.parametrize("name", register_names())
def test_files_follow_their_dictionary(quirky: Path, name: str) -> None:
    register = load_register(name)
    for year, plan in flawed_files(register):
        if plan.form != "sav":
            continue
        _, meta = pyreadstat.read_sav(quirky / plan.path, metadataonly=True, output_format="polars")
        columns = columns_in(plan, columns_of(register, year))
        assert meta.column_names == [column.name for column in columns]
        for column in columns:
            number_format = column.format if column.is_text else f"{column.format}.0"
            assert meta.original_variable_types[column.name] == number_format
            assert meta.column_names_to_labels[column.name] == column.meaning
            if column.is_text:
                assert meta.variable_storage_width[column.name] == column.width
            labels = meta.variable_value_labels.get(column.name, {})
            assert labels == {code.rjust(column.width): label for code, label in column.codes}


def test_geography_has_three_columns_for_every_year(quirky: Path) -> None:
    _, meta = pyreadstat.read_sav(
        quirky / "BouwenWonen/VSLGWBTAB/VSLGWB2023TAB03V1.sav", metadataonly=True, output_format="polars"
    )
    years = range(1999, 2024)
    assert meta.column_names[2:] == [f"{kind}{year}" for year in years for kind in ("gem", "wc", "bc")]


def test_codes_are_codes_of_the_dictionary(read_clean: Callable[..., pl.DataFrame]) -> None:
    for name in sorted(set(register_names()) - {"NIETVSLGWBTAB"}):  # without flaws there are no objects of type D
        register = load_register(name)
        table = read_clean(name, years_of(register, 2003, LAST_YEAR)[-1])
        for column in register.columns:
            if column.codes:
                known = {code for code, _ in column.codes} | set(column.missing)
                assert set(table[column.name].str.strip_chars().unique()) <= known, (name, column.name)


def test_texts_fill_their_width_where_numbers_do(read_clean: Callable[..., pl.DataFrame]) -> None:
    addresses = read_clean("GBAADRESOBJECTBUS", LAST_YEAR)
    for name, form in {
        "RINPERSOON": r"^\d{9}$",
        "RINOBJECTNUMMER": r"^\d{32}$",
        "GBADATUMEINDEADRESHOUDING": r"^\d{8}$",
    }.items():
        assert addresses[name].str.contains(form).all()
    assert read_clean("GBAHUISHOUDENSBUS", LAST_YEAR)["HUISHOUDNR"].str.contains(r"^\d{12}$").all()


def test_other_formats_lie_where_cbs_puts_conversions(clean: Path) -> None:
    folder = clean / "Bevolking/GBAADRESOBJECTBUS"
    parquet = pl.read_parquet(folder / "GBAADRESOBJECT2023BUSV1.parquet")
    converted = pl.read_csv(folder / "geconverteerde data/GBAADRESOBJECT2023BUSV1.csv", infer_schema=False)
    assert converted.equals(parquet)


def test_a_country_that_ends_before_2011_has_the_older_registers(tmp_path: Path) -> None:
    files = write(tmp_path / "early", first_year=2006, last_year=2008, persons=1_000)
    names = {Path(name).stem for name in files}
    assert "truth/chains.parquet" in files  # there is no cohort yet: the truth is an empty table
    assert {f"HUISHBVRINK{year}TABV3" for year in (2007, 2008)} <= names
    assert "140930 EIGENDOMWOZTAB2008V1" in names
    assert not [name for name in names if name.startswith(("INHA", "KOPPEL", "EIGENDOM2"))]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RequestError, match="not empty"):
        write_country(Synthetic(persons=1_000), tmp_path, lambda _name, _rows: None)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_killed_run_leaves_no_label(tmp_path: Path) -> None:
    def die(name: str, _rows: int) -> None:
        if name.startswith("VSLGWB"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_country(Synthetic(persons=1_000, first_year=2018), tmp_path / "source", die)
    assert not (tmp_path / "source" / "LABEL.txt").exists()


@pytest.mark.parametrize(
    "choices",
    [
        {"persons": 10},
        {"first_year": 1990},
        {"first_year": 2023},
        {"effect": "nothing"},
        {"flaws": "some"},
        {"formats": ()},
        {"formats": ("xls",)},
    ],
)
def test_impossible_settings_are_refused(choices: dict[str, object]) -> None:
    with pytest.raises(RequestError, match="synthetic"):
        Synthetic(**choices)  # type: ignore[arg-type]
