"""Finding, reading and decoding register files."""

import datetime as dt
import struct

import polars as pl
import pyreadstat
import pytest

from mobility.errors import DataError, RequestError
from mobility.registers.decode import broken_rules, clean, decode, rules_of
from mobility.registers.dictionary import Column, load_register, register_names
from mobility.registers.find import find_files, parse_name
from mobility.registers.ingest import ingest_file
from mobility.registers.read import column_names, read_batches

ADDRESSES, INCOME, LINK = (load_register(name) for name in ("GBAADRESOBJECTBUS", "INHATAB", "KOPPELPERSOONHUISHOUDEN"))
RULES = dict.fromkeys(rules_of(ADDRESSES), "quarantine")


@pytest.mark.parametrize("name", register_names())
def test_every_dictionary_says_what_a_column_means_and_where_that_is_documented(name):
    register = load_register(name)
    assert register.title
    assert register.grain
    for column in register.columns:
        assert column.meaning, column.name
        assert column.source, column.name
        assert column.width > 0


@pytest.mark.parametrize(
    ("register", "name", "expected"),
    [
        (ADDRESSES, "GBAADRESOBJECT2023BUSV1.sav", (2023, 1, False)),
        (ADDRESSES, "gbaadresobject2023busv1.SAV", (2023, 1, False)),
        (ADDRESSES, "VRLGBAADRESOBJECT2024BUSV1.sav", (2024, 1, True)),
        (INCOME, "INHA2019TABV10.sav", (2019, 10, False)),
        (INCOME, "140924 INHA2019TABV2.sav", (2019, 2, False)),
        (INCOME, "INHA 2019TABV2.sav", (2019, 2, False)),
        (INCOME, "KOPPELPERSOONHUISHOUDEN2019V2.sav", None),
        (LINK, "KOPPELPERSOONHUISHOUDEN2018.sav", (2018, 0, False)),
        (LINK, "KOPPELPERSOONHUISHOUDEN2019V2.sav", (2019, 2, False)),
        (INCOME, "INHA2019TAB.sav", None),
    ],
)
def test_year_version_and_status_of_a_file_name(tmp_path, register, name, expected):
    found = parse_name(register, tmp_path / name)
    assert (found and (found.year, found.version, found.provisional)) == expected


def test_the_highest_version_is_the_highest_number_and_definitive_comes_before_provisional(tmp_path):
    folder = tmp_path / "InkomenBestedingen" / "INHATAB"
    folder.mkdir(parents=True)
    for name in (
        "INHA2019TABV2.sav",
        "INHA2019TABV10.sav",
        "INHA2020TABV1.sav",
        "VRLINHA2020TABV9.sav",
        "KOPPELPERSOONHUISHOUDEN2019V2.sav",
    ):
        (folder / name).touch()
    found = find_files(INCOME, tmp_path, {})
    assert {year: one.path.name for year, one in found.items()} == {
        2019: "INHA2019TABV10.sav",
        2020: "INHA2020TABV1.sav",
    }


def test_a_pinned_file_is_taken_whatever_else_is_there(tmp_path):
    folder = tmp_path / "InkomenBestedingen" / "INHATAB"
    folder.mkdir(parents=True)
    for name in ("INHA2019TABV1.sav", "INHA2019TABV2.sav"):
        (folder / name).touch()
    pinned = {"INHATAB/2019": "InkomenBestedingen/INHATAB/INHA2019TABV1.sav"}
    assert find_files(INCOME, tmp_path, pinned)[2019].version == 1
    with pytest.raises(RequestError, match="is not there"):
        find_files(INCOME, tmp_path, {"INHATAB/2019": "InkomenBestedingen/INHATAB/INHA2019TABV3.sav"})


def raw(**changes):
    """One valid row of the address register as the file stores it, with changes; a list gives several rows."""
    row = {
        "RINPERSOONS": "R",
        "RINPERSOON": "000000012",
        "GBADATUMAANVANGADRESHOUDING": "20010101",
        "GBADATUMEINDEADRESHOUDING": "20031231",
        "SOORTOBJECTNUMMER": "B",
        "RINOBJECTNUMMER": "0" * 31 + "7",
    }
    rows = max(len(value) if isinstance(value, list) else 1 for value in [*changes.values(), ""]) or 1
    return pl.DataFrame(
        {name: value if isinstance(value, list) else [value] * rows for name, value in (row | changes).items()},
        strict=False,
    )


