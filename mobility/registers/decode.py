"""From what a file stores to typed canonical columns, and the rule each refused row broke."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from mobility.registers.dictionary import Column, Register

PERSON_KNOWN_IN_BRP = "R"
_LARGEST_PERSON = 999_999_999
_DATE_DIGITS = 8


def decode(batch: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Typed canonical columns of one batch, and which rules each row breaks.

    One row per row of `batch`, in order: the canonical columns of the dictionary and a boolean column for every rule of
    `rules_of(register)`. Nothing is repaired: text that is no date or number becomes null and its row breaks a rule.
    """
    typed = batch.select(
        *(_DECODERS[column.type](column).alias(str(column.canonical)) for column in register.used_columns),
        *(broken.alias(rule) for rule, broken in _column_rules(register).items()),
    )
    return typed.with_columns(broken.alias(rule) for rule, broken in _row_rules(register).items())


def rules_of(register: Register) -> list[str]:
    """Names of the rules `decode` applies to a row of this register, in a fixed order."""
    return [*_column_rules(register), *_row_rules(register)]


def _column_rules(register: Register) -> dict[str, pl.Expr]:
    """Rules a single column can break, as expressions over the stored columns."""
    broken: dict[str, list[pl.Expr]] = {}
    for column in register.used_columns:
        for rule, expression in _rules(column).items():
            broken.setdefault(rule, []).append(expression.fill_null(False))
    return {rule: pl.any_horizontal(expressions) for rule, expressions in sorted(broken.items())}


def _row_rules(register: Register) -> dict[str, pl.Expr]:
    """Rules about a row, as expressions over the typed columns."""
    names = {column.canonical for column in register.used_columns}
    rules: dict[str, pl.Expr] = {}
    if {"start_date", "end_date"} <= names:
        rules["end_before_start"] = (pl.col("end_date") <= pl.col("start_date")).fill_null(False)
    if "person_type" in names:
        rules["person_not_in_brp"] = pl.col("person_type").ne_missing(PERSON_KNOWN_IN_BRP)
    return rules


def _text(column: Column) -> pl.Expr:
    """The stored value as text without padding; whole numbers without a decimal point."""
    stored = pl.col(column.name)
    if column.is_text and column.type != "person":
        return stored.cast(pl.String).str.strip_chars()
    # A number in one year is text in another: both are written the same way here.
    return stored.cast(pl.String).str.strip_chars().str.replace(r"\.0+$", "")


def _value(column: Column) -> pl.Expr:
    text = _text(column)
    return pl.when(text.is_in(["", *column.missing]) | text.str.contains(r"^-+$")).then(None).otherwise(text)


def _decode_text(column: Column) -> pl.Expr:
    value = _value(column)
    if column.zero_fill:
        value = value.str.zfill(column.zero_fill)
    if column.becomes:
        value = value.replace_strict(dict(column.becomes), default=None, return_dtype=pl.String)
    return value


def _decode_integer(column: Column) -> pl.Expr:
    return _value(column).cast(pl.Int64, strict=False) + column.plus


def _decode_person(column: Column) -> pl.Expr:
    number = _value(column).cast(pl.Int64, strict=False)
    return pl.when(number.is_between(0, _LARGEST_PERSON)).then(number).cast(pl.UInt32)


def _decode_first_day(column: Column) -> pl.Expr:
    return _date(_value(column))


def _decode_last_day(column: Column) -> pl.Expr:
    """The first day after it; null when still open."""
    closed = pl.when(_value(column).is_in(list(column.open)).not_()).then(_value(column))
    return _date(closed).dt.offset_by("1d")


def _date(text: pl.Expr) -> pl.Expr:
    """Eight digits as a date; null for anything else. polars itself would take 2019101 for the first of October."""
    eight_digits = pl.when(text.str.len_bytes() == _DATE_DIGITS, text.str.contains(r"^[0-9]*$")).then(text)
    return eight_digits.str.to_date("%Y%m%d", strict=False)


_DECODERS: dict[str, Callable[[Column], pl.Expr]] = {
    "text": _decode_text,
    "integer": _decode_integer,
    "person": _decode_person,
    "first_day": _decode_first_day,
    "last_day": _decode_last_day,
}


_KEYS = ("object_type", "object_number", "household_number", "payer_type")


def _rules(column: Column) -> dict[str, pl.Expr]:
    """The rules a column can break by itself, and when it does."""
    value, decoded = _value(column), _DECODERS[column.type](column)
    rules: dict[str, pl.Expr] = {}
    if column.type == "first_day":
        rules["date_unreadable"] = decoded.is_null()
    if column.type == "last_day":
        rules["date_unreadable"] = decoded.is_null() & value.is_in(list(column.open)).fill_null(False).not_()
    if column.type == "person" or column.canonical in _KEYS:
        rules["key_missing"] = decoded.is_null()
    if column.type == "integer":
        rules["number_unreadable"] = decoded.is_null() & value.is_not_null()
    if column.codes and column.canonical != "person_type":
        rules["code_unknown"] = value.is_in([code for code, _ in column.codes]).not_() & value.is_not_null()
    return rules
