"""What a person sees while a job runs: partitions, rows, rate, time left, memory; and the same as lines of JSON."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TextIO

import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from mobility.run.files import make_folder

_EVERY_SECONDS = 1.0  # a line of JSON, at most
_MB = 1 << 20


class Tell(Protocol):
    """`tell(what, done, of)`, or `tell(what, done, of, rows)`: how far a piece of work is, in partitions and in rows."""

    def __call__(self, what: str, done: int, of: int, rows: int = ..., /) -> None:
        """Say it."""


@dataclass(frozen=True)
class Stand:
    """How far a piece of work is: one line of JSON.

    Attributes:
        what: the work.
        done: partitions, files or years done.
        of: of how many.
        rows: worked through; 0 where they are not counted.
        seconds: since the work began.
        rows_per_second: 0 where rows are not counted.
        seconds_left: at the pace so far; None before the first is done.
        memory_mb: resident memory of the program and its processes.
    """

    what: str
    done: int
    of: int
    rows: int
    seconds: float
    rows_per_second: int
    seconds_left: float | None
    memory_mb: int

    def sentence(self) -> str:
        """For the terminal."""
        parts = [f"{self.done} of {self.of}"]
        if self.rows:
            parts.append(f"{self.rows:,} rows, {self.rows_per_second:,}/s")
        if self.seconds_left is not None and self.done < self.of:
            parts.append(f"{dt.timedelta(seconds=round(self.seconds_left))} left")
        return ", ".join([*parts, f"{self.memory_mb:,} MB"])


@contextmanager
def progress(console: Console, job: str, log: Path | None = None) -> Iterator[Tell]:
    """A function `tell` that shows how far a job is.

    On a terminal one line per piece of work, with a bar and the time left; elsewhere one plain line when a piece is done.

    Args:
        console: where.
        job: its name.
        log: file that receives `Stand` as lines of JSON, at most one a second for each piece of work; None: nowhere.
    """
    with ExitStack() as stack:
        lines = stack.enter_context(_opened(log)) if log else None
        if console.is_terminal:
            columns = (
                SpinnerColumn(finished_text="*"),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[told]}"),
            )
            bars: Progress | None = stack.enter_context(Progress(*columns, console=console, transient=True))
        else:
            bars = None
        yield _Shown(console, job, bars, lines).tell


def _opened(log: Path) -> TextIO:
    make_folder(log.parent)
    return log.open("w", encoding="utf-8", newline="\n")


class _Shown:
    """The pieces of work of one job, on a terminal or as lines."""

    def __init__(self, console: Console, job: str, bars: Progress | None, log: TextIO | None) -> None:
        self._console, self._job, self._bars, self._log = console, job, bars, log
        self._begun: dict[str, float] = {}
        self._logged: dict[str, float] = {}
        self._tasks: dict[str, int] = {}

    def tell(self, what: str, done: int, of: int, rows: int = 0, /) -> None:
        now = time.monotonic()
        began = self._begun.setdefault(what, now)
        is_due = done >= of or now - self._logged.get(what, -_EVERY_SECONDS) >= _EVERY_SECONDS
        if not is_due:
            return
        self._logged[what] = now
        seconds = now - began
        stand = Stand(
            what=what,
            done=done,
            of=of,
            rows=rows,
            seconds=round(seconds, 2),
            rows_per_second=round(rows / seconds) if seconds else 0,
            seconds_left=round(seconds / done * (of - done), 1) if done else None,
            memory_mb=memory_mb(),
        )
        if self._log:
            self._log.write(json.dumps({"job": self._job} | asdict(stand)) + "\n")
            self._log.flush()
        self._show(stand)
        if done >= of:
            del self._begun[what]

    def _show(self, stand: Stand) -> None:
        if self._bars is not None:
            if stand.what not in self._tasks:
                self._tasks[stand.what] = int(self._bars.add_task(stand.what, total=stand.of, told=""))
            self._bars.update(self._tasks[stand.what], completed=stand.done, total=stand.of, told=stand.sentence())  # type: ignore[arg-type]
        elif stand.done >= stand.of:
            self._console.print(
                f"{self._job}: {stand.what}: {stand.sentence()}, {stand.seconds:.1f} s", highlight=False, soft_wrap=True
            )


def memory_mb() -> int:
    """Resident memory of this process and its children, in MB of 2**20 bytes."""
    total = 0
    try:
        me = psutil.Process()
        family = [me, *me.children(recursive=True)]
    except psutil.Error:
        return total
    for one in family:
        try:
            total += one.memory_info().rss
        except psutil.Error:
            continue
    return total // _MB
