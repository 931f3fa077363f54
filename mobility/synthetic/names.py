"""Names of register files: versions are facts of a delivery, the rest stands in the register dictionaries."""

from __future__ import annotations

from mobility.registers.dictionary import Register
from mobility.settings import Format

CONVERTED = "geconverteerde data"  # where CBS puts copies of a .sav file in other formats

# First year of each version number, newest first; "" is a name without a version.
_VERSIONS: dict[str, tuple[tuple[int, str], ...]] = {
    "EIGENDOMTAB": ((2023, "1"), (2021, "2"), (2018, "3"), (2017, "5"), (0, "6")),
    "IHI": ((0, "3"),),
    "INPATAB": ((2018, "2"), (2016, "3"), (0, "2")),
    "HOOGSTEOPLTAB": ((2022, "1"), (2019, "2"), (2017, "3"), (2016, "2"), (0, "3")),
    "VEHTAB": ((2022, "1"), (2020, "3"), (2019, "4"), (2016, "3"), (2011, "2"), (0, "3")),
    "ZVWZORGKOSTENTAB": ((2019, "1"), (2017, "2"), (0, "1")),
    "INHATAB": ((2022, "1"), (2016, "2"), (2014, "1"), (0, "2")),
    "KOPPELPERSOONHUISHOUDEN": ((2022, "1"), (2019, "2"), (0, "")),
    "KOPPELTABEL_IPI_IHI_IVB": ((0, ""),),
    "LEVCYCLWOONNIETWOONBUS": ((0, "2"),),
}
_MONTHS = {"LEVCYCLWOONNIETWOONBUS": "12", "VSLVIERKANTTAB": "03"}  # of registers that are delivered by month
# Names that depart from the grammar of all others, by first year.
_NAMES: dict[str, tuple[tuple[int, str], ...]] = {
    "EIGENDOMWOZBAGTAB": (
        (2015, "EIGENDOMWOZBAG{year}TABV{version}"),
        (0, "EIGENDOMWOZBAGTAB {year}V{version}"),
    ),
    "EIGENDOMWOZTAB": ((0, "140930 EIGENDOMWOZTAB{year}V{version}"),),
    "OBJECTWONINGTAB": ((0, "140924 OBJECTWONINGTAB {year}V{version}"),),
    "VSLVIERKANTTAB": ((0, "VRLVSLVIERKANTTABV{year}{month}{version}"),),
}
_UPPER_CASE = {"SECMBUS"}  # ends in .SAV
# Years of the optional registers that are written: some, to keep a small country small.
_ONLY_YEARS = {"EIGENDOMWOZBAGTAB": (2012, 2015, 2021)}
_LAST_YEARS = {
    "INPATAB": 2,
    "ZVWZORGKOSTENTAB": 2,
    "HOOGSTEOPLTAB": 1,
    "SPOLISBUS": 1,
    "VEHTAB": 1,
    "NABIJHEIDZORGTAB": 2,
    "NABIJHEIDONDERWIJSTAB": 2,
    "NABIJHEIDDETAILHTAB": 2,
}


def years_of(register: Register, first_year: int, last_year: int) -> list[int]:
    """Years of the files that a country of this period has."""
    if register.editions == "newest":
        return [last_year]
    years = range(max(register.since or 0, first_year), min(register.until or last_year, last_year) + 1)
    if register.name in _ONLY_YEARS:
        return [year for year in years if year in _ONLY_YEARS[register.name]]
    return list(years)[-_LAST_YEARS.get(register.name, len(years)) :]


def file_stem(register: Register, year: int) -> str:
    """Path below the root of the source tree, without ending."""
    versions = _VERSIONS.get(register.name, ((0, "1"),))
    version = next(version for since, version in versions if year >= since)
    forms = [form for form in register.files if ("{version}" in form) == bool(version)]
    forms = [name for since, name in _NAMES.get(register.name, ()) if year >= since] or forms
    return f"{register.folder}/{forms[0]}".format(year=year, month=_MONTHS.get(register.name), version=version)


def ending(name: str, form: Format) -> str:
    """With its dot, in the case CBS uses."""
    return ".SAV" if form == "sav" and name in _UPPER_CASE else f".{form}"
