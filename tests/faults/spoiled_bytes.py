"""Files cut short, with bits turned round, or that are something else than their name says."""

import io
import shutil
import struct
import zipfile

from tests.faults.country import BAD_DAY, FORMS
from tests.faults.kinds import ALL_FORMS, SPSS, kind


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


def all_or_nothing(target):
    """Rows of a file that says how many there are: it is read whole or refused. CSV does not say it."""
    return None if target.form == "csv" else target.table.height


# ---- Cut short and turned round ----------------------------------------------------------------------------


@kind(*ALL_FORMS)
def truncated(target, chance):
    target.change(lambda content: content[: chance.randrange(200, len(content) - 1)])
    return all_or_nothing(target)


@kind(*ALL_FORMS)
def truncated_in_the_header(target, chance):
    target.change(lambda content: content[: chance.randrange(1, 200)])


@kind(*ALL_FORMS)
def bits_of_the_header(target, chance):
    target.change(lambda content: flipped(content, 0, 4 if target.form == "parquet" else 176, chance))
    return all_or_nothing(target)


@kind(*ALL_FORMS)
def bits_of_the_dictionary(target, chance):
    def change(content):
        _, dictionary, data, end = parts(content, target.form)
        return flipped(content, dictionary, end if target.form == "parquet" else data, chance)

    target.change(change)
    return all_or_nothing(target)


@kind(*ALL_FORMS)
def bits_of_the_data(target, chance):
    def change(content):
        _, dictionary, data, end = parts(content, target.form)
        return flipped(content, data, dictionary if target.form == "parquet" else end, chance, 40)

    target.change(change)
    return all_or_nothing(target)


# ---- Something else under this name ------------------------------------------------------------------------


@kind(*ALL_FORMS)
def a_folder(target, chance):
    target.path.unlink()
    target.place.mkdir()
    (target.place / "CANARY.txt").write_text("CANARY", encoding="utf-8")


@kind(*ALL_FORMS)
def a_text(target, chance):
    target.path.unlink()
    target.place.write_text(f"Beste collega,\nzie bijlage: {BAD_DAY};987600001\n" * 20, encoding="utf-8")


@kind(*ALL_FORMS)
def an_archive(target, chance):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("CANARY.txt", BAD_DAY * 100)
    target.change(lambda _content: packed.getvalue())


@kind(*ALL_FORMS)
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
