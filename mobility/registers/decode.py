"""From what a file stores to typed canonical columns, and the rule each refused row broke."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.registers.dictionary import Column, Register

PERSON_KNOWN_IN_BRP = "R"
_LARGEST_PERSON = 999_999_999
_DATE_DIGITS = 8
_KEYS = ("person", "object_type", "object_number", "household_number", "payer_type", "payer")
_GEMEENTE_DIGITS, _WIJK_DIGITS = 4, 6
_SHORT = 4  # bytes: columns so narrow hold few different values
_CALENDAR = (1800, 2199)  # years of which dates are looked up; a column with any other is read value by value
_MONTHS, _DAYS = 12, 31
_NO_DAY = -(2**31)
_IS_DAY = re.compile(r"[1-9]\d{7}")


def clean(batch: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Stored values as text, by the names of the file.

    One row per row of `batch`, in order: without padding, whole numbers without a decimal point, null for every code of absence.
    """
    return pl.DataFrame([_clean(batch[column.name], column) for column in register.used_columns])


def decode(cleaned: pl.DataFrame, register: Register) -> pl.DataFrame:
    """What `clean` gives as typed columns with canonical names.

    Nothing is repaired: text that is no date or number becomes null and its row breaks a rule; see `broken_rules`.
    """
    decoded = ((column, _DECODERS[column.type](column, cleaned[column.name])) for column in register.used_columns)
    return pl.DataFrame([values.alias(str(column.canonical)) for column, values in decoded])


def without_impossible(typed: pl.DataFrame, register: Register) -> pl.DataFrame:
    """The table with no value where `decode` gave a number outside the range of its dictionary (rule `out_of_range`).

    A number that cannot be is no number: it would otherwise be taken for a class, an age or a place.
    """
    ranged = [column for column in register.used_columns if column.type == "integer" and _is_ranged(column)]
    return typed.with_columns(pl.when(_outside(column).not_()).then(pl.col(str(column.canonical))) for column in ranged)


def broken_rules(cleaned: pl.DataFrame, typed: pl.DataFrame, register: Register) -> pl.DataFrame:
    """One boolean column per rule of `rules_of(register)`: whether the row breaks it.

    Args:
        cleaned: of `clean`.
        typed: of `decode`.
        register: its dictionary.
    """
    rules = _rules(register)
    return pl.concat([cleaned.rename(_stored_name), typed], how="horizontal").select(
        pl.any_horizontal(expression.fill_null(False) for expression in expressions).alias(rule)
        for rule, expressions in rules.items()
    )


def rules_of(register: Register) -> list[str]:
    """Names of the rules that a row of this register can break by itself, in a fixed order."""
    return list(_rules(register))


def _stored_name(name: str) -> str:
    return f"stored {name}"


def _clean(stored: pl.Series, column: Column) -> pl.Series:
    """One column as text, null where there is no value.

    Almost every value is clean as it stands, and hundreds of millions pass here: only columns in which some value is not are
    worked through, and those with few different values once per value.
    """
    if column.codes or column.width <= _SHORT:
        return _once_per_value(stored, lambda values: _without_absence(_as_text(values), column))
    text = _as_text(stored)
    if column.type in ("first_day", "last_day"):
        if not column.missing and _eight_digits(text).null_count() == text.null_count():
            return text
        return _once_per_value(text, lambda values: _without_absence(values, column))
    if (
        column.type == "person" and column.canonical in _KEYS
    ):  # anything but digits is looked at when it does not decode
        return text
    return _without_absence(text, column) if _is_untidy(text, column) else text


def _as_text(stored: pl.Series) -> pl.Series:
    if stored.dtype == pl.String:
        return stored
    if stored.dtype.is_float():
        # A number in one year is text in another: both are written the same way here.
        whole = (stored == stored.floor()) & stored.is_between(-(2**53), 2**53)
        if whole.all():
            return stored.cast(pl.Int64).cast(pl.String)
        numbers = pl.select(pl.when(whole).then(stored.cast(pl.Int64, strict=False)).cast(pl.String))
        return numbers.to_series().fill_null(stored.cast(pl.String)).alias(stored.name)
    return stored.cast(pl.String)


