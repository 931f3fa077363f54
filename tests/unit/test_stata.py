"""Stata files: the same rows as the SPSS file they were made from, in every version and form of conversion."""

import datetime as dt
import struct
from pathlib import Path

import polars as pl
import polars_readstat
import pyreadstat
import pytest

from mobility.errors import DataError
from mobility.registers.decode import clean, decode
from mobility.registers.dictionary import Column, Register, load_register, register_names
from mobility.registers.find import find_files
from mobility.registers.ingest import for_year
from mobility.registers.read import column_names, read_batches, read_slowly
from mobility.settings import Synthetic
from mobility.synthetic import write_country

VERSIONS = range(8, 16)
YEAR = 2023
ADDRESSES = load_register("GBAADRESOBJECTBUS")
ROWS = pl.DataFrame(
    {
        "RINPERSOONS": ["R", "R", "S"],
        "RINPERSOON": ["000000012", "999999998", "000000003"],
        "GBADATUMAANVANGADRESHOUDING": ["19590228", "20190101", "19991231"],
        "GBADATUMEINDEADRESHOUDING": ["20190101", "20501231", "20240229"],
        "SOORTOBJECTNUMMER": ["B", "H", "D"],
        "RINOBJECTNUMMER": ["0" * 31 + "7", "9" * 32, "A" * 32],
    }
)
DAYS = ("GBADATUMAANVANGADRESHOUDING", "GBADATUMEINDEADRESHOUDING")


def columns(*names: str) -> list[Column]:
    return [Column(name, "A9", name.lower(), "text", "meaning", "source") for name in names]


def read(path: Path, wanted: list[Column]) -> pl.DataFrame:
    return pl.concat(list(read_batches(path, wanted)))


def decoded(path: Path, register: Register = ADDRESSES) -> pl.DataFrame:
    return decode(clean(read(path, list(register.used_columns)), register), register)


@pytest.mark.parametrize("version", VERSIONS)
def test_text_numbers_and_missing_values_are_read_alike_in_every_version_by_both_readers(tmp_path, version):
    stored = ROWS.with_columns(
        number=pl.Series([1.0, None, 9999999999.0]), whole=pl.Series([100, None, -5]), blank=pl.lit("")
    )
    path = tmp_path / "x.dta"
    pyreadstat.write_dta(stored, str(path), version=version)
    found = read(path, columns(*stored.columns))
    assert found.select(ROWS.columns).equals(ROWS)
    assert found["number"].to_list() == [1.0, None, 9999999999.0]
    assert found["whole"].to_list() == [100, None, -5]
    assert found["blank"].to_list() == ["", "", ""]
    by_the_other = pl.concat(list(read_slowly(path, stored.columns)))
    assert found.cast(pl.String).equals(by_the_other.cast(found.schema).cast(pl.String))


def test_text_that_stata_keeps_apart_from_the_rows_is_read_whole(tmp_path):
    pyreadstat.write_dta(pl.DataFrame({"LONG": ["x" * 3000, "", "y"]}), str(tmp_path / "x.dta"), version=14)
    assert read(tmp_path / "x.dta", columns("LONG"))["LONG"].to_list() == ["x" * 3000, "", "y"]


def test_codes_are_read_and_not_their_labels(tmp_path):
    table = pl.DataFrame({"TYPHH": [1, 8, None]})
    labels = {"TYPHH": {1: "eenpersoonshuishouden", 8: "institutioneel huishouden"}}
    pyreadstat.write_dta(table, str(tmp_path / "x.dta"), variable_value_labels=labels)
    assert read(tmp_path / "x.dta", columns("TYPHH"))["TYPHH"].to_list() == [1, 8, None]


