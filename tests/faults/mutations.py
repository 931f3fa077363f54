"""The ways in which a register file is spoiled; each is the same whenever the seed is the same.

A mutation writes the spoiled file in place of the sound one. Where it leaves every row to be read, it tells how many there are:
a program that ends well must then have counted them all.
"""

import io
import shutil
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.faults.country import BAD_DAY, FORMS, date_columns, key_columns, used_columns, write_table

SPSS = ("sav", "sav plain", "zsav")
FILES = (*SPSS, "dta", "csv", "parquet")


@dataclass
class Target:
    """The file to spoil.

    Attributes:
        register: its register.
        table: what it holds.
        formats: SPSS formats of its columns.
        form: in which form it is to be written.
        path: the sound file; it goes, and the spoiled one comes beside it.
        stranger: a file of another register.
    """

    register: str
    table: pl.DataFrame
    formats: dict[str, str]
    form: str
    path: Path
    stranger: Path

    @property
    def place(self):
        return self.path.with_suffix(FORMS[self.form])

    def write(self, table=None):
        self.path.unlink(missing_ok=True)
        write_table(self.table if table is None else table, self.place, self.form, self.formats)
        return self.place

    def change(self, change):
        """Write it whole, then change its bytes."""
        place = self.write()
        place.write_bytes(change(place.read_bytes()))

    def used(self, kind=None):
        """Columns a study uses, of one type if asked."""
        names = used_columns(self.register, self.table)
        return [name for name in names if kind is None or self.table.schema[name] == kind]


@dataclass(frozen=True)
class Kind:
    """One way to spoil a file: its name, the forms and registers it fits, what it does given the file and a source of chance."""

    name: str
    forms: tuple[str, ...]
    fits: Callable
    spoil: Callable


KINDS: dict[str, Kind] = {}


def kind(*forms, fits=lambda _register: True):
    def known(spoil):
        KINDS[spoil.__name__] = Kind(spoil.__name__, forms, fits, spoil)
        return spoil

    return known


def has_numbers(register):
    return any(not column.is_text for column in register.used_columns)


def has_days(register):
    return any(column.type in ("first_day", "last_day") for column in register.used_columns)


def some(table, share, chance):
    """A column that is true for a share of the rows, at least one."""
    picked = set(chance.sample(range(table.height), max(1, round(share * table.height))))
    return pl.Series("some", [row in picked for row in range(table.height)], dtype=pl.Boolean)


def flipped(content, first, last, chance, most=8):
    """One to `most` bits between two places turned round."""
    bits = bytearray(content)
    for _ in range(chance.randint(1, most)):
        bits[chance.randrange(first, max(last, first + 1))] ^= 1 << chance.randrange(8)
    return bytes(bits)


def parts(content, form):
    """Where the parts of a file begin that say what it is, which columns it has and what its rows are; and its end."""
    if form in SPSS:
        return 0, 176, content.index(struct.pack("<ii", 999, 0), 176) + 8, len(content)
    if form == "dta":
        return 0, 176, content.index(b"<data>"), content.index(b"</data>")
    if form == "csv":
        return 0, 0, content.index(b"\n") + 1, len(content)
    return 0, len(content) - 8 - struct.unpack("<i", content[-8:-4])[0], 4, len(content) - 8


# ---- Cut short and turned round ----------------------------------------------------------------------------


@kind(*FILES)
def truncated(target, chance):
    target.change(lambda content: content[: chance.randrange(200, len(content) - 1)])


@kind(*FILES)
def truncated_in_the_header(target, chance):
    target.change(lambda content: content[: chance.randrange(1, 200)])


@kind(*FILES)
def bits_of_the_header(target, chance):
    target.change(lambda content: flipped(content, 0, 4 if target.form == "parquet" else 176, chance))


@kind(*FILES)
def bits_of_the_dictionary(target, chance):
    def change(content):
        _, dictionary, data, end = parts(content, target.form)
        return flipped(content, dictionary, end if target.form == "parquet" else data, chance)

    target.change(change)


@kind(*FILES)
def bits_of_the_data(target, chance):
    def change(content):
        _, dictionary, data, end = parts(content, target.form)
        return flipped(content, data, dictionary if target.form == "parquet" else end, chance, 40)

    target.change(change)


