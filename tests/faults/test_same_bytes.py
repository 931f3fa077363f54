"""All aggregates are the same bytes whatever does the work: engine, workers, partitions, threads."""

import hashlib
import os

import pytest

from tests.faults.checks import DONE
from tests.faults.runner import run_job

_JOBS = ("ingest", "moves", "flows", "chains")

# What is tried: the engine, its workers, the partitions of the panel, the threads of polars.
FEW = [("dask", 2, 7, 1)]
ALL = [
    (engine, workers, partitions, threads)
    for engine, workers in (("local", 1), ("dask", 1), ("dask", 2), ("dask", 4))
    for partitions in (1, 7, 64)
    for threads in (1, 2)
]


def aggregates(root, source, engine, workers, partitions, threads):
    """Digest of every aggregate."""
    folders = (f"place.root={root}", f"place.export={root.parent / 'export'}", f"register.root={source}")
    how = (f"engine={engine}", f"engine.workers={workers}", f"place.partitions={partitions}")
    for job in _JOBS:
        ended = run_job(
            job, *folders, *how, "register.kind=cbs", environment={"POLARS_MAX_THREADS": str(threads)}, timeout=1_200
        )
        assert ended.code == DONE, ended.err
    paths = (root / "aggregates").glob("*.parquet")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def usual(registers, tmp_path_factory):
    """Aggregates of one process with all its threads and the number of partitions that follows from the size."""
    root = tmp_path_factory.mktemp("usual") / "workspace"
    threads = os.cpu_count() or 1
    made = aggregates(root, registers, "local", 1, "null", threads)
    assert len(made) >= 9
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "workers", "partitions", "threads"), FEW)
def test_machinery_does_not_change_a_byte(engine, workers, partitions, threads, usual, registers, tmp_path):
    assert aggregates(tmp_path / "workspace", registers, engine, workers, partitions, threads) == usual


@pytest.mark.campaign
@pytest.mark.parametrize(("engine", "workers", "partitions", "threads"), ALL)
def test_no_machinery_changes_a_byte(engine, workers, partitions, threads, usual, registers, tmp_path):
    assert aggregates(tmp_path / "workspace", registers, engine, workers, partitions, threads) == usual
