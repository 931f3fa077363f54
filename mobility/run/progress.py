"""What a person sees while a job runs: names, counts and the time left; plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

Tell = Callable[[str, int, int], None]


@contextmanager
def progress(console: Console, job: str) -> Iterator[Tell]:
    """A function `tell(what, done, of)` that shows how far a job is.

    On a terminal one line per piece of work, with a bar and the time left; elsewhere one plain line when a piece is done.
    """
    if console.is_terminal:
        columns = (
            SpinnerColumn(finished_text="*"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bars:
            yield _on_terminal(bars)
    else:
        yield _as_lines(console, job)


def _on_terminal(bars: Progress) -> Tell:
    tasks: dict[str, int] = {}

    def tell(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = int(bars.add_task(what, total=of, count=""))
        bars.update(tasks[what], completed=done, total=of, count=f"{done} of {of}")  # type: ignore[arg-type]

    return tell


def _as_lines(console: Console, job: str) -> Tell:
    started: dict[str, float] = {}

    def tell(what: str, done: int, of: int) -> None:
        started.setdefault(what, time.monotonic())
        if done >= of:
            console.print(f"{job}: {what}: {of} of {of}, {time.monotonic() - started.pop(what):.1f} s", highlight=False)

    return tell