@pytest.mark.parametrize("days", ["text", "number", "whole number", "Stata date", "Stata time"])
def test_days_and_person_numbers_are_the_same_in_whatever_form_they_were_converted(tmp_path, days):
    pyreadstat.write_sav(ROWS, str(tmp_path / "original.sav"))
    real_days = pl.col(DAYS).str.to_date("%Y%m%d")
    forms = {
        "text": pl.col(DAYS),
        "number": pl.col(DAYS).cast(pl.Float64),
        "whole number": pl.col(DAYS).cast(pl.Int32),
        "Stata date": real_days,
        "Stata time": real_days.cast(pl.Datetime("ms")),
    }
    converted = ROWS.with_columns(forms[days], pl.col("RINPERSOON").cast(pl.Int32))
    pyreadstat.write_dta(converted, str(tmp_path / "converted.dta"))
    expected = pl.DataFrame(
        {
            "start_date": [dt.date(1959, 2, 28), dt.date(2019, 1, 1), dt.date(1999, 12, 31)],
            "end_date": [dt.date(2019, 1, 2), None, dt.date(2024, 3, 1)],
        }
    )
    found = decoded(tmp_path / "converted.dta")
    assert found.equals(decoded(tmp_path / "original.sav"))
    assert found.select("start_date", "end_date").equals(expected)
    assert found["person"].to_list() == [12, 999999998, 3]


STATA_TYPES = {"byte": (251, "b"), "int": (252, "h"), "long": (253, "i"), "float": (254, "f"), "double": (255, "d")}


def write_by_hand(path, columns, rows, order="<"):
    """A file of Stata 10, byte by byte, since no writer at hand makes its smaller types; `columns` are (name, type)."""
    codes = [STATA_TYPES[kind] for _, kind in columns]
    content = struct.pack(f"{order}BBBBHI", 114, 2 if order == "<" else 1, 1, 0, len(columns), len(rows))
    content += bytes(81 + 18)  # label and time of the file
    content += bytes(number for number, _ in codes)
    content += b"".join(name.encode().ljust(33, b"\0") for name, _ in columns)
    content += bytes(2 * (len(columns) + 1))  # sorted by nothing
    content += b"%9.0g".ljust(49, b"\0") * len(columns)
    content += bytes((33 + 81) * len(columns) + 5)  # no labels
    content += b"".join(
        struct.pack(order + code, value) for row in rows for (_, code), value in zip(codes, row, strict=True)
    )
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])
def test_the_27_missing_values_of_stata_are_none(tmp_path, order):
    last = {"byte": 100, "int": 32740, "long": 2147483620}
    rows = [
        [5, 300, 70000],
        list(last.values()),
        [top + 1 for top in last.values()],
        [top + 27 for top in last.values()],
    ]
    path = write_by_hand(tmp_path / "x.dta", [(kind, kind) for kind in last], rows, order)
    found = read(path, columns(*last))
    assert found.rows() == [(5, 300, 70000), (100, 32740, 2147483620), (None,) * 3, (None,) * 3]


@pytest.mark.parametrize("name", ["RINPERSOON", DAYS[0]])
def test_a_key_that_stata_has_cut_to_seven_digits_is_refused(tmp_path, name):
    path = write_by_hand(tmp_path / "x.dta", [(name, "float")], [[123456789.0], [20190101.0]])
    wanted = [column for column in ADDRESSES.columns if column.name == name]
    with pytest.raises(DataError, match=f"{name} is stored as a number of seven digits") as refused:
        read(path, wanted)
    assert "123456" not in str(refused.value)
    assert "2019" not in str(refused.value)


def test_an_amount_may_be_a_number_of_seven_digits(tmp_path):
    path = write_by_hand(tmp_path / "x.dta", [("AMOUNT", "float")], [[250.0], [-5.0]])
    wanted = [Column("AMOUNT", "F10", "amount", "integer", "meaning", "source")]
    assert read(path, wanted)["AMOUNT"].to_list() == [250.0, -5.0]


@pytest.mark.parametrize("version", [8, 12, 13, 15])
@pytest.mark.parametrize("kept", [0.02, 0.4, 0.95])
def test_a_file_that_is_cut_short_is_refused_with_a_sentence(tmp_path, version, kept):
    path = tmp_path / "x.dta"
    rows = pl.DataFrame({"NUMBER": [float(n) for n in range(5000)], "TEXT": [str(n) for n in range(5000)]})
    pyreadstat.write_dta(rows, str(path), version=version)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(DataError, match=r"x\.dta: .* copy it again") as refused:
        read(path, columns("NUMBER", "TEXT"))
    assert refused.value.__context__ is None


