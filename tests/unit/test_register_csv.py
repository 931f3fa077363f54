"""CSV conversions in the variants in which they are found at CBS: whatever the form, the same rows."""

import polars as pl
import pytest

from mobility.errors import DataError
from mobility.registers.decode import clean, decode
from mobility.registers.dictionary import Column, load_register, register_names
from mobility.registers.ingest import for_year
from mobility.registers.read import NO_VALUE, read_batches

PERSONS = load_register("GBAPERSOONTAB")
GEOGRAPHY = for_year(load_register("VSLGWBTAB"), 2023)
MIGRATIONS = load_register("GBAMIGRATIEBUS")

PLAIN = """\
RINPERSOONS,RINPERSOON,GBAGESLACHT,GBAGEBOORTEJAAR,GBAGEBOORTEMAAND,NAAM
R,000000012,1,1968,07,café
R,123456789,2,2001,11,
R,000000003,-,----,--,Groß
"""
EXPECTED = {
    "person_type": ["R", "R", "R"],
    "person": [12, 123456789, 3],
    "sex": ["1", "2", None],
    "birth_year": [1968, 2001, None],
    "birth_month": [7, 11, None],
}


def decoded(path, register):
    rows = pl.concat(list(read_batches(path, list(register.used_columns))))
    return decode(clean(rows, register), register)


def written(folder, text, encoding="utf-8"):
    path = folder / "x.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.lower().replace("\nr,", "\nR,"),
        lambda text: "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()),
        lambda text: "\n".join("; ".join(line.split(",")) for line in text.splitlines()),
        lambda text: text.replace(",0000000", ",").replace(",07,", ",7,"),
        lambda text: text.replace("----", "NA").replace("--", "NA").replace(",-,", ",NA,"),
        lambda text: text.replace("----", "").replace("--", "#NULL!").replace(",-,", ", ,"),
        lambda text: text.replace("----", '"."').replace("café", '"café, ""de"" waard\nen meer"'),
    ],
    ids=[
        "comma",
        "semicolon",
        "tab",
        "lines of Windows",
        "no last end of line",
        "names in small letters",
        "everything in quotes",
        "blanks behind the separator",
        "leading zeros lost",
        "NA for no value",
        "blank and #NULL! for no value",
        "a full stop for no value, and separator, quotes and end of line in a name",
    ],
)
def test_the_same_rows_whatever_the_form(tmp_path, change, encoding):
    path = written(tmp_path, change(PLAIN), encoding)
    assert decoded(path, PERSONS).to_dict(as_series=False) == EXPECTED


@pytest.mark.parametrize("lost", [False, True], ids=["as delivered", "leading zeros lost"])
def test_codes_of_areas_have_all_their_digits(tmp_path, lost):
    text = """\
SOORTOBJECTNUMMER,RINOBJECTNUMMER,gem2023,wc2023,bc2023
B,00000000000000000000000000000071,0363,036301,03630102
H,00000000000000000000000000000072,1930,193000,19300001
B,00000000000000000000000000000073,0014,001400,00140000
D,00000000000000000000000000000074,----,------,--------
D,00000000000000000000000000000075,0000,NA,
"""
    if lost:
        for code in ("0363", "0014"):
            text = text.replace(f",{code}", "," + code.lstrip("0"))
        text = text.replace(",0000,", ",0,")
    found = decoded(written(tmp_path, text), GEOGRAPHY)
    assert found.select("gemeente", "wijk", "buurt").rows() == [
        ("0363", "036301", "03630102"),
        ("1930", "193000", "19300001"),
        ("0014", "001400", "00140000"),
        (None, None, None),
        (None, None, None),
    ]


def test_a_country_code_has_all_its_digits(tmp_path):
    text = """\
RINPERSOONS,RINPERSOON,GBASOORTMIGRATIE,GBADATUMMIGRATIE,GBALANDMIGRATIE
R,12,1,20010101,6030
R,13,2,20010101,15
R,14,2,20010101,0
"""
    found = decoded(written(tmp_path, text), MIGRATIONS.with_columns({"country"}))
    assert found["country"].to_list() == ["6030", "0015", None]


