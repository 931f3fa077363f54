"""What follows from the memory there is: partitions, workers, files at once, or a sentence instead of a kill."""

import pytest

from mobility.errors import RequestError
from mobility.panel.partitions import partitions_for
from mobility.run import memory
from mobility.run.memory import allowed_mb, files_at_once, fitted, machine_mb, need_mb, rows_that_fit
from mobility.settings import Engine, Slurm

LOCAL = Engine("local", None, None)
FOUR = Engine("dask", 4, None)


@pytest.fixture
def machine(monkeypatch):
    """A machine of 16,000 MB outside any container and SLURM job; gives what sets the limits of control groups, in MB."""

    class Whole:
        total = 16_000 * memory.MB

    monkeypatch.setattr(memory.psutil, "virtual_memory", Whole)
    for name in ("SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_CPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)

    def groups(*limits):
        monkeypatch.setattr(memory, "_cgroup_limits", lambda: [limit * memory.MB for limit in limits])

    groups()
    return groups


def test_three_quarters_of_the_machine_unless_said_otherwise(machine):
    assert allowed_mb(None) == 12_000
    assert allowed_mb(5_000) == 5_000


def test_a_container_counts_as_the_machine(machine):
    machine(9_000, 4_000)
    assert machine_mb() == (4_000, "the container (cgroup) allows")
    assert allowed_mb(None) == 3_000


@pytest.mark.parametrize(
    "given", [{"SLURM_MEM_PER_NODE": "2000"}, {"SLURM_MEM_PER_CPU": "500", "SLURM_CPUS_ON_NODE": "4"}]
)
def test_a_slurm_job_has_what_it_asked_for(given, machine, monkeypatch):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert allowed_mb(None) == 1_500


def test_more_than_there_is_is_refused(machine):
    with pytest.raises(RequestError, match=r"place.memory is 20,000 MB, but this machine has 16,000 MB"):
        allowed_mb(20_000)


def test_the_limits_of_this_machine_can_be_read():
    assert machine_mb()[0] > 100
    assert all(limit > 0 for limit in memory._cgroup_limits())


def test_rows_that_fit_do_fit_and_one_more_thousand_does_not():
    rows = rows_that_fit(2_000)
    assert need_mb(rows) <= 2_000 < need_mb(rows + 2_000)
    assert rows_that_fit(100) == 0


@pytest.mark.parametrize(
    ("memory_mb", "workers", "partitions"),
    # 74 million registrations, as in the country; 300 MB per process and 900 bytes per row
    [(100_000, 1, 50), (2_000, 1, 50), (1_000, 1, 91), (8_000, 8, 91)],
)
def test_less_memory_makes_more_partitions(memory_mb, workers, partitions):
    assert partitions_for(74_000_000, rows_that_fit(memory_mb // workers)) == partitions


def test_no_more_workers_than_fit():
    rows = 1_000_000  # 300 MB + 859 MB each
    assert need_mb(rows) == 1_159
    assert fitted(FOUR, rows, 10_000).workers == 4
    assert fitted(FOUR, rows, 3_000).workers == 2
    assert fitted(LOCAL, rows, 3_000) == LOCAL


def test_a_partition_that_fits_nowhere_is_refused_with_a_way_out():
    with pytest.raises(RequestError, match=r"needs about 1,159 MB and 1,000 MB are allowed.*place.partitions"):
        fitted(LOCAL, 1_000_000, 1_000)


def test_on_a_node_of_slurm_its_own_memory_counts():
    node = Slurm("comp_env", "24:00:00", 128, 16_000, 16, True, None, None, ())
    engine = Engine("slurm", 2, None, node)
    assert fitted(engine, 500_000, 600) == engine
    with pytest.raises(RequestError, match=r"1,000 MB are allowed"):
        fitted(engine, 1_000_000, 600)


def test_large_files_are_read_one_by_one_where_memory_is_little(tmp_path):
    files = [tmp_path / name for name in ("a.sav", "b.sav")]
    for file in files:
        with file.open("wb") as hole:
            hole.truncate(400 * memory.MB)  # a hole: takes no place on the disk
    assert files_at_once(files, 2, 4_000) == 2
    assert files_at_once(files, 2, 1_500) == 1
    with pytest.raises(RequestError, match=r"the largest register file needs about 1,300 MB and 900 MB"):
        files_at_once(files, 2, 900)
