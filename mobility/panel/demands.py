"""What the panel demands of a dictionary: the columns it is made of, by their names inside the program."""

from __future__ import annotations

from mobility.errors import RequestError
from mobility.panel.by_household import HOUSEHOLDS
from mobility.panel.by_object import ADDRESSES, COORDINATES, GEOGRAPHY, LIFE, OTHER_GEOGRAPHY, OWNERSHIP
from mobility.panel.by_person import DEATHS, PERSONS
from mobility.registers.dictionary import Register

_TEXT, _NUMBER, _DAY = "text", "integer", "first_day"
_AREAS = {"gemeente": _TEXT, "wijk": _TEXT, "buurt": _TEXT}
# Name inside the program to type, beside the keys by which the unit of a register is linked.
_COLUMNS = {
    ADDRESSES: {"object_type": _TEXT, "object_number": _TEXT},
    PERSONS: {"birth_year": _NUMBER, "birth_month": _NUMBER},
    DEATHS: {"death_date": _DAY},
    HOUSEHOLDS: {"household_number": _TEXT, "household_type": _TEXT, "reference_person": _TEXT},
    GEOGRAPHY: _AREAS,
    OTHER_GEOGRAPHY: _AREAS,
    COORDINATES: {"x_m": _NUMBER, "y_m": _NUMBER},
    "INHATAB": {"percentile": _NUMBER, "population": _TEXT},
    "IHI": {"percentile": _NUMBER, "main_source": _TEXT},
    "GBAMIGRATIEBUS": {"migration_kind": _TEXT, "migration_date": _DAY},
}
# Numbers that become a class or an age need the range they can have.
_RANGED = {"birth_year", "birth_month", "percentile"}
# From when these tell is a fact of the register, not of a file.
_BEGUN = {ADDRESSES, LIFE}


def check_demands(register: Register) -> None:
    """Refuse a dictionary of which no panel can be made.

    Raises:
        RequestError: with the file and the key that is missing or wrong.
    """
    where = f"schemas/registers/{register.name.lower()}.yaml"
    columns = {column.canonical: column for column in register.used_columns}
    for name, kind in _COLUMNS.get(register.name, {}).items():
        if name not in columns:
            raise RequestError(
                f"{where}: no column has `as: {name}`, and the panel is made of it. Give it to the column that holds it."
            )
        column = columns[name]
        if column.type != kind:
            raise RequestError(f"{where}: {column.name} is read as {name}; its type must be {kind}.")
        if name in _RANGED and (column.least is None or column.most is None):
            raise RequestError(f"{where}: {column.name} is read as {name} and needs its range: least and most.")
    if register.name in OWNERSHIP and not {"tenure", "ownership"} & columns.keys():
        raise RequestError(
            f"{where}: no column has `as: tenure` or `as: ownership`. Give one to the column that holds it."
        )
    if register.name in _BEGUN and register.since is None:
        raise RequestError(
            f"{where}: since is missing, the first year of the register. What begins before has no known begin."
        )
