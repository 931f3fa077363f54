"""The list of quirks with the rate, the file and the number of each: `truth/quirks.parquet`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.registers.dictionary import load_register, register_names
from mobility.settings import Synthetic
from mobility.synthetic.atlas import BOUNDARY_YEAR, CORE_CODE_YEAR, MERGER_YEAR, buurt_codes_in
from mobility.synthetic.country import (
    BAG_START,
    GEMEENTE_ONLY_SHARE,
    OTHER_OBJECT_RATE,
    SHARED_NUMBER_RATE,
    UNKNOWN_SHARE,
    Country,
)
from mobility.synthetic.days import FOREVER
from mobility.synthetic.deliveries import deliveries
from mobility.synthetic.flaws import RATES
from mobility.synthetic.geography import programme_areas
from mobility.synthetic.income import (
    EARLY_UNKNOWN_EUROS,
    NO_INCOME_HOUSEHOLD_RATE,
    NO_INCOME_RATE,
    UNKNOWN_EUROS,
    UNKNOWN_INCOME_RATE,
)
from mobility.synthetic.welfare import UNKNOWN_WEALTH, UNKNOWN_WEALTH_RATE


@dataclass(frozen=True)
class Quirk:
    """One flaw: its number in the list (None: not in it), where it is, and its rate (None: a fact of the country)."""

    number: int | None
    key: str
    flaw: str
    register: str
    year: int | None = None  # None: the newest file, or every file of a yearly register
    rate: float | None = None


_ADDRESSES, _HOUSEHOLDS, _CODES = "GBAADRESOBJECTBUS", "GBAHUISHOUDENSBUS", "VSLGWBTAB"
_CYCLES, _INCOMES, _LINKS = "LEVCYCLWOONNIETWOONBUS", "INHATAB", "KOPPELPERSOONHUISHOUDEN"
_EARLY_LINKS = "KOPPELTABEL_IPI_IHI_IVB"

QUIRKS = (
    Quirk(1, "open_address", "open end written 20501231", _ADDRESSES),
    Quirk(1, "open_cycle", "open end written 88888888", _CYCLES),
    Quirk(2, "split", "stay cut in 2 to 4 contiguous rows: rows too many", _ADDRESSES, rate=RATES["split"]),
    Quirk(3, "overlap", "registered at two addresses for some days", _ADDRESSES, rate=RATES["overlap"]),
    Quirk(4, "runs_on_after_death", "address goes on after death", _ADDRESSES, rate=RATES["runs_on_after_death"]),
    Quirk(5, "return", "gap of months, then another address", _ADDRESSES),
    Quirk(6, "next_year", "row starts in the year after the file's", _ADDRESSES, rate=RATES["next_year"]),
    Quirk(7, "other_object", "object of type D, not in VSLGWBTAB", "NIETVSLGWBTAB", rate=OTHER_OBJECT_RATE),
    Quirk(7, "gemeente_only", "of those: with neither wijk nor buurt", "NIETVSLGWBTAB", rate=GEMEENTE_ONLY_SHARE),
    Quirk(7, "unknown_object", "of those: in no geographic register", _ADDRESSES, rate=UNKNOWN_SHARE),
    Quirk(8, "no_code", "object with dashes in early years and codes later", _CODES, rate=RATES["no_code"]),
    Quirk(9, "repeated_object", "object twice", _CODES, rate=RATES["duplicate_object"]),
    Quirk(9, "repeated_cycle", "period twice", _CYCLES, rate=RATES["duplicate_object"]),
    Quirk(10, "shared_number", "one number under B and under H", _CODES, rate=SHARED_NUMBER_RATE),
    Quirk(11, "file", "person numbers as numbers", _EARLY_LINKS, 2008),
    Quirk(11, "file", "CSV with semicolons, person numbers without leading zeros, no SPSS file", _EARLY_LINKS, 2009),
    Quirk(11, "file", "CSV with tabs, no SPSS file", "IHI", 2006),
    Quirk(11, "file", "CSV in Latin-1 with semicolons, beside the SPSS file", "GBAPERSOONTAB"),
    Quirk(12, "file", "names of columns in lower case, ending in upper case", "EIGENDOMTAB", 2016),
    Quirk(12, "file", "ending in upper case", "SECMBUS"),
    Quirk(13, "file", "version 10 beside version 2, which has 70 % of the rows", "EIGENDOMTAB", 2020),
    Quirk(13, "file", "provisional twin with a higher version and 60 % of the rows", "EIGENDOMTAB", 2022),
    Quirk(13, "file", "only a provisional file", "VSLVIERKANTTAB"),
    Quirk(13, "file", "name with a blank", "EIGENDOMTAB", 2018),
    Quirk(13, "file", "date before the name", _EARLY_LINKS, 2005),
    Quirk(13, "file", "date before the name and a blank in it", "OBJECTWONINGTAB"),
    Quirk(13, "file", "link tables in the folder of the incomes", _LINKS),
    Quirk(14, "no_percentile", "percentile -1: income unknown", _INCOMES, rate=UNKNOWN_INCOME_RATE),
    Quirk(14, "institutional", "percentile -2: institutional household", _INCOMES),
    Quirk(14, "no_income", "percentile -3: household without income", _INCOMES, rate=NO_INCOME_RATE),
    Quirk(14, "ten_nines", "unknown amount written with ten nines", _INCOMES, rate=UNKNOWN_INCOME_RATE),
    Quirk(14, "nine_nines", "unknown amount written with nine nines", "IHI", rate=UNKNOWN_INCOME_RATE),
    Quirk(14, "eleven_nines", "unknown amount written with eleven nines", "VEHTAB", rate=UNKNOWN_WEALTH_RATE),
    Quirk(14, "loss", "income below zero", _INCOMES, rate=RATES["loss"] / 100),
    Quirk(15, "early_income", "percentile from 0 to 99 as text, two codes of tenure exchanged", "IHI"),
    Quirk(16, "unlinked", "person in no income household", _LINKS, rate=NO_INCOME_HOUSEHOLD_RATE),
    Quirk(17, "padded", "place in the household with a blank before it", _HOUSEHOLDS),
    Quirk(17, "in_institution", "institutional household", _HOUSEHOLDS),
    Quirk(18, "restarted", "household number with several first days", _HOUSEHOLDS),
    Quirk(19, "merged", "object of a gemeente that was two", _CODES),
    Quirk(19, "shifted", "object of a wijk that went to the neighbouring gemeente", _CODES),
    Quirk(20, "demolished", "dwelling demolished in the period, after the last resident left", _CYCLES),
    Quirk(20, "built_1005", "year of construction 1005", _CYCLES, rate=RATES["unknown_built_year"]),
    Quirk(21, "core_programme", "programme area inside a growth core", "schemas/areas"),
    Quirk(22, "student", "student household", _INCOMES),
    Quirk(22, "institutional", "resident of an institution with an income", _INCOMES),
    Quirk(23, "late_newborn", "newborn child some days late in the household", _HOUSEHOLDS, rate=RATES["late_newborn"]),
    Quirk(24, "core_code", "object of a growth core that had another code", _CODES),
    Quirk(None, "hole", "some unregistered days between two addresses", _ADDRESSES, rate=RATES["hole"]),
    Quirk(None, "not_r", "row of a person who is not in the BRP", _ADDRESSES, rate=RATES["not_r"]),
    Quirk(None, "reversed", "row that ends before it starts", _ADDRESSES, rate=RATES["reversed"]),
    Quirk(None, "duplicate", "exact duplicate of a row", _ADDRESSES, rate=RATES["duplicate"]),
    Quirk(None, "no_coordinate", "object without coordinates", "VSLCOORDTAB", rate=RATES["no_coordinate"]),
)


def list_quirks(planted: Counter[str], settings: Synthetic) -> pl.DataFrame:
    """One row per flaw: number in the list, what it is, file, rate and number of rows, objects, persons or households."""
    return pl.DataFrame(
        [
            (
                quirk.number,
                quirk.flaw,
                _files(quirk, settings),
                quirk.rate,
                _count(quirk, planted),
            )
            for quirk in QUIRKS
        ],
        schema={"quirk": pl.Int64, "flaw": pl.String, "file": pl.String, "rate": pl.Float64, "count": pl.Int64},
        orient="row",
    )


def _files(quirk: Quirk, settings: Synthetic) -> str:
    """Paths of the file in question and its twins, or the register where it is every file."""
    if quirk.register not in register_names():
        return quirk.register
    register = load_register(quirk.register)
    if quirk.year is None and register.editions == "yearly":
        return register.name
    year = quirk.year or settings.last_year
    return " | ".join(plan.path for plan in deliveries(register, year, settings.formats, quirks=True))


def _count(quirk: Quirk, planted: Counter[str]) -> int:
    if quirk.key == "core_programme":
        return sum(area.role == "growth_core" for area in programme_areas())
    if quirk.key != "file":
        return planted[quirk.key]
    # Rows of the register in the year, or in all.
    wanted = f"{quirk.register}/{quirk.year or ''}"
    return sum(rows for key, rows in planted.items() if key.startswith(wanted))


def count_in(name: str, rows: pl.DataFrame) -> Counter[str]:
    """Flaws that can be seen in the rows of a register."""
    if name not in _SEEN or not rows.height:
        return Counter()
    counted = rows.select(expression.sum().alias(key) for key, expression in _SEEN[name].items())
    return Counter({key: int(count) for key, count in counted.row(0, named=True).items()})


_PERCENTILE = pl.col("percentile")
_SEEN: dict[str, dict[str, pl.Expr]] = {
    _ADDRESSES: {"open_address": pl.col("end_date") == "20501231"},
    _CYCLES: {"open_cycle": pl.col("end_date") == "88888888", "built_1005": pl.col("BOUWJAAR") == "1005"},
    _HOUSEHOLDS: {
        "padded": pl.col("household_place").str.len_bytes() == 1,
        "in_institution": pl.col("household_type") == "8",
    },
    _INCOMES: {
        "no_percentile": _PERCENTILE == -1,
        "institutional": _PERCENTILE == -2,
        "no_income": _PERCENTILE == -3,
        "ten_nines": pl.col("INHGESTINKH") == UNKNOWN_EUROS,
        "loss": pl.col("INHGESTINKH") < 0,
        "student": pl.col("population") == "2",
    },
    "IHI": {"early_income": _PERCENTILE.is_not_null(), "nine_nines": pl.col("BVRGESTINKH") == EARLY_UNKNOWN_EUROS},
    "VEHTAB": {"eleven_nines": pl.col("VEHW1000VERH") == UNKNOWN_WEALTH},
}


def count_of(country: Country) -> Counter[str]:
    """Flaws that are facts of the block."""
    objects, spells, homes = country.objects, country.addresses, country.households
    known = ~objects.is_other
    changed = {
        key: np.array(buurt_codes_in(year - 1)) != np.array(buurt_codes_in(year))
        for key, year in (("merged", MERGER_YEAR), ("shifted", BOUNDARY_YEAR), ("core_code", CORE_CODE_YEAR))
    }
    same = spells.person[1:] == spells.person[:-1]
    starts = np.unique(homes.household.astype(np.int64) * 2**32 + homes.start)
    per_household = np.unique(starts // 2**32, return_counts=True)[1]
    numbers = objects.number.filter(pl.Series(known))
    return Counter(
        {
            "return": int((same & (spells.end[:-1] < spells.start[1:])).sum()),
            "other_object": int(objects.is_other.sum()),
            "unknown_object": int(objects.is_unknown.sum()),
            "gemeente_only": int((objects.has_gemeente_only & ~objects.is_unknown).sum()),
            "shared_number": len(numbers) - numbers.n_unique(),
            "unlinked": sum(year.unlinked for year in country.incomes),
            "restarted": int((per_household > 1).sum()),
            "demolished": int((objects.is_bag & (objects.end < FOREVER) & (objects.end >= BAG_START)).sum()),
            **{key: int((known & changes[objects.buurt]).sum()) for key, changes in changed.items()},
        }
    )
