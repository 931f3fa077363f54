"""What a worker may tell: a kind, a place, or a sentence of ours; never the text of a library."""

import pytest

from mobility.errors import DataError
from mobility.run.engine import WorkerError, _Failed, _guarded, work
from mobility.settings import Engine

LOCAL = Engine("local", None, None)


def test_work_gives_the_results_in_the_order_of_the_partitions_and_tells_how_far_it_is():
    told = []
    assert work(lambda partition: partition * 10, 3, LOCAL, "tens", lambda *now: told.append(now), rows=int) == [
        0,
        10,
        20,
    ]
    assert told == [("tens", 0, 3), ("tens", 1, 3, 0), ("tens", 2, 3, 10), ("tens", 3, 3, 30)]


def fails(partition):
    raise ValueError("person 987654321")


def refuses(partition):
    raise DataError("Residence: 3 rows.")


def test_a_fault_in_a_worker_travels_without_its_text():
    failed = _guarded(fails, 4)
    assert isinstance(failed, _Failed)
    error = failed.error("residence", 4)
    assert isinstance(error, WorkerError)
    assert "987654321" not in str(error)
    assert str(error).startswith("ValueError in residence, partition 4, at ")


def test_a_refusal_in_a_worker_stays_what_it_is():
    error = _guarded(refuses, 0).error("residence", 0)
    assert isinstance(error, DataError)
    assert str(error) == "Residence: 3 rows."


def test_in_this_process_an_exception_is_simply_raised():
    with pytest.raises(DataError):
        work(refuses, 1, LOCAL, "residence", lambda *_: None)
