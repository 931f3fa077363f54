"""Where the registers are, and on which machine the work is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mobility.errors import RequestError

MOST_PARTITIONS = 128  # so many files can be written at a time


@dataclass(frozen=True)
class RegisterSource:
    """Where the registers are and, where a study must be repeatable to the byte, which file of each is meant."""

    kind: Literal["synthetic", "cbs"]
    root: Path
    files: dict[str, str]


@dataclass(frozen=True)
class Place:
    """The folders and the memory of the machine."""

    root: Path
    project: Path
    export: Path
    partitions: int | None
    memory: int | None

    def __post_init__(self) -> None:
        if self.partitions is not None and not 1 <= self.partitions <= MOST_PARTITIONS:
            raise RequestError(f"place.partitions must be at least 1 and at most {MOST_PARTITIONS}, or null: by size.")


@dataclass(frozen=True)
class Engine:
    """How the partitions are worked through."""

    kind: Literal["local", "dask"]
    workers: int | None
    scheduler: str | None
