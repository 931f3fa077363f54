"""Tables on the page. Every number is a value of a released table and says of which row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobility.report.markup import tag, text
from mobility.report.reading import Release
from mobility.report.texts import Texts

MARK = "·"


@dataclass(frozen=True)
class Cell:
    """Where a number stands: table, measure, and the value of every key column."""

    table: str
    measure: str
    key: Mapping[str, str | int]


@dataclass(frozen=True)
class Line:
    """One row of a table on the page: its heads, and its cells (None: a place that belongs in another table)."""

    heads: Sequence[str]
    cells: Sequence[Cell | None]
    strong: bool = False


class Grid:
    """Draws tables from the released values."""

    def __init__(self, release: Release, texts: Texts) -> None:
        self.texts = texts
        self.values: dict[tuple[str, str, tuple[str | int, ...]], int | float] = {}
        self.keys = {table: release.keys(table) for table in release.tables}
        for table, frame in release.tables.items():
            for row in frame.iter_rows(named=True):
                key = tuple(row[column] for column in self.keys[table])
                for measure in frame.columns[len(key) :]:
                    if row[measure] is not None:
                        self.values[table, measure, key] = row[measure]

    def value(self, cell: Cell | None) -> int | None:
        """The released count, or None where the cell is withheld or zero."""
        value = self.number(cell)
        return value if isinstance(value, int) else None

    def number(self, cell: Cell | None) -> int | float | None:
        """The released number, whatever it measures."""
        return None if cell is None else self.values.get((cell.table, cell.measure, self._key(cell)))

    def address(self, cell: Cell) -> str:
        """Which cell of which table, in one word: `table|measure|key|key...`."""
        return "|".join([cell.table, cell.measure, *map(str, self._key(cell))])

    def any(self, lines: Sequence[Line]) -> bool:
        """Whether some cell has a number."""
        return any(self.number(cell) is not None for line in lines for cell in line.cells)

    def draw(
        self,
        caption: str,
        heads: Sequence[str],
        columns: Sequence[str],
        lines: Sequence[Line],
        *,
        shaded: bool = False,
        over: str | None = None,
    ) -> str:
        """A table with its caption; a grid without any number becomes a sentence.

        Args:
            caption: what is counted.
            heads: titles of the head columns.
            columns: titles of the columns of numbers.
            lines: the rows.
            shaded: shade cells by their size.
            over: title above all columns of numbers.
        """
        if not self.any(lines):
            return tag("p", text(f"{caption}: {self.texts.say('none_shown')}"), class_="none")
        top = max((self.value(cell) or 0) for line in lines for cell in line.cells) if shaded else 0
        titles = [tag("th", text(word), scope="col") for word in heads]
        titles += [tag("th", text(word), scope="col", class_="n") for word in columns]
        above = []
        if over:
            above = [
                tag(
                    "tr",
                    tag("td", colspan=str(len(heads))),
                    tag("th", text(over), scope="colgroup", colspan=str(len(columns)), class_="over"),
                )
            ]
        rows = [self._row(line, top) for line in lines]
        table = tag(
            "table",
            tag("caption", text(caption)),
            tag("thead", *above, tag("tr", *titles)),
            tag("tbody", *rows),
            class_="shaded" if shaded else None,
        )
        return tag("div", table, class_="scroll", role="region", aria_label=caption, tabindex="0")

    def _row(self, line: Line, top: int) -> str:
        heads = [tag("th", text(line.heads[0]), scope="row")] + [
            tag("td", text(head), class_="head") for head in line.heads[1:]
        ]
        return tag(
            "tr", *heads, *(self._cell(cell, top) for cell in line.cells), class_="strong" if line.strong else None
        )

    def _cell(self, cell: Cell | None, top: int) -> str:
        if cell is None:
            return tag("td")
        value = self.number(cell)
        if value is None:
            return tag("td", tag("span", MARK, role="img", aria_label=self.texts.say("withheld")), class_="n withheld")
        key = "|".join(str(part) for part in self._key(cell))
        shade = f"--s:{round(100 * (value / top) ** 0.5)}%" if top else None
        return tag(
            "td",
            self.texts.number(value),
            class_="n",
            data_table=cell.table,
            data_column=cell.measure,
            data_key=key,
            style=shade,
        )

    def _key(self, cell: Cell) -> tuple[str | int, ...]:
        return tuple(cell.key[column] for column in self.keys[cell.table]) if cell.table in self.keys else ()
