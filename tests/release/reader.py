"""A reader who has an export and the documentation, and nothing else of the program: intervals by plain arithmetic."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import polars as pl

FAR = 10**9
_SWEEPS = 100
Cell = Hashable
Intervals = dict[Cell, tuple[int, int]]


def read_export(folder: Path) -> dict[str, pl.DataFrame]:
    """The tables of a release, by name."""
    return {path.stem: pl.read_csv(path) for path in sorted((folder / "tables").glob("*.csv"))}


def told(number: int | None, base: int = 5, least: int = 10) -> tuple[int, int]:
    """What the documentation says of a number: less than the base away, not under the minimum; an absent row: anything."""
    return (0, FAR) if number is None else (max(least, number - base + 1), number + base - 1)


def propagate(start: Mapping[Cell, tuple[int, int]], sums: Sequence[tuple[Cell, Sequence[Cell]]]) -> Intervals:
    """The intervals that follow from cells being sums of others, narrowed until nothing changes, or a hundred times."""
    found = dict(start)
    changed = True
    for _ in range(_SWEEPS):
        if not changed:
            break
        changed = False
        for parent, children in sums:
            low = sum(found[child][0] for child in children)
            high = sum(found[child][1] for child in children)
            narrowed = {parent: (low, high)}
            least, most = found[parent]
            for child in children:
                here = found[child]
                narrowed[child] = (least - (high - here[1]), most - (low - here[0]))
            for cell, (low_new, high_new) in narrowed.items():
                here = found[cell]
                both = max(here[0], low_new), min(here[1], high_new)
                if both != here:
                    found[cell], changed = both, True
    return found
