"""What a table for release is: its cells, its measures, and the totals a reader can compare it with.

The declarations lie in `schemas/outputs/`; `mobility.release.declarations` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mobility.settings import Mode, Words

TOTAL = "all"
"""The mark in a key column that is summed over."""

Values = tuple[str | int, ...]
Where = tuple[tuple[str, Values], ...]


@dataclass(frozen=True)
class Rows:
    """One set of rows of a table.

    Attributes:
        where: only rows with these values.
        total: key columns that are summed over; they hold `all`.
    """

    where: Where = ()
    total: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """A total within which no class, and no union of adjacent classes, may hold the group share.

    Attributes:
        within: the key columns that make the total.
        classes: the key column that divides it.
        order: classes that follow each other; the others stand alone.
        widest: number of adjacent classes in the widest union that is looked at; the reader of declarations sets all but one.
        exempt: values that say nothing about a person.
    """

    within: tuple[str, ...]
    classes: str
    order: tuple[str, ...] = ()
    widest: int = 1
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Margin:
    """This table, summed over some columns, gives cells of another table.

    Attributes:
        table: the other table.
        over: columns of this table that are summed over.
        where: which cells of the other table.
        of: which cells of this table; () for all.
        is_open: the other cells also hold people who are in no cell of this table.
    """

    table: str
    over: tuple[str, ...]
    where: Where = ()
    of: Where = ()
    is_open: bool = False


@dataclass(frozen=True)
class Parts:
    """Values of a column that are each a part of one whole.

    Attributes:
        column: the key column.
        whole: the value that holds the others.
        adds_up: together they are the whole, and nobody is in two of them; else there is a rest that is not shown.
    """

    column: str
    whole: str | int
    adds_up: bool = False


@dataclass(frozen=True)
class Residents:
    """What the public number of residents of a place says of this table: its cells are part of it, or are that number.

    Attributes:
        place: the key column with the place.
        at: `start` or `end` of the year, or the day of a `cohort`.
        where: which cells.
        year: the key column with the year.
        whole: whether a cell is the number itself; else the cells of a place and year are part of it.
    """

    place: str
    at: Literal["start", "end", "cohort"]
    where: Where = ()
    year: str = "year"
    whole: bool = False


@dataclass(frozen=True)
class Value:
    """A column beside the counts: a share, a mean, an index, an estimate, a quantile, an incidence.

    Attributes:
        name: the column in the released table.
        rule: which rule it must meet; see `values`.
        given: what the rule asks, such as the column of the aggregate with the total.
    """

    name: str
    rule: str
    given: tuple[tuple[str, str | int], ...]

    def __getitem__(self, argument: str) -> str:
        return str(dict(self.given)[argument])


@dataclass(frozen=True)
class Declaration:
    """One table for release.

    Attributes:
        table: its name, also of its files.
        title: one line.
        population: what is counted.
        relation: how its numbers relate to the other tables, for the reader.
        source: the aggregate it is made from.
        where: rows of the aggregate that are offered.
        recode: key columns whose values are made coarser first; `low` makes the quintiles into low and not_low, `steps`
        the months
            of a curve into its steps.
        rows: the sets of rows that are offered.
        cells: key columns, in order; other key columns of the aggregate are summed over.
        measures: the counts.
        rule: the family of rules (`counts`).
        mode: the way of protection: `round` (random rounding by cell key), `suppress` (exact numbers with gaps) or
        `additive` (small
        counts rounded, all else added up).
        groups: the totals for the rule on group disclosure.
        margins: the relations with other tables.
        parts: the relations between values of one column.
        variables: one line on every column.
        values: columns beside the counts.
        words: values of key columns that only this table has.
        structural: cells that cannot exist, for the reader.
        key: what the key of a cell is made of: its `records`, so that keys add up as counts do, or its `counts`.
        residents: what the public number of residents says of its cells.
        nested: whether regions are the sums of their roles, and gemeenten and roles of the same blocks.
        detail: how much detail was given up (`coarsening`), for the reader.
    """

    table: str
    title: Words
    population: Words
    relation: Words
    source: str
    where: Where
    recode: tuple[tuple[str, str], ...]
    rows: tuple[Rows, ...]
    cells: tuple[str, ...]
    measures: tuple[str, ...]
    rule: Literal["counts"]
    mode: Mode
    groups: tuple[Group, ...]
    margins: tuple[Margin, ...]
    parts: tuple[Parts, ...]
    variables: tuple[tuple[str, Words], ...]
    values: tuple[Value, ...] = ()
    words: tuple[str, ...] = ()
    structural: Words | None = None
    key: Literal["records", "counts"] = "records"
    residents: tuple[Residents, ...] = ()
    nested: bool = True
    detail: Words | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the released table, in order."""
        return self.cells + self.measures + tuple(value.name for value in self.values)