def _once_per_value(values: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`change` applied to every different value once."""
    distinct = values.unique()
    changed = change(distinct)
    if distinct.is_empty():
        return changed
    if changed.dtype == distinct.dtype and changed.equals(distinct, check_names=False, null_equal=True):
        return values
    return values.replace_strict(distinct, changed, return_dtype=changed.dtype)


def _is_untidy(text: pl.Series, column: Column) -> bool:
    """Whether some value is padded, blank, of dashes, a code of absence or, in a column of numbers, has a decimal point."""
    untidy = text.str.starts_with(" ") | text.str.ends_with(" ") | text.str.starts_with("-") | (text == "")
    if column.missing:
        untidy |= text.is_in(list(column.missing))
    if not column.is_text:
        untidy |= text.str.contains(".", literal=True)
    return bool(untidy.any())


def _without_absence(text: pl.Series, column: Column) -> pl.Series:
    text = text.str.strip_chars(" ")
    if not column.is_text or column.type == "person":
        text = text.str.replace(r"\.0+$", "")
    is_absent = text.str.strip_chars_start("-") == ""  # blank, or dashes as wide as the field
    if column.missing:
        is_absent |= text.is_in(list(column.missing))
    return text.set(is_absent.fill_null(True), None)


def _decode_text(column: Column, value: pl.Series) -> pl.Series:
    if column.zero_fill and bool((value.str.len_bytes() < column.zero_fill).any()):
        value = value.str.zfill(column.zero_fill)
    if column.becomes:
        value = value.replace_strict(dict(column.becomes), default=None, return_dtype=pl.String)
    return value


def _decode_integer(column: Column, value: pl.Series) -> pl.Series:
    return value.cast(pl.Int64, strict=False) + column.plus


def _decode_person(column: Column, value: pl.Series) -> pl.Series:
    number = value.cast(pl.Int64, strict=False)
    if number.null_count():
        number = _without_absence(value, column).cast(pl.Int64, strict=False)
    return number.set(~number.is_between(0, _LARGEST_PERSON), None).cast(pl.UInt32)


def _decode_first_day(column: Column, value: pl.Series) -> pl.Series:  # noqa: ARG001 - same form for every type
    return _dates(value)


def _decode_last_day(column: Column, value: pl.Series) -> pl.Series:
    """The first day after it; null when still open."""
    days = _dates(value, column.open)
    return (days.to_physical() + 1).cast(pl.Date)


def _is_ranged(column: Column) -> bool:
    return column.least is not None or column.most is not None


def _outside(column: Column) -> pl.Expr:
    """Whether a typed number lies outside the range of its column, which the dictionary gives as the file stores it."""
    value = pl.col(str(column.canonical))
    below = value < column.least + column.plus if column.least is not None else pl.lit(False)
    above = value > column.most + column.plus if column.most is not None else pl.lit(False)
    return below | above


def _dates(text: pl.Series, besides: tuple[str, ...] = ()) -> pl.Series:
    """Eight digits as a date; null for anything else, and for codes that are no day. polars would take 2019101 for 1 October."""
    number = _eight_digits(text)
    if besides:
        number = number.set(number.is_in([int(code) for code in besides if _IS_DAY.fullmatch(code)]), None)
    least, most = number.min(), number.max()
    if not (isinstance(least, int) and isinstance(most, int)):
        return number.cast(pl.Date)  # not one
    if least // 10_000 < _CALENDAR[0] or most // 10_000 > _CALENDAR[1]:
        return _once_per_value(number, lambda values: values.cast(pl.String).str.to_date("%Y%m%d", strict=False))
    numbers = number.fill_null(10_000 * _CALENDAR[0]).to_numpy()  # no day: of month 0
    months = numbers // 100
    years = months // 100
    month, day = months - 100 * years, numbers - 100 * months
    is_day = (month <= _MONTHS) & (day <= _DAYS)
    place = ((years - _CALENDAR[0]) * (_MONTHS + 1) + month) * (_DAYS + 1) + day
    days = pl.Series(text.name, _calendar()[np.where(is_day, place, 0)])
    return days.set(days == _NO_DAY, None).cast(pl.Date)


def _eight_digits(text: pl.Series) -> pl.Series:
    """The number, where the text is one of eight digits."""
    # A number of eight digits that is written with eight characters has no sign and no blank.
    number = text.cast(pl.Int32, strict=False)
    return number.set((text.str.len_bytes() != _DATE_DIGITS) | ~number.is_between(10**7, 10**8), None)


@cache
def _calendar() -> npt.NDArray[np.int32]:
    """Day since 1970 by year, month and day of the month, each from 0 on; `_NO_DAY` where there is no such day."""
    first, last = (dt.date(year, month, day) for year, month, day in ((_CALENDAR[0], 1, 1), (_CALENDAR[1], 12, 31)))
    days = pl.date_range(first, last, eager=True)
    place = ((days.dt.year() - _CALENDAR[0]) * (_MONTHS + 1) + days.dt.month()) * (_DAYS + 1) + days.dt.day()
    table = np.full((_CALENDAR[1] - _CALENDAR[0] + 1) * (_MONTHS + 1) * (_DAYS + 1), _NO_DAY, np.int32)
    table[place.to_numpy()] = days.to_physical().to_numpy()
    return table


_DECODERS: dict[str, Callable[[Column, pl.Series], pl.Series]] = {
    "text": _decode_text,
    "integer": _decode_integer,
    "person": _decode_person,
    "first_day": _decode_first_day,
    "last_day": _decode_last_day,
}


def _rules(register: Register) -> dict[str, list[pl.Expr]]:
    """Rule to the expressions any of which says that it is broken, over stored and typed columns."""
    broken: dict[str, list[pl.Expr]] = {}
    for column in register.used_columns:
        for rule, expression in _column_rules(column).items():
            broken.setdefault(rule, []).append(expression)
    return dict(sorted(broken.items())) | _row_rules({str(column.canonical) for column in register.used_columns})


def _column_rules(column: Column) -> dict[str, pl.Expr]:
    """The rules a column can break by itself, and when it does."""
    value, decoded = pl.col(_stored_name(column.name)), pl.col(str(column.canonical))
    rules: dict[str, pl.Expr] = {}
    if column.type == "first_day":
        rules["date_unreadable"] = decoded.is_null()
    if column.type == "last_day":
        rules["date_unreadable"] = decoded.is_null() & value.is_in(list(column.open)).fill_null(False).not_()
    if column.canonical in _KEYS:
        rules["key_missing"] = decoded.is_null()
    elif column.type in ("integer", "person"):
        rules["number_unreadable"] = decoded.is_null() & value.is_not_null()
    if column.type == "integer" and _is_ranged(column):
        rules["out_of_range"] = _outside(column)
    if column.codes and column.canonical != "person_type":
        rules["code_unknown"] = value.is_in([code for code, _ in column.codes]).not_() & value.is_not_null()
    return rules


def _row_rules(names: set[str]) -> dict[str, list[pl.Expr]]:
    """Rules about a row, over the typed columns."""
    rules: dict[str, list[pl.Expr]] = {}
    if {"start_date", "end_date"} <= names:
        rules["end_before_start"] = [pl.col("end_date") <= pl.col("start_date")]
    if "person_type" in names:
        rules["person_not_in_brp"] = [pl.col("person_type").ne_missing(PERSON_KNOWN_IN_BRP)]
    if {"gemeente", "wijk", "buurt"} <= names:
        rules["areas_disagree"] = [
            pl.col("wijk").str.head(_GEMEENTE_DIGITS) != pl.col("gemeente"),
            pl.col("buurt").str.head(_WIJK_DIGITS) != pl.col("wijk"),
        ]
    return rules
