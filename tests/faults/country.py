"""A tiny country in which every key can be recognised, and its files in every form that is read.

All persons are numbered 9876....., all objects and households are called CANARY...; a row that shows anywhere outside the
secure folders is seen, whichever row it is. Every register has one bad row more, besides the flaws of real files.
"""

import re
import shutil

import polars as pl
import pyreadstat

from mobility.registers.dictionary import load_register
from mobility.registers.find import LABEL_FILE, find_files
from mobility.settings import Synthetic
from mobility.synthetic import write_country

# What the study of the tests reads; of yearly registers a few years are enough.
FILES = (
    *(("GBAADRESOBJECTBUS", 2023), ("GBAPERSOONTAB", 2023), ("GBAOVERLIJDENTAB", 2023), ("GBAHUISHOUDENSBUS", 2023)),
    *(("VSLGWBTAB", 2023), ("NIETVSLGWBTAB", 2023), ("VSLCOORDTAB", 2023), ("LEVCYCLWOONNIETWOONBUS", 2023)),
    *(("EIGENDOMTAB", 2023), ("INHATAB", 2022), ("INHATAB", 2023)),
    *(("KOPPELPERSOONHUISHOUDEN", 2022), ("KOPPELPERSOONHUISHOUDEN", 2023)),
    *(("IHI", 2010), ("KOPPELTABEL_IPI_IHI_IVB", 2010)),
)
# SPSS with its rows plain, compressed and deflated; the other forms have one each.
FORMS = {"sav": ".sav", "sav plain": ".sav", "zsav": ".zsav", "dta": ".dta", "csv": ".csv", "parquet": ".parquet"}
BAD_DAY = "2019CANA"
TRACES = re.compile(r"cana|(?<!\w)9876\d{5}|987[., ]?6\d\d[., ]\d{3}", re.IGNORECASE)


def make_country(folder, raw):
    """Write the country to `folder` as SPSS files; `raw` receives what it is made from.

    Returns:
        `(register, year)` to the path of its file below the folder.
    """
    write_country(Synthetic(persons=1_000, seed=4, formats=("parquet",)), raw, lambda _name, _rows: None)
    found = {key: find_files(load_register(key[0]), raw, {})[key[1]].path for key in FILES}
    tables = {key: pl.read_parquet(path) for key, path in found.items()}
    _share_objects(tables)
    numbered = {prefix: _numbering(tables.values(), prefix) for prefix in _PREFIXES}
    paths = {}
    for key, table in tables.items():
        paths[key] = found[key].relative_to(raw).with_suffix(".sav")
        (folder / paths[key]).parent.mkdir(parents=True, exist_ok=True)
        write_table(_with_bad_row(key[0], _renumbered(table, numbered)), folder / paths[key], "sav", formats_of(key[0]))
    shutil.copy(raw / LABEL_FILE, folder / LABEL_FILE)
    return paths


def _share_objects(tables):
    """A tiny country has hardly an object outside VSLGWBTAB: every seventh is put there."""
    known, other = ("VSLGWBTAB", 2023), ("NIETVSLGWBTAB", 2023)
    is_seventh = pl.int_range(pl.len()) % 7 == 0
    tables[other] = pl.concat([tables[other], tables[known].filter(is_seventh)])
    tables[known] = tables[known].filter(~is_seventh)


_PREFIXES = {"RINPERSOON": "9876{:05d}", "RINOBJECTNUMMER": "CANARY{:026d}", "HUISHOUDNR": "CANARY{:06d}"}


def key_columns(table):
    """Columns that hold the number of a person, an object or a household, with their prefix."""
    return {
        name: prefix
        for name in table.columns
        for prefix in _PREFIXES
        if name.startswith(prefix) and not name.startswith("RINPERSOONS")
    }


def _numbering(tables, prefix):
    known = pl.concat(
        table[name].cast(pl.String).alias("known")
        for table in tables
        for name, column_prefix in key_columns(table).items()
        if column_prefix == prefix
    ).unique()
    known = known.sort()
    return dict(zip(known, [_PREFIXES[prefix].format(number) for number in range(len(known))], strict=True))


def _renumbered(table, numbered):
    return table.with_columns(
        pl.col(name).cast(pl.String).replace_strict(numbered[prefix]) for name, prefix in key_columns(table).items()
    )


def _with_bad_row(register, table):
    """One row more: a date that is no date, or a key that is missing."""
    dates = date_columns(register, table)
    bad = {dates[0]: BAD_DAY} if dates else {next(iter(key_columns(table))): ""}
    return pl.concat([table, table.head(1).with_columns(pl.lit(value).alias(name) for name, value in bad.items())])


def date_columns(register, table):
    """Columns of the table that hold a day."""
    days = [column.name for column in load_register(register).columns if column.type in ("first_day", "last_day")]
    return [name for name in days if name in table.columns]


def used_columns(register, table):
    """Columns of the table that a study uses; those of a division of areas as they are called for 2023."""
    used = [column.name.format(geography_year=2023) for column in load_register(register).used_columns]
    return [name for name in used if name in table.columns]


def formats_of(register):
    """SPSS formats of the columns."""
    return {column.name: column.format for column in load_register(register).columns if "{" not in column.name}


def read_sav(path):
    """A file of the country as it stands."""
    return pyreadstat.read_sav(str(path), output_format="polars")[0]


def write_table(table, path, form, formats=None):
    """Write a table in one of `FORMS`; the path has the ending of the form."""
    if form == "csv":
        table.write_csv(path, separator=";")
    elif form == "parquet":
        table.write_parquet(path)
    elif form == "dta":
        pyreadstat.write_dta(table, str(path))
    else:
        here = {
            name: kind
            for name, kind in (formats or {}).items()
            if name in table.columns and kind.startswith("A") == (table.schema[name] == pl.String)
        }
        pyreadstat.write_sav(
            table, str(path), compress=form == "zsav", row_compress=form == "sav", variable_format=here
        )
