"""How much memory there is, how much a partition needs, and what follows: partitions, worker processes, files read at once.

The needs are measured (docs/explanation/speed.md) and a little too high rather than too low. MB is 2**20 bytes.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from mobility.errors import RequestError
from mobility.settings import Engine

MB = 1 << 20
SHARE = 0.75  # of the machine, where place.memory is null: others work there too
BASE_MB = 300  # interpreter, libraries, areas and objects: of every process
_BYTES_PER_ROW = 900  # of a partition: linking a million registrations by person took 785 to 830 MB beyond the base
_FILE_MB = 1000  # a batch of a million rows while it is typed, checked and written
_GROWS = {
    ".parquet": 80,
    ".zsav": 60,
}  # bytes in memory for a byte of a file, up to a batch; plain and row-packed files:
_GROWS_ELSE = 30


def machine_mb() -> tuple[int, str]:
    """Memory this process may have at all, in MB, and who says so: the machine, its container, or its SLURM job."""
    limits = [(psutil.virtual_memory().total // MB, "this machine has")]
    limits += [(limit // MB, "the container (cgroup) allows") for limit in _cgroup_limits()]
    node, cpu = (os.environ.get(f"SLURM_MEM_PER_{of}") for of in ("NODE", "CPU"))
    if node and node.isdecimal() and int(node):
        limits.append((int(node), "the SLURM job asked for"))
    elif cpu and cpu.isdecimal() and int(cpu):
        limits.append((int(cpu) * int(os.environ.get("SLURM_CPUS_ON_NODE", "1")), "the SLURM job asked for"))
    return min(limits)


def _cgroup_limits() -> list[int]:
    """Limits of the control groups this process is in, in bytes (Linux; version 2, and 1 as containers show it)."""
    found: list[int] = []
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    groups = [line.split("::", 1)[1] for line in lines if line.startswith("0::")]
    base = Path("/sys/fs/cgroup")
    files = [base / "memory" / "memory.limit_in_bytes"]
    for group in groups:
        own = base / group.strip("/")
        files += [folder / "memory.max" for folder in (own, *own.parents) if folder.is_relative_to(base)]
    for file in files:
        try:
            said = file.read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if said.isdecimal():  # "max": no limit
            found.append(int(said))
    return found


def allowed_mb(asked: int | None) -> int:
    """Memory the program may use, in MB.

    Args:
        asked: `place.memory`; None: 75 % of what there is.

    Raises:
        RequestError: more is asked than there is.
    """
    there, says = machine_mb()
    if asked is None:
        return int(there * SHARE)
    if asked > there:
        raise RequestError(
            f"place.memory is {asked:,} MB, but {says} {there:,} MB. Ask for less, or null for 75 % of it."
        )
    return asked


def need_mb(rows: int) -> int:
    """Memory of a process that works on a partition with so many registrations, in MB."""
    return BASE_MB + -(-rows * _BYTES_PER_ROW // MB)


def rows_that_fit(memory: int) -> int:
    """Registrations of a partition that a process with so many MB can work on; 0 when not even the program fits."""
    return max(0, (memory - BASE_MB) * MB // _BYTES_PER_ROW)


def share_mb(engine: Engine, memory: int) -> int:
    """Memory of one of the processes that an engine asks for, in MB: on this machine, or on a node of SLURM."""
    return engine.slurm.memory // engine.slurm.processes if engine.slurm else memory // engine.processes


def fitted(engine: Engine, rows: int, memory: int) -> Engine:
    """The engine with at most as many worker processes on this machine as fit, each on a partition with so many registrations.

    Raises:
        RequestError: not one fits.
    """
    needed = need_mb(rows)
    there = share_mb(engine, memory) if engine.slurm else memory
    if needed > there:
        raise RequestError(
            f"place.memory: a partition of {rows:,} registrations needs about {needed:,} MB and {there:,} MB are allowed. Give "
            "more, or make more and smaller partitions: run jobs/ingest.py again with the memory there is, or with a larger "
            "place.partitions."
        )
    if engine.processes == 1:
        return engine
    return replace(engine, workers=min(engine.processes, memory // needed))


def files_at_once(files: list[Path], most: int, memory: int) -> int:
    """Register files that can be read side by side: at least 1, at most `most`.

    Raises:
        RequestError: the largest does not fit by itself.
    """
    needs = sorted((_file_mb(path) for path in files), reverse=True)
    if needs and BASE_MB + needs[0] > memory:
        raise RequestError(
            f"place.memory: reading the largest register file needs about {BASE_MB + needs[0]:,} MB and {memory:,} MB are "
            "allowed. Give more, or work where there is more."
        )
    return max((number for number in range(1, most + 1) if BASE_MB + sum(needs[:number]) <= memory), default=1)


def _file_mb(path: Path) -> int:
    grown = path.stat().st_size * _GROWS.get(path.suffix.lower(), _GROWS_ELSE) // MB
    return min(_FILE_MB, grown)


def most_rows(folder: Path) -> int:
    """Rows of the largest Parquet file in a folder, from their footers."""
    return max((pq.read_metadata(path).num_rows for path in folder.glob("*.parquet")), default=0)
