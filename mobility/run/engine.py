"""How the partitions are worked through: in this process, or by Dask workers. Only paths, settings and counts travel."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from mobility.run.progress import Tell
from mobility.settings import Engine

T = TypeVar("T")


def work(task: Callable[[int], T], partitions: int, engine: Engine, what: str, tell: Tell) -> list[T]:
    """`task(0)` to `task(partitions - 1)`, in that order, by the engine the study chose.

    Args:
        task: must be picklable for workers: a module-level function with its settings bound by `functools.partial`. It reads and
            writes partitions and returns counts.
        partitions: how many.
        engine: `local` works here; `dask` starts worker processes, or uses those of a scheduler that runs already.
        what: name of the work, for `tell`.
        tell: progress.
    """
    tell(what, 0, partitions)
    if engine.kind == "local":
        results = []
        for partition in range(partitions):
            results.append(task(partition))
            tell(what, partition + 1, partitions)
        return results
    return _with_dask(task, partitions, engine, what, tell)


def _with_dask(task: Callable[[int], T], partitions: int, engine: Engine, what: str, tell: Tell) -> list[T]:
    from distributed import Client, LocalCluster, Security, as_completed

    workers = engine.workers or os.cpu_count() or 1
    if engine.scheduler:
        client = Client(engine.scheduler)
    else:
        # polars reads the number of threads when it is imported, so it must stand in the environment before a worker starts.
        os.environ["POLARS_MAX_THREADS"] = str(max(1, (os.cpu_count() or 1) // workers))
        # A scheduler has no login, so others on the machine are kept out by certificates that live as long as the cluster.
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            protocol="tls://",
            security=Security.temporary(),
        )
        client = Client(cluster)
    try:
        futures = client.map(task, range(partitions), pure=False, retries=2)
        for done, _ in enumerate(as_completed(futures), start=1):
            tell(what, done, partitions)
        results: list[T] = client.gather(futures)
        return results
    finally:
        if client.cluster is not None:
            client.cluster.close()
        client.close()
