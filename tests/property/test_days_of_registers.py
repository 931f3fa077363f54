"""Days and numbers of register files as they are stored, one value at a time; the program takes whole columns at once."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.registers.decode import clean, decode
from mobility.registers.dictionary import load_register

ADDRESSES, INCOME = (load_register(name) for name in ("GBAADRESOBJECTBUS", "INHATAB"))
START, END = "GBADATUMAANVANGADRESHOUDING", "GBADATUMEINDEADRESHOUDING"
OPEN = ("20501231", "88888888")

digits = st.text("0123456789", min_size=7, max_size=9)
days = st.dates(dt.date(1000, 1, 1), dt.date(9998, 12, 31)).map(lambda day: day.strftime("%Y%m%d").zfill(8))
usual = st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)).map(lambda day: day.strftime("%Y%m%d"))
nearly = usual.map(lambda text: text[:6] + "31") | usual.map(lambda text: text[:4] + "13" + text[6:])
stored = st.one_of(
    usual, usual, days, nearly, digits, st.sampled_from([*OPEN, "", "--------", " 2001010", "+2001010", None])
)
# Columns with usual years only are read in another way than those with others.
columns = st.lists(st.one_of(usual, nearly, st.sampled_from([*OPEN[:1], "", "00000000", None])), max_size=8) | st.lists(
    stored, max_size=8
)


def slow_day(text):
    """The day that eight digits name; None where they name none, or are not eight."""
    text = (text or "").strip(" ")
    if len(text) != len("YYYYMMDD") or not text.isdecimal():
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


@settings(max_examples=300, deadline=None)
@given(columns)
def test_a_column_of_days_is_read_as_each_of_them_is(texts):
    row = {"RINPERSOONS": "R", "RINPERSOON": "000000012", "SOORTOBJECTNUMMER": "B", "RINOBJECTNUMMER": "7" * 32}
    given_days = pl.Series(texts, dtype=pl.String)
    batch = pl.DataFrame({START: given_days, END: given_days}).with_columns(
        pl.lit(value).alias(name) for name, value in row.items()
    )
    found = decode(clean(batch, ADDRESSES), ADDRESSES)
    assert found["start_date"].to_list() == [slow_day(text) for text in texts]
    ends = [None if text in OPEN else slow_day(text) for text in texts]
    assert found["end_date"].to_list() == [end and end + dt.timedelta(days=1) for end in ends]


numbers = st.one_of(
    st.integers(-5, 120).map(float), st.sampled_from([None, float("nan"), float("inf"), 12.5, -0.0, 1e20])
)


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, max_size=8))
def test_a_column_of_numbers_is_read_as_each_of_them_is(values):
    row = {"RINPERSOONSHKW": "R", "RINPERSOONHKW": "000000001", "INHPOPIIV": "1"}
    batch = pl.DataFrame({"INHP100HGEST": pl.Series(values, dtype=pl.Float64)}).with_columns(
        pl.lit(value).alias(name) for name, value in row.items()
    )
    found = decode(clean(batch, INCOME), INCOME)["percentile"].to_list()

    def slow(value):
        is_whole = value is not None and value == value and abs(value) < 2**53 and value == int(value)
        return int(value) if is_whole and value not in (-1, -2, -3, -4) else None

    assert found == [slow(value) for value in values]
