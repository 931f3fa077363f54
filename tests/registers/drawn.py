"""Register files drawn as text, cell by cell as the file stores them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from mobility.registers.dictionary import Column


def stored(drawn: str, columns: list[Column], numbers: tuple[str, ...] = ()) -> tuple[pl.DataFrame, list[Column]]:
    """A drawn file as a table with all columns of its register, in the order of the register, and those columns.

    First line names, in whatever case the file has them, then one row per line, cells between |. Cells are verbatim but for the
    blanks around them; quotes keep those (" 4"). Columns that are not drawn: the person number is known in the BRP (R), the
    object is in the BAG (B), every other text is dashes (no value) and every other number is empty.

    Args:
        drawn: the table.
        columns: of the register.
        numbers: columns this file stores as numbers where others store text.

    Raises:
        ValueError: a column is drawn that the register does not have.
    """
    names, *rows = [[_cell(cell) for cell in line.split("|")] for line in drawn.strip().splitlines()]
    cells = {name.lower(): [row[place] for row in rows] for place, name in enumerate(names)}
    spelled = {name.lower(): name for name in names}
    strangers = cells.keys() - {column.name.lower() for column in columns}
    if strangers:
        raise ValueError(f"no column {', '.join(sorted(strangers))} in the register")
    there = [
        replace(
            column,
            name=spelled.get(column.name.lower(), column.name),
            format=f"F{column.width}" if column.name in numbers else column.format,
        )
        for column in columns
    ]
    table = pl.DataFrame(
        {column.name: cells.get(column.name.lower(), [_default(column)] * len(rows)) for column in there},
        schema=dict.fromkeys((column.name for column in there), pl.String),
    )
    return table.with_columns(pl.col(c.name).cast(pl.Float64, strict=False) for c in there if not c.is_text), there


def _cell(text: str) -> str:
    text = text.strip()
    return text[1:-1] if text.startswith('"') else text


def _default(column: Column) -> str:
    if column.name.startswith("RINPERSOONS"):
        return "R"
    if column.name == "SOORTOBJECTNUMMER":
        return "B"
    return "-" * column.width if column.is_text else ""
