"""Workers that die, partitions that kill, schedulers that go away: what is finished is kept, and the rest is told."""

import http.client
import os
import signal
import subprocess
import sys
import urllib.request
from functools import partial

import psutil
import pytest

from mobility.errors import DataError, MachineError, RequestError
from mobility.run.cluster import Cluster
from mobility.run.engine import WorkerError, kept_open, work
from mobility.settings import Engine
from tests.faults import tasks

TWO = Engine("dask", 2, None)
MEMORY = 4_000

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by signal")


def tell(*_):
    pass


@pytest.fixture
def workers(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with kept_open(tmp_path / "tmp", MEMORY):
        yield


@pytest.fixture
def tried(tmp_path):
    """How often each partition was tried."""
    return lambda: {path.name[-3:]: len(path.read_bytes()) for path in sorted(tmp_path.glob("tried-*"))}


def test_workers_have_their_threads_their_folder_and_faults_without_text(workers, tmp_path):
    """One start of workers for all that needs no death: to start them takes seconds."""
    seen = work(tasks.threads, 4, TWO, "threads", tell)
    assert {one["polars"] for one in seen} == {int(os.environ.get("POLARS_MAX_THREADS", max(1, os.cpu_count() // 2)))}
    assert os.getpid() not in {one["pid"] for one in seen}
    assert {one["temporary"] for one in seen} == {str(tmp_path / "tmp")}
    told = []
    assert work(partial(tasks.count, folder=tmp_path), 5, TWO, "counting", lambda *now: told.append(now), rows=int) == [
        *range(5)
    ]
    assert told[-1] == ("counting", 5, 5, 10)
    assert work(tasks.nothing, 3, TWO, "nothing to tell", tell) == [None] * 3, "and nobody is taken for dead"
    for kind, error, words in (
        ("value", WorkerError, "ValueError in failing, partition 0, at "),
        ("polars", WorkerError, "InvalidOperationError in failing, partition 0, at "),
        ("disk", MachineError, "The machine refused: No space left on device (part-001.parquet)"),
        ("data", DataError, "Residence: 3 rows."),
    ):
        with pytest.raises(error) as raised:
            work(partial(tasks.fail, kind=kind), 1, TWO, "failing", tell)
        assert str(raised.value).startswith(words)
        assert tasks.CANARY not in str(raised.value)
        assert raised.value.__context__ is None
    assert listening_beyond_loopback() == []
    assert answering_http() == []
    assert [path.name for path in (tmp_path / "tmp").iterdir()] == ["dask-scratch-space"]


def listening_beyond_loopback():
    """Addresses at which this process or its workers listen for others than this machine."""
    me = psutil.Process()
    found = [each for one in (me, *me.children(recursive=True)) for each in one.net_connections("inet")]
    return [
        each.laddr for each in found if each.status == psutil.CONN_LISTEN and each.laddr.ip not in ("127.0.0.1", "::1")
    ]


def answering_http():
    """Ports of this process and its workers at which a dashboard, or figures about the work, are to be had."""
    me = psutil.Process()
    ports = {each.laddr.port for one in (me, *me.children(recursive=True)) for each in one.net_connections("inet")}
    found = []
    for port in ports:
        for page in ("/status", "/info/main/workers.html", "/json/counts.json", "/metrics", "/health"):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=2):
                    found.append(f"{port}{page}")
            except (OSError, http.client.HTTPException):
                continue
    return found


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_the_other_partitions_are_kept(workers, tmp_path, tried, note_fault):
    dying = partial(tasks.die, folder=tmp_path, deadly=3, times=2)
    assert work(dying, 8, TWO, "dying", tell) == [*range(8)]
    assert set(tried().values()) == {1}
    note_fault("worker killed", survived=True)


@pytest.mark.slow
def test_a_partition_that_kills_every_worker_ends_the_job_with_its_number(workers, tmp_path, tried, note_fault):
    dying = partial(tasks.die, folder=tmp_path, deadly=3, times=99)
    with pytest.raises(MachineError, match=r"dying: partition 3 ended every worker process that tried it"):
        work(dying, 8, TWO, "dying", tell)
    assert set(tried()) == {f"{number:03d}" for number in range(8) if number != 3}
    assert set(tried().values()) == {1}
    note_fault("partition that kills every worker", survived=True)


_SCHEDULER = """
import asyncio, sys
from distributed import Scheduler, Worker
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard_address=None) as scheduler:
        async with Worker(scheduler.address, nthreads=1, dashboard_address=None):
            print(scheduler.address, flush=True)
            await scheduler.finished()
asyncio.run(main())
"""


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler of another process, with a worker."""
    where = {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", _SCHEDULER], cwd=tmp_path, env=os.environ | where, stdout=subprocess.PIPE, text=True
    )
    address = process.stdout.readline().strip()
    yield process, Engine("dask", None, address)
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_work_goes_to_a_scheduler_that_runs_already_and_its_end_is_told(workers, scheduler, tmp_path, note_fault):
    process, engine = scheduler
    assert work(partial(tasks.count, folder=tmp_path), 3, engine, "counting", tell) == [0, 1, 2]

    def kill(_what, done, *_):
        if done == 1:
            process.send_signal(signal.SIGKILL)

    with pytest.raises(MachineError, match="the scheduler of the workers went away"):
        work(partial(tasks.slowly, folder=tmp_path), 20, engine, "counting", kill)
    note_fault("scheduler lost", survived=True)


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_a_wrong_request(tmp_path, monkeypatch):
    monkeypatch.setattr("mobility.run.cluster._SECONDS_TO_ANSWER", 1)
    with pytest.raises(RequestError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        Cluster(tmp_path, None).client(Engine("dask", None, "tcp://127.0.0.1:9"))


@pytest.mark.parametrize("address", ["tcp://node1:8786", "node1:8786", "tls://node1", "http://node1:8786"])
def test_a_scheduler_without_certificates_is_refused_beyond_this_machine(address):
    with pytest.raises(RequestError, match=r"engine.scheduler must be tls://host:port"):
        Engine("dask", None, address)
