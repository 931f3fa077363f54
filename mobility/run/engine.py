"""How the partitions are worked through: in this process, or by Dask workers. Only paths, settings and counts travel."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from mobility.errors import MobilityError
from mobility.folders import PROGRAM
from mobility.run.progress import Tell
from mobility.settings import Engine

T = TypeVar("T")


def work(task: Callable[[int], T], partitions: int, engine: Engine, what: str, tell: Tell, at_once: int = 1) -> list[T]:
    """`task(0)` to `task(partitions - 1)`, in that order, by the engine the study chose.

    Args:
        task: must be picklable for workers: a module-level function with its settings bound by `functools.partial`. It reads and
            writes partitions and returns counts.
        partitions: how many.
        engine: `local` works here; `dask` starts worker processes, or uses those of a scheduler that runs already.
        what: name of the work, for `tell`.
        tell: progress.
        at_once: partitions that `local` works through side by side, on threads: worth it for a task that is numpy for the most
            part, and holds little in memory.
    """
    tell(what, 0, partitions)
    if engine.kind == "local":
        results = []
        with ThreadPoolExecutor(at_once) as pool:
            for done, result in enumerate(pool.map(task, range(partitions)), start=1):
                results.append(result)
                tell(what, done, partitions)
        return results
    return _with_dask(task, partitions, engine, what, tell)


def cores() -> int:
    """Processors of this machine."""
    return os.cpu_count() or 1


def _with_dask(task: Callable[[int], T], partitions: int, engine: Engine, what: str, tell: Tell) -> list[T]:
    import dask
    from distributed import Client, LocalCluster, Security, as_completed

    # Its log would quote the text of exceptions. The environment reaches the workers, which are new processes.
    os.environ["DASK_LOGGING__DISTRIBUTED"] = "critical"
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    workers = engine.workers or cores()
    cluster = None
    if not engine.scheduler:
        # polars reads the number of threads when it is imported, so it must stand in the environment before a worker starts.
        os.environ["POLARS_MAX_THREADS"] = str(max(1, cores() // workers))
        # A scheduler has no login, so others on the machine are kept out by certificates that live as long as the cluster.
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            protocol="tls://",
            security=Security.temporary(),
            silence_logs=logging.CRITICAL,
        )
    with dask.config.set({"logging.distributed": "critical"}), Client(cluster or engine.scheduler) as client:
        try:
            futures = client.map(partial(_guarded, task), range(partitions), pure=False, retries=2)
            for done, _ in enumerate(as_completed(futures), start=1):
                tell(what, done, partitions)
            results: list[T | _Failed] = client.gather(futures)
        finally:
            client.close()
            if cluster is not None:
                cluster.close()
    for number, result in enumerate(results):
        if isinstance(result, _Failed):
            raise result.error(what, number)
    return [result for result in results if not isinstance(result, _Failed)]


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
