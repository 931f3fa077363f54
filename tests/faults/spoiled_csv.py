"""CSV files as people make them."""

import polars as pl

from tests.faults.kinds import kind, some


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