# ---- Other columns, other types ----------------------------------------------------------------------------


@kind(*FILES)
def column_renamed(target, chance):
    target.write(target.table.rename({chance.choice(target.used()): "ANDERSNAAM"}))


@kind(*FILES)
def column_missing(target, chance):
    target.write(target.table.drop(chance.choice(target.used())))


@kind(*FILES, fits=has_numbers)
def text_where_a_number_belongs(target, chance):
    name = chance.choice([*target.used(pl.Float64), *target.used(pl.Int64)])
    bad = some(target.table, chance.choice([0.02, 0.5]), chance)
    text = pl.when(bad).then(pl.lit("CANARY 7")).otherwise(pl.col(name).cast(pl.String))
    target.write(target.table.with_columns(text.alias(name)))
    return target.table.height


@kind(*FILES)
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


@kind(*FILES)
def column_twice_in_other_case(target, chance):
    name = chance.choice(target.used())
    target.write(target.table.with_columns(pl.lit(BAD_DAY).alias(name.swapcase())))


@kind(*FILES)
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


@kind(*FILES)
def no_bytes(target, chance):
    target.change(lambda _content: b"")


@kind(*FILES)
def no_rows(target, chance):
    target.write(target.table.clear())
    return 0


@kind(*FILES)
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


@kind(*FILES, fits=has_days)
def dates_in_2999(target, chance):
    return _other_days(target, chance, ["29990101", "29991231"])


@kind(*FILES, fits=has_days)
def impossible_dates(target, chance):
    return _other_days(
        target,
        chance,
        ["20230231", "00000000", "20231301", "99999999", "2023-01-31", "31012023", "1", BAD_DAY, "-5", ""],
    )


@kind(*FILES)
def keys_shuffled(target, chance):
    """The numbers of persons, objects or households belong to other rows, or are those of another column."""
    columns = list(key_columns(target.table))
    name = chance.choice(columns)
    values = target.table[chance.choice(columns)].to_list()
    chance.shuffle(values)
    target.write(target.table.with_columns(pl.Series(name, [value[: len(target.table[name][0])] for value in values])))
    return target.table.height


# ---- CSV as people make it ---------------------------------------------------------------------------------


def _lines(target, change):
    target.change(lambda content: change(content.splitlines(keepends=True)))


@kind("csv")
def mixed_encodings(target, chance):
    """A word in Latin-1 in some rows and in UTF-8 in others, in a column of its own or in one that is read."""
    word = "geïmputeerd"
    own = chance.random() < 0.5
    name = "TOELICHTING" if own else chance.choice(target.used(pl.String))
    bad = some(target.table, 0.3 if own else 0.02, chance)
    before = pl.lit("") if own else pl.col(name)
    target.write(target.table.with_columns(pl.when(bad).then(pl.lit(word)).otherwise(before).alias(name)))
    pieces = target.place.read_bytes().split(word.encode())
    joints = [chance.choice([word.encode(), word.encode("latin-1")]) for _ in pieces[1:]] + [b""]
    target.place.write_bytes(b"".join(piece + joint for piece, joint in zip(pieces, joints, strict=True)))
    return target.table.height


@kind("csv")
def another_encoding(target, chance):
    encoding = chance.choice(["utf-16", "utf-8-sig", "utf-16-le", "cp037"])
    target.change(lambda content: content.decode().encode(encoding))


@kind("csv")
def another_separator(target, chance):
    """One that is not known, or another in the rows than in the names."""
    other = chance.choice([b"|", b" ", b":"]), chance.choice([b",", b"\t"])
    in_all = chance.random() < 0.5
    if in_all:
        target.change(lambda content: content.replace(b";", other[0]))
    else:
        _lines(target, lambda lines: lines[0] + b"".join(lines[1:]).replace(b";", other[1]))


@kind("csv")
def ragged_lines(target, chance):
    """Fields too few or too many in some lines."""

    def change(lines):
        for row in chance.sample(range(1, len(lines)), 5):
            text = lines[row].rstrip(b"\n")
            lines[row] = chance.choice([text.rpartition(b";")[0], text + b";CANARY", text + b";;;"]) + b"\n"
        return b"".join(lines)

    _lines(target, change)
    return target.table.height


