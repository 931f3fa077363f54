"""Where the registers are, and on which machine the work is done."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mobility.errors import RequestError

MOST_PARTITIONS = 128  # so many files can be written at a time
LEAST_MEMORY = 512  # MB
_SCHEDULER = re.compile(r"tls://\S+:\d+|tcp://(127\.0\.0\.1|localhost|\[::1\]):\d+")


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
        if self.memory is not None and self.memory < LEAST_MEMORY:
            raise RequestError(f"place.memory is in MB: at least {LEAST_MEMORY}, or null for 75 % of the machine.")


@dataclass(frozen=True)
class Slurm:
    """The jobs that SLURM is asked for, one per node; each holds some worker processes.

    Attributes:
        partition: of the cluster (SLURM's word; not those of the panel).
        time: longest duration of a job, as HH:MM:SS.
        cores: of a node, shared by its processes.
        memory: of a node, in MB, shared by its processes.
        processes: worker processes on a node.
        exclusive: whether a job has its node to itself.
        account: to which the hours are charged; None: that of the user.
        interface: network interface of the nodes, such as ib0; None: the first.
        prologue: lines of shell before Python starts, such as `module load ...`.
    """

    partition: str
    time: str
    cores: int
    memory: int
    processes: int
    exclusive: bool
    account: str | None
    interface: str | None
    prologue: tuple[str, ...]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(\d+-)?\d{1,2}:\d{2}:\d{2}", self.time):
            raise RequestError(
                'engine.slurm.time must be text such as "24:00:00" (hours, minutes, seconds), in quotes.'
            )
        if min(self.cores, self.memory, self.processes) < 1:
            raise RequestError("engine.slurm: cores, memory and processes must each be at least 1.")


@dataclass(frozen=True)
class Engine:
    """How the partitions are worked through.

    Attributes:
        kind: local (this process), dask (worker processes here, or those of `scheduler`), slurm (jobs of a cluster).
        workers: worker processes; of slurm: nodes. None: one for each core; of slurm: one node.
        scheduler: address of one that runs already; None: workers are started.
        slurm: what SLURM is asked for; only with that kind.
    """

    kind: Literal["local", "dask", "slurm"]
    workers: int | None
    scheduler: str | None
    slurm: Slurm | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise RequestError("engine.workers must be at least 1, or null: by the machine.")
        if (self.kind == "slurm") != (self.slurm is not None):
            raise RequestError(
                "engine.slurm belongs to engine=slurm, and only to it. Choose the engine by its file in conf/engine/."
            )
        if self.scheduler is not None and not _SCHEDULER.fullmatch(self.scheduler):
            raise RequestError(
                "engine.scheduler must be tls://host:port, since a scheduler has no login of its own and tasks would travel "
                "open to all; tcp:// only on this machine (tcp://127.0.0.1:port)."
            )

    @property
    def processes(self) -> int:
        """Processes that share the memory of this machine: 1, unless workers are started here."""
        if self.kind == "dask" and self.scheduler is None:
            return self.workers or os.cpu_count() or 1
        return 1
