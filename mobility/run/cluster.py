"""Worker processes: on this machine, on nodes that SLURM gives, or those of a scheduler that runs already.

A scheduler has no login: whoever reaches its port runs code as its owner. So workers on this machine listen on the loopback only,
and all that are started here have certificates that live as long as they do. There is no dashboard.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mobility.errors import MachineError, RequestError
from mobility.folders import PROGRAM
from mobility.run.files import make_folder, write_text
from mobility.run.memory import MB, allowed_mb
from mobility.run.scratch import environment
from mobility.settings import Engine, Slurm

if TYPE_CHECKING:
    from distributed import Client, SpecCluster

_SECONDS_TO_ANSWER = 30  # of a scheduler
_FOR_NODES = "dask.yaml"  # the settings below, for workers on other nodes
_SETTINGS = {
    "distributed.logging": {"distributed": "critical"},
    "logging.distributed": "critical",  # its log would quote the text of exceptions
    "distributed.worker.multiprocessing-method": "spawn",  # polars hangs after a fork
    "distributed.scheduler.worker-saturation": 1.0,  # one partition at a worker: none is blamed for the death of its neighbour
    "distributed.scheduler.allowed-failures": 2,  # a partition may end so many workers; with the next it is given up
    # Dask sees nothing of the memory of polars, so only the last resort is left: a worker over its share is ended.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    # Dask tells the allocator of C to give back whatever is freed, and numpy then asks for every array anew: half as long again.
    # These are the most that it comes to by itself.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 64 * MB,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 32 * MB,
    "distributed.admin.tick.limit": "1h",  # a busy process is no reason for a warning
    "distributed.comm.timeouts.connect": f"{_SECONDS_TO_ANSWER}s",
    "distributed.diagnostics.nvml": False,
    # Scheduler and workers open a port for HTTP even without a dashboard, on which nothing is to be had.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


class Cluster:
    """The workers of one run, started when they are first asked for.

    Args:
        scratch: folder in the workspace for what Dask writes.
        memory: `place.memory`, shared by the workers on this machine.
    """

    def __init__(self, scratch: Path, memory: int | None) -> None:
        self._scratch, self._memory = scratch, memory
        self._engine: Engine | None = None
        self._client: Client | None = None
        self._open = ExitStack()

    def client(self, engine: Engine) -> Client:
        """A client whose workers are as the engine says; started anew only when it says something else."""
        if self._client is None or engine != self._engine:
            self.close()
            self._client = self._start(engine)
            self._engine = engine
        return self._client

    def close(self) -> None:
        """End the workers that were started here."""
        self._client = None
        self._open.close()
        if self._engine and self._engine.slurm:
            gc.collect()  # dask-jobqueue leaves its certificates to the collector, which must come before their folder goes

    def _start(self, engine: Engine) -> Client:
        import dask

        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        make_folder(self._scratch)
        self._open.enter_context(dask.config.set({**_SETTINGS, "temporary-directory": str(self._scratch)}))
        if engine.scheduler:
            return self._connect(engine.scheduler)
        cluster = self._slurm(engine.slurm, engine.workers or 1) if engine.slurm else self._here(engine.processes)
        return self._client_of(cluster)

    def _client_of(self, cluster: SpecCluster) -> Client:
        from distributed import Client

        self._open.callback(cluster.close)
        return self._open.enter_context(Client(cluster))

    def _here(self, workers: int) -> SpecCluster:
        """Processes on this machine."""
        from distributed import LocalCluster, Security

        cores = os.cpu_count() or 1
        # polars reads the number of threads when it is imported, so it must stand in the environment before a worker starts.
        given = {"DASK_LOGGING__DISTRIBUTED": "critical"} | _threads(cores, workers)
        self._open.enter_context(environment(given))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"\s*Port \d+ is already in use", category=UserWarning)
            return LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                worker_dashboard_address=None,
                protocol="tls://",
                security=Security.temporary(),
                memory_limit=allowed_mb(self._memory) * MB // workers,
                local_directory=str(self._scratch),
                silence_logs=logging.CRITICAL,
            )

    def _slurm(self, asked: Slurm, nodes: int) -> SpecCluster:
        """Jobs of SLURM, one per node; waits until the first worker is there."""
        import dask

        try:
            from dask_jobqueue import SLURMCluster
        except ImportError:
            raise RequestError("engine=slurm needs the extra slurm: install residential-mobility[slurm].") from None
        from distributed import Security

        for_nodes: dict[str, Any] = {}
        dask.config.set(_SETTINGS, config=for_nodes)
        write_text(self._scratch / _FOR_NODES, yaml.safe_dump(for_nodes))
        cluster = SLURMCluster(security=Security.temporary(), **slurm_job(asked, self._scratch))
        cluster.scale(jobs=nodes)
        return cluster

    def _connect(self, address: str) -> Client:
        from distributed import Client

        try:
            return self._open.enter_context(Client(address, timeout=_SECONDS_TO_ANSWER))
        except (OSError, TimeoutError, ValueError):
            pass
        raise RequestError(
            f"engine.scheduler: no scheduler answers at {address}, or its certificates are not those that the configuration of "
            "Dask names (distributed.comm.tls). Start it, correct the address, or leave engine.scheduler null."
        )


def slurm_job(asked: Slurm, scratch: Path) -> dict[str, Any]:
    """What dask-jobqueue is told about a job of SLURM.

    Args:
        asked: by the study.
        scratch: folder in the workspace that all nodes see: logs, certificates (readable by their owner only).
    """
    environment = {"PYTHONPATH": str(PROGRAM), "DASK_CONFIG": str(scratch / _FOR_NODES), "TMPDIR": str(scratch)}
    environment |= _threads(asked.cores, asked.processes)
    prologue = ["umask 077", *asked.prologue, *(f'export {name}="{value}"' for name, value in environment.items())]
    return {
        "queue": asked.partition,
        "account": asked.account,
        "walltime": asked.time,
        "cores": asked.processes,  # threads of Dask: one for each process; those of polars stand in the environment
        "processes": asked.processes,
        "job_cpu": asked.cores,
        "memory": f"{asked.memory}MiB",
        "job_extra_directives": ["--exclusive"] if asked.exclusive else [],
        "job_directives_skip": ["--mem"] if asked.exclusive else [],
        "job_script_prologue": prologue,
        "python": sys.executable,
        "interface": asked.interface,
        "protocol": "tls://",
        "local_directory": str(scratch),
        "shared_temp_directory": str(scratch),
        "log_directory": str(scratch),
        "scheduler_options": {"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        "worker_extra_args": ["--no-dashboard"],
        "silence_logs": "critical",
        "job_name": "mobility",
    }


def _threads(cores: int, processes: int) -> dict[str, str]:
    """Threads of polars in every process; what stands in the environment already is kept."""
    return {"POLARS_MAX_THREADS": os.environ.get("POLARS_MAX_THREADS") or str(max(1, cores // processes))}


@contextmanager
def lost(what: str) -> Iterator[None]:
    """A scheduler that goes away is told in a sentence.

    Args:
        what: was being done.
    """
    from distributed.client import FutureCancelledError
    from distributed.comm.core import CommClosedError

    try:
        yield
    except (CancelledError, FutureCancelledError, CommClosedError):
        gone = MachineError(
            f"{what}: the scheduler of the workers went away. The partitions it had finished lie in the workspace, the others do "
            "not. Run the same command again when it is back, or with engine=local."
        )
    else:
        return
    raise gone