@kind("csv")
def quotes_unbalanced(target, chance):
    """A quote that is not closed, or is closed many rows later; nothing in between may be swallowed."""

    def change(lines):
        for row in chance.sample(range(1, len(lines)), chance.choice([1, 2, 2])):
            fields = lines[row].split(b";")
            fields[chance.randrange(len(fields))] = chance.choice([b'"', b'"CANARY', b'CAN"ARY'])
            lines[row] = b";".join(fields).rstrip(b"\n") + b"\n"
        return b"".join(lines)

    _lines(target, change)
    return target.table.height


@kind("csv")
def without_a_line_of_names(target, chance):
    _lines(target, lambda lines: b"".join(lines[1:]))


@kind("csv")
def stray_bytes(target, chance):
    """NUL bytes, lone carriage returns and the end-of-file mark of old systems between the rows."""

    def change(lines):
        for row in chance.sample(range(1, len(lines)), 3):
            lines[row] = chance.choice([b"\0\0\0\n", b"\r", b"\x1a"]) + lines[row]
        return b"".join(lines)

    _lines(target, change)


# ---- Something else under this name ------------------------------------------------------------------------


@kind(*FILES)
def a_folder(target, chance):
    target.path.unlink()
    target.place.mkdir()
    (target.place / "CANARY.txt").write_text("CANARY", encoding="utf-8")


@kind(*FILES)
def a_text(target, chance):
    target.path.unlink()
    target.place.write_text(f"Beste collega,\nzie bijlage: {BAD_DAY};987600001\n" * 20, encoding="utf-8")


@kind(*FILES)
def an_archive(target, chance):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("CANARY.txt", BAD_DAY * 100)
    target.change(lambda _content: packed.getvalue())


@kind(*FILES)
def another_form(target, chance):
    """A Parquet file called .sav, an SPSS file called .csv, and so on."""
    endings = {
        ending for form, ending in FORMS.items() if FORMS[target.form] != ending and ending != target.path.suffix
    }
    target.write()
    target.place.rename(target.path.with_suffix(chance.choice(sorted(endings | {".sav"} - {FORMS[target.form]}))))


@kind("sav")
def another_register(target, chance):
    shutil.copyfile(target.stranger, target.path)


# ---- Fields of an SPSS header, pages of a Parquet file -----------------------------------------------------


@kind(*SPSS)
def cases_unknown(target, chance):
    target.change(lambda content: content[:80] + struct.pack("<i", -1) + content[84:])
    return target.table.height


@kind(*SPSS)
def cases_wrong(target, chance):
    rows = target.table.height
    wrong = chance.choice([0, 1, rows - 1, rows // 2, rows + 1, 10 * rows, 2**31 - 1, -2, -(2**31)])
    target.change(lambda content: content[:80] + struct.pack("<i", wrong) + content[84:])
    return rows


@kind(*SPSS)
def header_fields(target, chance):
    """Layout, number of columns, compression, weight, bias."""
    place, form, values = chance.choice([
        (64, "<i", [0, 1, 3, 2**24, -1]),
        (68, "<i", [0, 1, 2, 2**30, -1]),
        (72, "<i", [0, 1, 2, 3, -1]),
        (76, "<i", [1, 9999, -1]),
        (84, "<d", [0.0, 99.0, -1.0, float("nan"), 1e300]),
    ])  # fmt: skip
    field = struct.pack(form, chance.choice(values))
    target.change(lambda content: content[:place] + field + content[place + len(field) :])


@kind("parquet")
def a_damaged_footer(target, chance):
    length = chance.choice([0, 1, -1, 2**31 - 1, 100])
    tails = [struct.pack("<i", length) + b"PAR1", b"\0" * 8, b"\xff" * 300]
    target.change(lambda content: content[:-8] + chance.choice(tails))


@kind("parquet")
def blank_pages(target, chance):
    def change(content):
        start = chance.randrange(4, len(content) // 2)
        return content[:start] + b"\0" * 64 + content[start + 64 :]

    target.change(change)
