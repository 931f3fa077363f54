"""What the table of the benchmark says, counted by hand, and what the job refuses. Nothing here looks at the clock."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from mobility.benchmark import contest
from mobility.benchmark.figures import GROWTH_HEAD, HEAD, Row, growth, show, write
from mobility.benchmark.measure import Measured, UnfinishedError, measure
from mobility.benchmark.request import Benchmark
from mobility.benchmark.stages import STARTING, STOPPING, flows_were_counted, pieces, seconds_of_work
from mobility.errors import DataError, RequestError
from mobility.flows.counts import FLOW_KEYS
from mobility.run.engine import WorkerError

PROGRAM = Path(__file__).resolve().parents[2]
STAGES = ("ingest", "moves", "flows")


def silent(what, done, of):
    return None


# ---- The figures ----------------------------------------------------------------------------------------------


def test_growth_compares_each_size_with_the_one_before():
    """Ten times the persons in 20 times the seconds: twice as much per person. Memory half as much again."""
    small, large = growth({10_000: (40.0, 300.0), 1_000: (2.0, 200.0)}, "ingest")
    assert (small.persons, small.time_ratio, small.memory_ratio) == (1_000, None, None)
    assert (large.persons, large.time_ratio, large.memory_ratio) == (10_000, 40 / 2 / 10, 300 / 200)


def test_a_row_shows_its_rate_and_its_ratios():
    row = Row("part", "duckdb", 4.0, 1234.4, 10_000, 2.0, 0.5, agrees=False, processor=7.5, processor_to_peer=0.4)
    assert row.cells == ("duckdb", "4.00", "7.50", "1,234", "2,500", "2.00", "0.50", "0.40", "NO")
    assert Row("part", "pandas", word="skipped: not installed").cells == ("pandas", *[""] * 7, "skipped: not installed")


def test_without_a_terminal_the_table_is_plain_lines(capsys):
    show(Console(width=40), "ingest", HEAD, [Row("ingest", "floor", 1.0, 10.0, 100).cells])
    title, head, line = capsys.readouterr().out.splitlines()
    assert title == "ingest"
    assert head.split("  ")[1] == "stage"
    assert line.split() == ["floor", "1.00", "10", "100"]


def test_figures_are_written_as_json_and_as_markdown(tmp_path):
    rows = [Row("ingest, 1,000 persons, sav", "ingest", 2.0, 100.0, 4_000, 1.5)]
    path = write(tmp_path, {"cores": 2}, rows, growth({1_000: (2.0, 100.0)}, "ingest"), ["A word."])
    text = path.read_text(encoding="utf-8")
    assert "| ingest | 2.00 |  | 100 | 2,000 | 1.50 |  |  |  |" in text
    assert f"| {' | '.join(GROWTH_HEAD)} |" in text
    assert text.endswith("- A word.\n")
    assert '"seconds": 2.0' in (tmp_path / "benchmark.json").read_text(encoding="utf-8")


# ---- Sizes and formats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "sizes", "written_as"),
    [
        (5_000, [5_000], ("sav",)),
        (10_000, [1_000, 10_000], ("sav",)),
        (1_000_000, [10_000, 100_000, 1_000_000], ("sav",)),
        (10_000_000, [100_000, 1_000_000, 10_000_000], ("parquet",)),
    ],
)
def test_sizes_grow_tenfold_and_large_countries_are_parquet(size, sizes, written_as):
    asked = Benchmark(size, (), STAGES, (), ())
    assert (asked.sizes, asked.written_as) == (sizes, written_as)


@pytest.mark.parametrize(
    ("stages", "measured"),
    [
        (("ingest",), ["ingest"]),
        (("flows",), ["moves", "flows"]),
        (("chains", "ingest"), ["ingest", "moves", "flows", "chains"]),
        (("monitor",), ["moves", "flows", "chains", "monitor"]),
    ],
)
def test_a_stage_is_measured_with_those_it_needs(stages, measured):
    assert Benchmark(5_000, (), stages, (), ()).measured == measured


def test_other_sizes_may_be_asked_for_and_lie_below_the_largest():
    assert Benchmark(300_000, (), STAGES, (), (30_000, 3_000)).sizes == [3_000, 30_000, 300_000]
    for wrong in (300_000, 10):
        with pytest.raises(RequestError, match="smaller"):
            Benchmark(300_000, (), STAGES, (), (wrong,))


@pytest.mark.parametrize(
    ("size", "stages", "formats", "words"),
    [
        (999, STAGES, (), "size is too small"),
        (5_000, (), (), "stages is empty"),
        (2_000_000, STAGES, ("sav",), "formats: SPSS files"),
    ],
)
def test_what_cannot_be_measured_is_refused(size, stages, formats, words):
    with pytest.raises(RequestError, match=words):
        Benchmark(size, (), stages, formats, ())


def test_a_tool_that_holds_everything_in_memory_is_not_asked_for_a_large_country():
    assert "up to 300,000 persons" in contest.absence("pandas", 300_001)


# ---- Measuring ------------------------------------------------------------------------------------------------


def _fill(megabytes, tell):
    tell("filling", 0, 1)
    held = bytearray(os.urandom(1 << 20) * megabytes)
    time.sleep(0.2)  # long enough for a sample from outside
    tell("filling", 1, 1)
    return {"bytes": len(held)}


def _fill_in_a_child(megabytes, tell):
    held = f"import os, time; held = bytearray(os.urandom(1 << 20) * {megabytes}); time.sleep(1)"
    subprocess.run([sys.executable, "-c", held], check=True)
    return {}


def _refuse(tell):
    raise DataError("GBAPERSOONTAB: no rows.")


def _break(tell):
    raise KeyError("a value that must not be shown")


def _vanish(tell):
    os._exit(7)


def test_memory_of_the_process_and_of_its_children_is_seen():
    small, large = (measure(partial(_fill, megabytes), silent) for megabytes in (1, 300))
    assert large.told == {"bytes": 300 << 20}
    assert large.peak_mb >= small.peak_mb + 250
    assert measure(partial(_fill_in_a_child, 300), silent).peak_mb >= small.peak_mb + 250


def test_progress_of_a_measured_task_is_passed_on():
    heard = []
    measured = measure(partial(_fill, 1), lambda *told: heard.append(told))
    assert heard == [("filling", 0, 1), ("filling", 1, 1)]
    assert measured.began <= measured.begun["filling"] < measured.done["filling"] <= measured.ended


def test_what_goes_wrong_in_a_measured_process_keeps_its_kind():
    with pytest.raises(DataError, match="GBAPERSOONTAB: no rows"):
        measure(_refuse, silent)
    with pytest.raises(WorkerError) as fault:
        measure(_break, silent)
    assert "KeyError" in str(fault.value)
    assert "must not be shown" not in str(fault.value)
    with pytest.raises(UnfinishedError, match="exit code 7"):
        measure(_vanish, silent)


def test_only_the_part_of_the_step_flows_that_peers_make_too_is_compared():
    begun = {"flows (events)": 1.0, "flows (transitions)": 2.0, "account": 3.0, "indices": 4.0}
    step = Measured(0.0, 5.0, {}, begun, {}, 0, [])
    assert flows_were_counted(step) == "indices"
    assert flows_were_counted(Measured(0.0, 5.0, {}, {}, {}, 0, [])) is None


def test_starting_and_ending_workers_is_no_work():
    """Started from second 0 to 3, ended from 9 to 10: six seconds of work. Without workers all of it is work."""
    step = Measured(0.0, 10.0, {}, {STARTING: 0.0, "flows": 3.0, STOPPING: 9.0}, {STARTING: 3.0, "flows": 8.0}, 0, [])
    assert seconds_of_work(step) == 6.0
    assert pieces(step) == {STARTING: 3.0, "flows": 5.0}
    assert seconds_of_work(Measured(0.0, 10.0, {}, {}, {}, 0, [])) == 10.0


# ---- Agreement ------------------------------------------------------------------------------------------------

FLOWS = pl.DataFrame(
    {
        "level": ["region"] * 2,
        "count": ["events"] * 2,
        "year": [2012, 2013],
        "origin": ["elsewhere"] * 2,
        "destination": ["elsewhere"] * 2,
        "income_class": ["q1"] * 2,
        "persons": [4, 5],
        "households": [2, 3],
    }
)


@pytest.mark.parametrize(
    ("given", "agrees"),
    [
        (FLOWS, True),
        (FLOWS.reverse(), True),  # order is not compared
        (FLOWS.select(reversed(FLOWS.columns)), True),
        (FLOWS.with_columns(pl.col("persons") + 1), False),
        (FLOWS.head(1), False),
        (pl.concat([FLOWS, FLOWS.head(1)]), False),
        (FLOWS.drop("households"), False),
    ],
)
def test_an_answer_agrees_cell_for_cell_or_not_at_all(tmp_path, given, agrees):
    ours = tmp_path / "ours.parquet"
    FLOWS.write_parquet(ours)
    given.write_parquet(tmp_path / "flows.parquet")
    assert contest.same(ours, tmp_path / "flows", FLOW_KEYS, ("persons", "households")) == agrees
