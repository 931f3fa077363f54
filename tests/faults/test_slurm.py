"""The engine slurm: what SLURM is told, and, where a SLURM can be started, that its nodes do the work."""

import gc
import hashlib
import os
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from mobility.run.cluster import slurm_job
from mobility.run.engine import kept_open, work
from mobility.settings import Engine, Slurm
from tests.faults import slurm, tasks
from tests.faults.checks import DONE
from tests.faults.runner import PROGRAM, run_job

OSSC = Slurm(
    "comp_env", "24:00:00", 128, 224_000, 16, True, None, None, ("module load 2023 Python/3.11.3-GCCcore-12.3.0",)
)
HERE = Slurm("comp_env", "00:10:00", 1, 4_000, 2, False, None, "lo", ())
_SMALL = [
    *(
        "engine=slurm",
        "engine.slurm.cores=2",
        "engine.slurm.memory=4000",
        "engine.slurm.processes=2",
        "engine.slurm.interface=lo",
    ),
    *("engine.slurm.exclusive=false", "engine.slurm.prologue=[]", 'engine.slurm.time="00:10:00"'),
]

# dask-jobqueue leaves the files of its certificates to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def tell(*_):
    pass


def test_the_job_script_says_what_the_ossc_wants(tmp_path, monkeypatch):
    dask_jobqueue = pytest.importorskip("dask_jobqueue")
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    given = slurm_job(OSSC, tmp_path)
    cluster_only = ("scheduler_options", "silence_logs", "shared_temp_directory", "interface", "protocol")
    job = dask_jobqueue.SLURMCluster.job_cls(
        scheduler="tls://10.0.0.1:8786",
        name="one",
        **{key: value for key, value in given.items() if key not in cluster_only},
    )
    script = job.job_script().splitlines()
    for line in (
        "#SBATCH -p comp_env",
        "#SBATCH -n 1",
        "#SBATCH --cpus-per-task=128",
        "#SBATCH -t 24:00:00",
        "#SBATCH --exclusive",
        "umask 077",
        "module load 2023 Python/3.11.3-GCCcore-12.3.0",
        'export POLARS_MAX_THREADS="8"',
        f'export PYTHONPATH="{PROGRAM}"',
        f'export TMPDIR="{tmp_path}"',
    ):
        assert line in script, line
    assert not [line for line in script if line.startswith("#SBATCH --mem")]
    start = script[-1]
    for word in (sys.executable, "tls://10.0.0.1:8786", "--nworkers 16", "--nthreads 1", "--no-dashboard", "--nanny"):
        assert word in start, word


@pytest.fixture(scope="module")
def cluster():
    """A running SLURM; its folder is short, since sockets have names of at most 100 characters."""
    pytest.importorskip("dask_jobqueue")
    if why := slurm.absence():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:
        running = slurm.Slurm(Path(folder))
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.mark.slow
def test_nodes_of_a_real_slurm_do_the_work(cluster, tmp_path, monkeypatch):
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    engine = Engine("slurm", 1, None, HERE)
    before = os.umask(0o077)  # as every job does; SLURM takes it over for the files of its own
    with kept_open(tmp_path / "tmp", None):
        seen = work(tasks.threads, 6, engine, "threads", tell)
        assert {one["polars"] for one in seen} == {1}
        assert os.getpid() not in {one["pid"] for one in seen}
        assert "mobility" in cluster.ask("squeue", "--noheader", "--format=%j")
        assert work(partial(tasks.count, folder=tmp_path), 5, engine, "counting", tell) == [*range(5)]
        open_to_others = [path.name for path in (tmp_path / "tmp").rglob("*") if path.stat().st_mode & 0o077]
        assert open_to_others == []
    os.umask(before)
    gc.collect()  # so that the warnings of its certificates come here, where they are expected


@pytest.mark.slow
def test_ingest_and_moves_on_slurm_give_the_bytes_of_one_process(cluster, settings, country, sound, tmp_path):
    root = tmp_path / "workspace"
    ended = run_job("ingest", *settings(root, country[0]), *_SMALL, environment=cluster.environment)
    assert ended.code == DONE, ended.err
    panel = {path: digest for path, digest in sound[0].items() if path.startswith("panel/")}
    assert {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in panel} == panel


def test_another_partition_and_more_nodes_are_a_matter_of_settings(tmp_path):
    small = slurm_job(replace(OSSC, partition="work_env", exclusive=False, memory=38_000, account="ossc0000"), tmp_path)
    assert (small["queue"], small["account"], small["memory"], small["job_extra_directives"]) == (
        "work_env",
        "ossc0000",
        "38000MiB",
        [],
    )
    assert small["job_directives_skip"] == []