def checked(batch):
    """The typed columns of an address batch, and beside them the rules each row breaks."""
    cleaned = clean(batch, ADDRESSES)
    typed = decode(cleaned, ADDRESSES)
    return pl.concat([typed, broken_rules(cleaned, typed, ADDRESSES)], how="horizontal")


def test_dates_become_half_open_and_the_open_code_becomes_null():
    found = checked(raw(GBADATUMEINDEADRESHOUDING=["20031231", "20501231", "88888888"]))
    assert found["start_date"].unique().to_list() == [dt.date(2001, 1, 1)]
    assert found["end_date"].to_list() == [dt.date(2004, 1, 1), None, None]
    assert found.select(rules_of(ADDRESSES)).sum().row(0) == (0,) * len(rules_of(ADDRESSES))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"RINPERSOONS": "S"}, "person_not_in_brp"),
        ({"RINPERSOONS": ""}, "person_not_in_brp"),
        ({"RINPERSOON": "---------"}, "key_missing"),
        ({"RINPERSOON": "9999999999"}, "key_missing"),
        ({"GBADATUMAANVANGADRESHOUDING": "20010231"}, "date_unreadable"),
        ({"GBADATUMAANVANGADRESHOUDING": "--------"}, "date_unreadable"),
        ({"GBADATUMEINDEADRESHOUDING": "2003"}, "date_unreadable"),
        ({"GBADATUMEINDEADRESHOUDING": "20001231"}, "end_before_start"),
        ({"RINOBJECTNUMMER": " "}, "key_missing"),
        ({"SOORTOBJECTNUMMER": "Q"}, "code_unknown"),
    ],
)
def test_a_bad_value_breaks_its_rule(change, rule):
    found = checked(raw(**change))
    assert [name for name in rules_of(ADDRESSES) if found[name][0]] == [rule]


@pytest.mark.parametrize("person", ["000000012", "12", " 12", 12, 12.0])
def test_a_person_number_is_the_same_as_text_and_as_number_with_or_without_zeros(person):
    assert decode(clean(raw(RINPERSOON=person), ADDRESSES), ADDRESSES)["person"].to_list() == [12]


def test_a_percentile_keeps_its_value_and_negative_codes_are_none():
    stored = pl.DataFrame(
        {
            "RINPERSOONSHKW": "R",
            "RINPERSOONHKW": "000000001",
            "INHP100HGEST": [1.0, 100.0, -1.0, -2.0, None],
            "INHPOPIIV": "1",
        }
    )
    assert decode(clean(stored, INCOME), INCOME)["percentile"].to_list() == [1, 100, None, None, None]


def test_the_number_of_ten_nines_is_read_whole():
    column = next(column for column in INCOME.columns if column.name == "INHBESTINKH")
    assert (
        pl.DataFrame({"x": [9999999999.0]}).select(pl.col("x").cast(pl.String).str.replace(r"\.0+$", "")).item()
        in column.missing
    )


def write(frame, path, **options):
    pyreadstat.write_sav(frame, str(path), **options)
    return path


def read(path, names, also=()):
    columns = [Column(name, "A9", name.lower(), "text", "meaning", "source", also=also) for name in names]
    return pl.concat(list(read_batches(path, columns)))


@pytest.mark.parametrize("options", [{}, {"row_compress": True}, {"compress": True}])
def test_an_spss_file_is_read_the_same_however_it_is_compressed(tmp_path, options):
    frame = pl.DataFrame({"NUMBER": [1.0, 250.5, None], "text": ["a", " b", ""]})
    path = write(frame, tmp_path / "x.sav", **options)
    found = read(path, ["number", "TEXT"])
    assert found["number"].to_list() == [1.0, 250.5, None]
    assert found["TEXT"].fill_null("").to_list() == ["a", " b", ""]


def test_a_file_whose_header_does_not_know_the_number_of_rows_is_read_all_the_same(tmp_path):
    frame = pl.DataFrame({"NUMBER": [1.0, 2.0, 3.0]})
    path = write(frame, tmp_path / "x.sav")
    content = bytearray(path.read_bytes())
    content[80:84] = struct.pack("<i", -1)
    path.write_bytes(content)
    assert read(path, ["NUMBER"])["NUMBER"].to_list() == [1.0, 2.0, 3.0]


def test_a_file_that_is_cut_short_is_refused_with_a_sentence(tmp_path):
    path = write(pl.DataFrame({"NUMBER": [float(n) for n in range(5000)]}), tmp_path / "x.sav")
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(DataError, match=r"x\.sav: .* copy it again") as refused:
        read(path, ["NUMBER"])
    assert refused.value.__context__ is None


