"""The one place where pandera is called, and where its messages, which quote rows, end."""

from __future__ import annotations

from collections import Counter

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from mobility.errors import DataError


def require(contract: type[pa.DataFrameModel], table: pl.DataFrame, where: str) -> pl.DataFrame:
    """The table itself, once it meets its contract.

    Args:
        contract: a pandera model; its docstring says what one row is.
        table: a collected table. pandera checks only names and types of a LazyFrame, so that one is refused.
        where: what the table is and where it lies, for the message.

    Raises:
        DataError: with the column, the rule and the number of failures of each broken rule; never a value.
        TypeError: the table is not collected.
    """
    if not isinstance(table, pl.DataFrame):
        raise TypeError(f"{where}: only a collected table can be checked, not a {type(table).__name__}.")
    try:
        contract.validate(table, lazy=True)
    except SchemaErrors as fault:
        broken = _count(fault)
    else:
        return table
    # Raised outside the `except`, so that no context carries the rows that pandera keeps.
    told = "; ".join(f"{rule} ({count} rows)" if count else rule for rule, count in sorted(broken.items()))
    raise DataError(f"{where}: {told}. {len(table)} rows were checked against {contract.__name__}.")


def _count(fault: SchemaErrors) -> Counter[str]:
    broken: Counter[str] = Counter()
    for error in fault.schema_errors:
        column = getattr(error.schema, "name", None)
        rule = str(getattr(error.check, "name", None) or getattr(error.reason_code, "name", "") or "rule").lower()
        cases = error.failure_cases
        broken[f"{column}: {rule}" if column else rule] += cases.height if isinstance(cases, pl.DataFrame) else 0
    return broken
