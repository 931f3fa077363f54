"""Tables with other columns, other types, too many rows or too few, and values that cannot be."""

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.faults.country import BAD_DAY, date_columns, key_columns
from tests.faults.kinds import ALL_FORMS, has_days, has_numbers, kind, some

# ---- Other columns, other types ----------------------------------------------------------------------------


@kind(*ALL_FORMS)
def column_renamed(target, chance):
    target.write(target.table.rename({chance.choice(target.used()): "ANDERSNAAM"}))


@kind(*ALL_FORMS)
def column_missing(target, chance):
    target.write(target.table.drop(chance.choice(target.used())))


@kind(*ALL_FORMS, fits=has_numbers)
def text_where_a_number_belongs(target, chance):
    name = chance.choice([*target.used(pl.Float64), *target.used(pl.Int64)])
    bad = some(target.table, chance.choice([0.02, 0.5]), chance)
    text = pl.when(bad).then(pl.lit("CANARY 7")).otherwise(pl.col(name).cast(pl.String))
    target.write(target.table.with_columns(text.alias(name)))
    return target.table.height


@kind(*ALL_FORMS)
def number_where_text_belongs(target, chance):
    """Digits as a number: leading zeros are lost; what is no number is lost whole."""
    name = chance.choice(target.used(pl.String))
    target.write(target.table.with_columns(pl.col(name).cast(pl.Float64, strict=False)))
    return target.table.height


@kind("parquet")
def types_that_no_register_has(target, chance):
    """Lists, booleans, moments, bytes: whatever Parquet can hold."""
    name = chance.choice(target.used())
    rows = target.table.height
    values = chance.choice([
        pl.Series([[BAD_DAY]] * rows),
        pl.Series([{"a": BAD_DAY}] * rows),
        pl.Series([True] * rows),
        pl.Series([b"CANARY\xff"] * rows),
        pl.Series([None] * rows, dtype=pl.Null),
        pl.Series(["2020-01-01"] * rows).str.to_datetime("%Y-%m-%d"),
    ])  # fmt: skip
    target.write(target.table.with_columns(values.alias(name)))
    return rows


@kind(*ALL_FORMS)
def column_twice_in_other_case(target, chance):
    name = chance.choice(target.used())
    target.write(target.table.with_columns(pl.lit(BAD_DAY).alias(name.swapcase())))


@kind(*ALL_FORMS)
def column_truly_twice(target, chance):
    name = chance.choice(target.used())
    if target.form == "parquet":
        target.path.unlink()
        table = target.table.to_arrow()
        pq.write_table(table.append_column(name, pa.array([BAD_DAY] * target.table.height)), target.place)
        return
    almost = name[:-1] + "Q"
    target.write(target.table.with_columns(pl.lit(BAD_DAY).alias(almost)))
    target.place.write_bytes(target.place.read_bytes().replace(almost.encode(), name.encode()))


# ---- Too little, too much ----------------------------------------------------------------------------------


@kind(*ALL_FORMS)
def no_bytes(target, chance):
    target.change(lambda _content: b"")


@kind(*ALL_FORMS)
def no_rows(target, chance):
    target.write(target.table.clear())
    return 0


@kind(*ALL_FORMS)
def ten_times_too_many_rows(target, chance):
    target.write(pl.concat([target.table] * 10))
    return 10 * target.table.height


# ---- Values that cannot be ---------------------------------------------------------------------------------


def _other_days(target, chance, values):
    name, share = chance.choice(date_columns(target.register, target.table)), chance.choice([0.02, 1.0])
    other = pl.Series([chance.choice(values) for _ in range(target.table.height)])
    changed = pl.when(some(target.table, share, chance)).then(other).otherwise(pl.col(name))
    target.write(target.table.with_columns(changed.alias(name)))
    return target.table.height


@kind(*ALL_FORMS, fits=has_days)
def dates_in_2999(target, chance):
    return _other_days(target, chance, ["29990101", "29991231"])


@kind(*ALL_FORMS, fits=has_days)
def impossible_dates(target, chance):
    return _other_days(
        target,
        chance,
        ["20230231", "00000000", "20231301", "99999999", "2023-01-31", "31012023", "1", BAD_DAY, "-5", ""],
    )


@kind(*ALL_FORMS)
def keys_shuffled(target, chance):
    """The numbers of persons, objects or households belong to other rows, or are those of another column."""
    columns = list(key_columns(target.table))
    name = chance.choice(columns)
    values = target.table[chance.choice(columns)].to_list()
    chance.shuffle(values)
    target.write(target.table.with_columns(pl.Series(name, [value[: len(target.table[name][0])] for value in values])))
    return target.table.height
