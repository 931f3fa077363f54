"""The figures of a run: rows of one table, shown on the terminal and written as JSON and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mobility.run.files import write_json, write_text


@dataclass(frozen=True)
class Row:
    """One stage, floor or peer.

    Attributes:
        part: what is compared with each other, such as `ingest, 100,000 persons, sav`.
        what: stage, floor or peer.
        seconds: wall.
        peak_mb: peak memory in MB.
        rows: of the registers (ingest) or registrations (moves, flows) that went through.
        to_floor: seconds over those of merely reading the same columns.
        to_peer: seconds of the program over those of this peer.
        agrees: whether the answer of this peer is the program's.
        word: why there are no figures.
        processor: seconds of processor time, of all threads and children: what other work on the machine changes little.
        processor_to_peer: those of the program over those of this peer.
    """

    part: str
    what: str
    seconds: float | None = None
    peak_mb: float | None = None
    rows: int | None = None
    to_floor: float | None = None
    to_peer: float | None = None
    agrees: bool | None = None
    word: str = ""
    processor: float | None = None
    processor_to_peer: float | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """As shown."""
        rate = self.rows / self.seconds if self.rows and self.seconds else None
        return (
            self.what,
            _shown(self.seconds, 2),
            _shown(self.processor, 2),
            _shown(self.peak_mb, 0),
            _shown(rate, 0),
            _shown(self.to_floor, 2),
            _shown(self.to_peer, 2),
            _shown(self.processor_to_peer, 2),
            self.word or {True: "yes", False: "NO", None: ""}[self.agrees],
        )


@dataclass(frozen=True)
class Growth:
    """A stage at one size beside the next smaller one.

    Attributes:
        what: the stage and the format.
        persons: size.
        seconds: wall.
        peak_mb: peak memory in MB.
        time_ratio: of seconds, over the ratio of sizes: 1 is linear.
        memory_ratio: of peaks: 1 is flat.
    """

    what: str
    persons: int
    seconds: float
    peak_mb: float
    time_ratio: float | None
    memory_ratio: float | None

    @property
    def cells(self) -> tuple[str, ...]:
        """As shown."""
        return (
            self.what,
            f"{self.persons:,}",
            _shown(self.seconds, 2),
            _shown(self.peak_mb, 0),
            _shown(self.time_ratio, 2),
            _shown(self.memory_ratio, 2),
        )


HEAD = (
    *("stage", "seconds", "processor seconds", "peak MB", "rows per second"),
    *("ratio to floor", "ratio to peer", "of processor time", "answers agree"),
)
_WORDS = (0, len(HEAD) - 1)  # columns of words, not of numbers
GROWTH_HEAD = ("stage", "persons", "seconds", "peak MB", "time ratio / size ratio", "memory ratio")


def _shown(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def growth(measured: dict[int, tuple[float, float]], what: str) -> list[Growth]:
    """How a stage grows: each size beside the one before.

    Args:
        measured: persons to seconds and peak in MB.
        what: the stage.
    """
    rows: list[Growth] = []
    for persons, (seconds, peak) in sorted(measured.items()):
        before = rows[-1] if rows else None
        time = seconds / before.seconds / (persons / before.persons) if before else None
        rows.append(Growth(what, persons, seconds, peak, time, peak / before.peak_mb if before else None))
    return rows


def show(console: Console, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on the terminal; lines of words and spaces elsewhere."""
    if console.is_terminal:
        table = Table(title=title, title_justify="left")
        for place, name in enumerate(head):
            table.add_column(name, justify="left" if place in _WORDS else "right")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    console.print(title)
    for line in _lined_up([head, *rows]):
        console.print(f"  {line}", soft_wrap=True, markup=False)


def _lined_up(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place in _WORDS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def write(
    folder: Path, about: dict[str, Any], rows: Sequence[Row], grown: Sequence[Growth], words: Sequence[str]
) -> Path:
    """`benchmark.json` and `benchmark.md`; gives the path of the latter.

    Args:
        folder: for both.
        about: what was measured, on what machine.
        rows: the figures.
        grown: how cost grows.
        words: what else there is to say, in sentences.
    """
    write_json(
        folder / "benchmark.json",
        about | {"rows": [asdict(row) for row in rows], "growth": [asdict(row) for row in grown], "words": list(words)},
    )
    lines = [", ".join(f"{name}: {value}" for name, value in about.items()), ""]
    for part in dict.fromkeys(row.part for row in rows):
        lines += [f"**{part}**", "", *_markdown(HEAD, [row.cells for row in rows if row.part == part]), ""]
    if grown:
        lines += ["**growth**", "", *_markdown(GROWTH_HEAD, [row.cells for row in grown]), ""]
    path = folder / "benchmark.md"
    write_text(path, "\n".join([*lines, *(f"- {word}" for word in words)]).rstrip() + "\n")
    return path


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---" if place in _WORDS else "---:" for place in range(len(head))]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