def test_a_number_that_r_wrote_with_a_power_of_ten_is_that_number(tmp_path):
    text = "RINPERSOONS,RINPERSOON,ZVWKTOTAAL\nR,1e+05,1e+05\nR,12,-2.5e+03\nR,200000000,1250\nR,7,\n"
    found = decoded(written(tmp_path, text), load_register("ZVWZORGKOSTENTAB"))
    assert found["person"].to_list() == [100_000, 12, 200_000_000, 7]
    assert found["care_costs_eur"].to_list() == [100_000, -2500, 1250, None]


@pytest.mark.parametrize("name", register_names())
def test_no_code_of_a_dictionary_reads_as_no_value(name):
    codes = {code for column in load_register(name).columns for code, _ in column.codes}
    assert not codes & set(NO_VALUE)


@pytest.mark.parametrize("name", register_names())
def test_an_area_code_and_a_household_number_get_back_the_zeros_they_lost(name):
    for column in load_register(name).columns:
        if column.canonical in ("gemeente", "wijk", "buurt", "household_number") or column.on_request == "country":
            assert column.zero_fill == column.width, column.name


def names_of_one_column():
    return [Column("GBAGESLACHT", "A1", "sex", "text", "meaning", "source")]


@pytest.mark.parametrize(
    "names", ["GBAGESLACHT,GBAGESLACHT", "GBAGESLACHT,gbageslacht", "GbaGeslacht,x,GBAGESLACHT "], ids=str
)
def test_a_column_that_is_there_twice_is_refused(tmp_path, names):
    with pytest.raises(DataError, match="there are 2 columns GBAGESLACHT"):
        list(read_batches(written(tmp_path, f"{names}\n1,2,\n"), names_of_one_column()))


def test_a_file_in_utf_16_is_refused_by_that_name(tmp_path):
    with pytest.raises(DataError, match=r"x\.csv: the file is in UTF-16"):
        list(read_batches(written(tmp_path, PLAIN, "utf-16"), names_of_one_column()))


@pytest.mark.parametrize(
    "text",
    ["", 'GBAGESLACHT,x\n1,"2\n', "GBAGESLACHT,x\n1,2\n1,2,3\n", "x,y,GBAGESLACHT\na,b,1\na,b, or c,1\n"],
    ids=["empty", "a quote that never ends", "a field too many", "a separator in a text without quotes"],
)
def test_a_damaged_file_is_refused_with_a_sentence(tmp_path, text):
    with pytest.raises(DataError, match=r"x\.csv: .*copy it again") as refused:
        list(read_batches(written(tmp_path, text), names_of_one_column()))
    assert refused.value.__context__ is None


def test_a_name_with_the_signs_of_a_pattern_is_a_name(tmp_path):
    folder = tmp_path / "data [2023] *"
    try:
        folder.mkdir()
    except OSError:  # Windows allows no asterisk
        folder = tmp_path / "data [2023]"
        folder.mkdir()
    path = written(folder, PLAIN)
    assert decoded(path, PERSONS)["person"].to_list() == EXPECTED["person"]
    rows = pl.read_csv(path, infer_schema=False, glob=False)
    rows.write_parquet(folder / "x.parquet")
    assert decoded(folder / "x.parquet", PERSONS)["person"].to_list() == EXPECTED["person"]


@pytest.mark.parametrize("kind", [pl.List(pl.Int64), pl.Struct({"a": pl.Int64}), pl.Duration, pl.Time, pl.Binary])
def test_a_column_of_a_kind_no_register_has_is_refused(tmp_path, kind):
    pl.DataFrame({"GBAGESLACHT": pl.Series([None], dtype=kind)}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet: GBAGESLACHT holds .* values"):
        list(read_batches(tmp_path / "x.parquet", names_of_one_column()))