def test_a_header_that_would_shift_every_number_is_refused(tmp_path):
    """SPSS stores small numbers as one byte plus a bias of 100; with another bias in the header readers return other numbers."""
    path = write(pl.DataFrame({"NUMBER": [1.0, 2.0]}), tmp_path / "x.sav", row_compress=True)
    content = bytearray(path.read_bytes())
    content[84:92] = struct.pack("<d", 3e-67)
    path.write_bytes(content)
    with pytest.raises(DataError, match="header"):
        read(path, ["NUMBER"])


def test_a_file_that_is_no_register_file_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "x.sav"
    path.write_bytes(b"this is no SPSS file" * 50)
    with pytest.raises(DataError, match="cannot be read"):
        column_names(path)


def test_a_column_is_found_by_another_name_it_has_in_other_years(tmp_path):
    path = write(pl.DataFrame({"OldName": ["a"]}), tmp_path / "x.sav")
    assert read(path, ["NEWNAME"], also=("OLDNAME",))["NEWNAME"].to_list() == ["a"]


def test_a_missing_column_is_named_without_quoting_data(tmp_path):
    path = write(pl.DataFrame({"NUMBER": [123456789.0]}), tmp_path / "x.sav")
    with pytest.raises(DataError, match="no column OTHER") as refused:
        read(path, ["OTHER"])
    assert "123456789" not in str(refused.value)


def test_rows_read_are_rows_kept_plus_rows_set_apart(tmp_path):
    rows = raw(
        RINPERSOON=["000000001", "000000002", "---------", "000000004"],
        GBADATUMEINDEADRESHOUDING=["20031231", "20001231", "20001231", "20501231"],
    )
    path = write(rows, tmp_path / "GBAADRESOBJECT2023BUSV1.sav")
    counts, _ = ingest_file(
        ADDRESSES, parse_name(ADDRESSES, path), 2023, RULES, tmp_path / "kept", tmp_path / "refused"
    )
    assert (counts.read, counts.kept, counts.quarantined) == (4, 2, {"end_before_start": 1, "key_missing": 1})
    refused = pl.read_parquet(tmp_path / "refused" / "*.parquet")
    assert refused["rule"].sort().to_list() == ["end_before_start", "key_missing"]


def test_a_file_without_rows_is_a_table_all_the_same(tmp_path):
    path = write(raw().clear(), tmp_path / "GBAADRESOBJECT2023BUSV1.sav")
    counts, _ = ingest_file(
        ADDRESSES, parse_name(ADDRESSES, path), 2023, RULES, tmp_path / "kept", tmp_path / "refused"
    )
    assert (counts.read, counts.kept) == (0, 0)
    assert pl.read_parquet(tmp_path / "kept" / "*.parquet").columns == [
        str(c.canonical) for c in ADDRESSES.used_columns if c.canonical != "person_type"
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_conversion_to_csv_is_read_in_its_variants(tmp_path, separator):
    """Another separator, Latin-1 in a name, leading zeros lost."""
    names = [
        "RINPERSOONS",
        "RINPERSOON",
        "NAAM",
        "GBADATUMAANVANGADRESHOUDING",
        "GBADATUMEINDEADRESHOUDING",
        "SOORTOBJECTNUMMER",
        "RINOBJECTNUMMER",
    ]
    row = ["R", "12", "caf\xe9", "20010101", "20501231", "B", "7"]
    path = tmp_path / "GBAADRESOBJECT2023BUSV1.csv"
    path.write_bytes("\n".join([separator.join(names), separator.join(row), ""]).encode("latin-1"))
    counts, _ = ingest_file(
        ADDRESSES, parse_name(ADDRESSES, path), 2023, RULES, tmp_path / "kept", tmp_path / "refused"
    )
    assert counts.quarantined == {}
    assert pl.read_parquet(tmp_path / "kept" / "*.parquet")["person"].to_list() == [12]


def test_a_rule_that_stops_ends_reading_with_a_count_and_what_to_do(tmp_path):
    path = write(raw(GBADATUMEINDEADRESHOUDING="20001231"), tmp_path / "GBAADRESOBJECT2023BUSV1.sav")
    with pytest.raises(DataError, match=r"end_before_start in 1 rows .* Set it to quarantine"):
        ingest_file(
            ADDRESSES,
            parse_name(ADDRESSES, path),
            2023,
            RULES | {"end_before_start": "stop"},
            tmp_path / "k",
            tmp_path / "r",
        )
