"""How the partitions are worked through: in this process, or by Dask workers. Only paths, settings and counts travel."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from mobility.errors import MachineError, MobilityError
from mobility.folders import PROGRAM
from mobility.run.cluster import Cluster, lost
from mobility.run.progress import Tell
from mobility.run.refusals import machine_error
from mobility.settings import Engine

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")

_kept: list[Cluster] = []  # of the run, started when it is first needed; at most one


@contextmanager
def kept_open(scratch: Path, memory: int | None) -> Iterator[None]:
    """Keep workers for the length of a run, since to start them takes seconds.

    Args:
        scratch: folder in the workspace for what Dask writes, certificates among it.
        memory: `place.memory`.
    """
    cluster = Cluster(scratch, memory)
    _kept.append(cluster)
    try:
        yield
    finally:
        _kept.remove(cluster)
        cluster.close()


def work(
    task: Callable[[int], T],
    partitions: int,
    engine: Engine,
    what: str,
    tell: Tell,
    at_once: int = 1,
    rows: Callable[[T], int] = lambda _: 0,
) -> list[T]:
    """`task(0)` to `task(partitions - 1)`, in that order, by the engine the study chose.

    Args:
        task: must be picklable for workers: a module-level function with its settings bound by `functools.partial`. It reads and
            writes partitions and returns counts.
        partitions: how many.
        engine: `local` works here; `dask` and `slurm` have worker processes do it.
        what: name of the work, for `tell`.
        tell: progress.
        at_once: partitions that `local` works through side by side, on threads: worth it for a task that is numpy for the most
            part, and holds little in memory.
        rows: how many rows a partition had, from what its task returned, for `tell`.

    Raises:
        MachineError: a partition ended every worker that tried it, after all others were finished; or the scheduler went away.
        WorkerError: a fault of the program in a worker.
    """
    tell(what, 0, partitions)
    if engine.kind == "local":
        results, done_rows = [], 0
        with ThreadPoolExecutor(at_once) as pool:
            for done, result in enumerate(pool.map(task, range(partitions)), start=1):
                results.append(result)
                done_rows += rows(result)
                tell(what, done, partitions, done_rows)
        return results
    if not _kept:
        raise RuntimeError("workers are kept by a run: engine.kept_open")
    with lost(what):
        return _by_workers(_kept[-1].client(engine), task, partitions, what, tell, rows)


def cores() -> int:
    """Processors of this machine."""
    return os.cpu_count() or 1


def _by_workers(
    client: Client, task: Callable[[int], T], partitions: int, what: str, tell: Tell, rows: Callable[[T], int]
) -> list[T]:
    from distributed import as_completed

    futures: dict[Future, int] = dict(
        zip(client.map(partial(_guarded, task), range(partitions), pure=False), range(partitions), strict=True)
    )
    results: dict[int, T] = {}
    failed: dict[int, Exception] = {}
    done_rows = 0
    # Results are taken as they come, and so survive the worker that made them; it then has nothing that would be redone.
    for future in as_completed(list(futures)):
        partition = futures.pop(future)
        was_killed = _was_killed(future)
        result: T | _Failed | None = None if was_killed else future.result()
        future.release()
        if was_killed:
            failed[partition] = MachineError(
                f"{what}: partition {partition} ended every worker process that tried it, most likely for want of memory. "
                f"The other partitions were finished. Give more memory (place.memory), fewer workers (engine.workers), or more "
                "and smaller partitions (place.partitions of jobs/ingest.py)."
            )
        elif isinstance(result, _Failed):
            failed[partition] = result.error(what, partition)
        else:
            results[partition] = cast("T", result)  # a task may well return nothing
            done_rows += rows(results[partition])
        tell(what, partitions - len(futures), partitions, done_rows)
    if failed:
        raise failed[min(failed)]
    return [results[partition] for partition in range(partitions)]


def _was_killed(future: Future) -> bool:
    from distributed.scheduler import KilledWorker

    return future.status == "error" and isinstance(future.exception(), KilledWorker)


@dataclass(frozen=True)
class _Failed:
    """What went wrong in a worker, without the text of the exception, which may quote rows."""

    kind: str
    place: str
    sentence: str | None
    refused: type[MobilityError] | None

    def error(self, what: str, partition: int) -> Exception:
        """The exception to raise here."""
        if self.refused is not None:
            return self.refused(self.sentence)
        return WorkerError(f"{self.kind} in {what}, partition {partition}, at {self.place}")


class WorkerError(RuntimeError):
    """A fault of the program in a worker process; its text names a kind and a place, and quotes nothing."""


def _guarded(task: Callable[[int], T], partition: int) -> T | _Failed:
    try:
        return task(partition)
    except MobilityError as error:
        return _Failed(type(error).__name__, "", str(error), type(error))
    except Exception as error:  # its text must not reach the log of the worker
        refused = machine_error(error)
        if refused is not None:
            return _Failed(type(error).__name__, "", str(refused), MachineError)
        return _Failed(type(error).__name__, place_in_program(error), None, None)


def place_in_program(error: BaseException) -> str:
    """Where in the program an exception came from: file and line, innermost first."""
    own = (PROGRAM / "mobility", PROGRAM / "jobs")
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if any(Path(frame.filename).is_relative_to(folder) for folder in own)
    ]
    road = (f"{Path(frame.filename).relative_to(PROGRAM).as_posix()}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return " < ".join(road) or "an unknown place"
