"""What a partition costs beside its work: printed, since it depends on the machine (`-m campaign -s`)."""

import time
from functools import partial

import pytest

from mobility.run.engine import kept_open, work
from mobility.settings import Engine
from tests.faults import tasks

PARTITIONS = 200


@pytest.mark.campaign
@pytest.mark.parametrize("engine", [Engine("local", None, None), Engine("dask", 1, None), Engine("dask", 2, None)])
def test_the_cost_of_a_partition_is_small_beside_its_work(engine, tmp_path):
    """A partition of a national panel takes seconds: a twentieth of a second beside it does not count."""
    with kept_open(tmp_path / "tmp", 4_000):
        begun = time.monotonic()
        work(partial(tasks.count, folder=tmp_path), 1, engine, "starting", lambda *_: None)
        started = time.monotonic()
        work(partial(tasks.count, folder=tmp_path), PARTITIONS, engine, "counting", lambda *_: None)
        ended = time.monotonic()
    each = (ended - started) / PARTITIONS
    print(f"{engine.kind}, {engine.workers} workers: start {started - begun:.1f} s, {each * 1000:.1f} ms per partition")
    assert each < 0.05
