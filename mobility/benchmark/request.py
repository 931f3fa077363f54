"""What a benchmark is asked: keys that belong to this job only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mobility.errors import RequestError
from mobility.settings import Format

Peer = Literal["duckdb", "pandas", "datatable"]
Stage = Literal["ingest", "moves", "flows", "chains", "monitor"]
Beside = Literal["dask"]
STAGES: tuple[Stage, ...] = get_args(Stage)  # in the order in which they need each other
SMALLEST = 1_000  # persons; the fictitious country cannot be smaller
LARGEST_SAV = 1_000_000  # persons; larger countries are written as Parquet, as a conversion at CBS would be
_SMALLEST_HUNDREDTH = 10_000  # below it the figures are those of starting up


@dataclass(frozen=True)
class Benchmark:
    """The keys of `conf/benchmark.yaml`.

    Attributes:
        size: persons ever registered.
        peers: other tools to measure.
        stages: parts of the program to measure.
        formats: of the register files; none: by size.
        smaller: sizes to measure before `size`, to show how cost grows; none: a hundredth and a tenth.
        engines: engines beside `engine`, with `engine.workers` processes, that do all the stages once more.
    """

    size: int
    peers: tuple[Peer, ...]
    stages: tuple[Stage, ...]
    formats: tuple[Format, ...]
    smaller: tuple[int, ...]
    engines: tuple[Beside, ...] = ()

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            raise RequestError(f"size is too small; choose at least {SMALLEST}.")
        if not all(SMALLEST <= one < self.size for one in self.smaller):
            raise RequestError(f"smaller: each size lies between {SMALLEST} and size ({self.size}).")
        if not self.stages:
            raise RequestError(f"stages is empty. Name at least one of {', '.join(STAGES)}.")
        if "sav" in self.formats and self.size > LARGEST_SAV:
            raise RequestError(
                f"formats: SPSS files are made for countries of up to {LARGEST_SAV:,} persons. Leave sav out, or choose a "
                "smaller size."
            )

    @property
    def measured(self) -> list[Stage]:
        """The stages to measure, in their order: what is asked, and between the panel and that whatever it needs."""
        last = max(map(STAGES.index, self.stages))
        return [stage for stage in STAGES[: last + 1] if stage != "ingest" or "ingest" in self.stages]

    @property
    def written_as(self) -> tuple[Format, ...]:
        """The formats to measure."""
        return self.formats or (("sav",) if self.size <= LARGEST_SAV else ("parquet",))

    @property
    def sizes(self) -> list[int]:
        """The sizes to measure, the smallest first: unless others are asked, a hundredth and a tenth show how cost grows."""
        if self.smaller:
            return [*sorted(set(self.smaller)), self.size]
        hundredth, tenth = self.size // 100, self.size // 10
        smaller = [hundredth] if hundredth >= _SMALLEST_HUNDREDTH else []
        return [*smaller, *([tenth] if tenth >= SMALLEST else []), self.size]