def test_a_file_that_is_no_stata_file_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "x.dta").write_bytes(b"this is no Stata file" * 50)
    with pytest.raises(DataError, match="cannot be read"):
        column_names(tmp_path / "x.dta")


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_a_file_that_the_first_reader_cannot_open_is_read_by_the_second(tmp_path, monkeypatch, ending):
    path = tmp_path / f"x.{ending}"
    (pyreadstat.write_sav if ending == "sav" else pyreadstat.write_dta)(ROWS, str(path))
    expected = decoded(path)

    def fail(*_, **__):
        raise RuntimeError("a header it does not know")

    monkeypatch.setattr(polars_readstat, "scan_readstat", fail)
    assert column_names(path) == ROWS.columns
    assert decoded(path).equals(expected)


def test_a_label_in_another_encoding_than_the_file_says_does_not_stop_the_reading(tmp_path):
    path = tmp_path / "x.sav"
    pyreadstat.write_sav(ROWS, str(path), column_labels=["Soort categorieën" for _ in ROWS.columns])
    content = path.read_bytes()
    assert "ën".encode() in content
    path.write_bytes(content.replace("ën".encode(), "ën ".encode("latin-1")))
    assert decoded(path)["person"].to_list() == [12, 999999998, 3]


def test_a_header_with_an_impossible_length_is_refused_and_does_not_end_the_program(tmp_path):
    """An extension record says how many items of how many bytes it has; polars-readstat would ask for that much memory."""
    path = tmp_path / "x.sav"
    pyreadstat.write_sav(ROWS, str(path))
    content = bytearray(path.read_bytes())
    place = content.index(struct.pack("<3i", 7, 13, 1)) + 12  # the record of long names: items of one byte
    content[place : place + 4] = struct.pack("<i", 2**31 - 1)
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        read(path, columns("RINPERSOON"))


@pytest.mark.parametrize("ending", [".SAV", ".ZSAV", ".DTA", ".CSV", ".PARQUET", ".zsav"])
def test_an_ending_in_capitals_is_an_ending(tmp_path, ending):
    folder = tmp_path / "Bevolking" / "GBAADRESOBJECTBUS"
    folder.mkdir(parents=True)
    path = folder / f"GBAADRESOBJECT2023BUSV1{ending}"
    match ending.lower():
        case ".sav":
            pyreadstat.write_sav(ROWS, str(path))
        case ".zsav":
            pyreadstat.write_sav(ROWS, str(path), compress=True)
        case ".dta":
            pyreadstat.write_dta(ROWS, str(path))
        case ".csv":
            ROWS.write_csv(path)
        case _:
            ROWS.write_parquet(path)
    assert find_files(ADDRESSES, tmp_path, {})[2023].path.name == path.name
    assert decoded(path)["person"].to_list() == [12, 999999998, 3]


def test_of_the_conversions_of_one_file_the_one_that_keeps_most_is_taken(tmp_path):
    folder = tmp_path / "Bevolking" / "GBAADRESOBJECTBUS" / "geconverteerde data"
    folder.mkdir(parents=True)
    taken = []
    for ending in (".csv", ".dta", ".parquet", ".zsav", ".sav"):
        (folder / f"GBAADRESOBJECT2023BUSV1{ending}").touch()
        taken.append(find_files(ADDRESSES, tmp_path, {})[2023].path.suffix)
    assert taken == [".csv", ".dta", ".parquet", ".zsav", ".sav"]


@pytest.fixture(scope="module")
def country(tmp_path_factory) -> Path:
    """A source tree of a thousand persons, as CBS delivers it."""
    root = tmp_path_factory.mktemp("country")
    write_country(Synthetic(persons=1_000, seed=4, flaws="none"), root, lambda _name, _rows: None)
    return root


@pytest.mark.parametrize("name", sorted(set(register_names()) - {"NIETVSLGWBTAB"}))  # without flaws it has no objects
def test_every_register_is_the_same_table_from_its_stata_conversion(country, tmp_path, name):
    register = load_register(name)
    files = find_files(register, country, {})
    original = files[max(files)].path
    rows, _ = pyreadstat.read_sav(str(original), output_format="polars")
    assert rows.height > 0
    converted = tmp_path / f"{original.stem}.dta"
    pyreadstat.write_dta(rows, str(converted), version=13)
    every = register.with_columns(column.on_request for column in register.columns if column.on_request)
    layout = for_year(every, YEAR)
    assert decoded(converted, layout).equals(decoded(original, layout))
