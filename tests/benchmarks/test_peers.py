"""DuckDB, pandas and R data.table, which share no code with the program, count the same flows, cell for cell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2]


def run_benchmark(root, *settings):
    command = [sys.executable, str(PROGRAM / "jobs" / "benchmark.py"), f"place.root={root}", *settings]
    return subprocess.run(command, cwd=root.parent, env=os.environ, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "further"),
    [
        pytest.param(20_000, (), id="as published"),
        pytest.param(
            5_000,
            (
                # One pair is a bundle, so that a small country has relocations; long holes; partitions; a cut-off in summer.
                "study.residence.renumbering.min_objects=1",
                "study.residence.renumbering.max_distance_m=5000",
                "study.residence.slack_days=200",
                "study.income.lag_years=2",
                "study.period.first_year=2010",
                "study.period.last_year=2022",
                "study.period.cut_off='2022-08-17'",
                "place.partitions=3",
            ),
            id="other definitions",
        ),
    ],
)
def test_peers_agree_with_the_program_cell_for_cell(tmp_path, size, further):
    pytest.importorskip("duckdb")
    done = run_benchmark(tmp_path / "ws", f"size={size}", "stages=[moves,flows]", "formats=[parquet]", *further)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "ws" / "benchmark"
    figures = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    rows = {row["what"]: row for row in figures["rows"] if f"{size:,} persons" in row["part"]}
    assert rows["duckdb"]["agrees"] is True
    for peer in ("pandas", "datatable"):
        assert rows[peer]["agrees"] is True or rows[peer]["word"].startswith("skipped")
    assert rows["moves + flows + account"]["to_floor"] > 0
    assert rows["duckdb"]["to_peer"] > 0
    assert "| duckdb |" in (folder / "benchmark.md").read_text(encoding="utf-8")
    counted = json.loads((folder / f"{size}-parquet" / "quality" / "moves.json").read_text(encoding="utf-8"))
    assert counted["events"]["administrative"] > 0, (
        "a country without administrative relocations would prove too little"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["sise=5"], ["sise is not a setting"]),
        (["size=soon"], ["size cannot be 'soon'", "a whole number"]),
        (["peers=[excel]"], ["peers[0] cannot be 'excel'", "duckdb, pandas, datatable"]),
        (["stages=[release]"], ["stages[0] cannot be 'release'", "ingest, moves, flows, chains, monitor"]),
        (["check=true"], ["check=true belongs to ingest and release"]),
        (["register=cbs", "register.root=."], ["register=synthetic"]),
    ],
)
def test_a_wrong_request_is_answered_in_a_sentence(tmp_path, settings, words):
    done = run_benchmark(tmp_path / "ws", *settings)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr.replace("\n", " ")
    assert not (tmp_path / "ws" / "benchmark").exists()


def test_other_jobs_do_not_know_the_keys_of_this_one(tmp_path):
    command = [sys.executable, str(PROGRAM / "jobs" / "flows.py"), f"place.root={tmp_path / 'ws'}"]
    for typed in ("size=5", "+size=5"):
        done = subprocess.run([*command, typed], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "size is not a setting" in done.stderr


def test_help_tells_the_keys_of_this_job(tmp_path):
    done = run_benchmark(tmp_path / "ws", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("size: 100000", "peers:", "stages:", "formats:", "jobs/benchmark.py", "demo, national", "0 done"):
        assert words in done.stdout


@pytest.mark.campaign
def test_a_panel_is_kept_and_what_follows_it_is_measured_beside_moves_and_flows(tmp_path):
    root = tmp_path / "ws"
    asked = [
        "size=3000",
        "smaller=[1000]",
        "peers=[]",
        "formats=[parquet]",
        "study.monitor.indicators=[A1]",
        "study.programmes=[]",
    ]
    panel = root / "benchmark" / "3000-parquet" / "panel" / "panel.json"
    made = []
    for further in (["stages=[monitor]"], ["stages=[moves]"], ["stages=[moves]", "study.geography.year=2022"]):
        done = run_benchmark(root, *asked, *further)
        assert done.returncode == 0, done.stderr
        made.append(panel.stat().st_mtime_ns)
        if len(made) == 1:
            figures = json.loads((root / "benchmark" / "benchmark.json").read_text(encoding="utf-8"))
    assert made[0] == made[1] < made[2], "kept, until another division is asked"
    rows = {row["what"] for row in figures["rows"] if row["part"] == "moves and flows, 3,000 persons, parquet"}
    assert {"moves", "flows + account", "chains", "monitor"} <= rows
    for stage in ("chains", "monitor"):
        assert any(f"{stage} takes" in word and "steps moves and flows" in word for word in figures["words"])


@pytest.mark.slow
def test_workers_are_measured_beside_one_process(tmp_path):
    done = run_benchmark(
        tmp_path / "ws",
        "size=3000",
        "smaller=[1000]",
        "peers=[]",
        "engines=[dask]",
        "engine.workers=1",
        "stages=[moves,ingest]",
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "ws" / "benchmark" / "benchmark.json").read_text(encoding="utf-8"))
    told = [row["what"] for row in figures["rows"] if row["part"] == "engines, 3,000 persons, sav"]
    assert told == ["ingest: local", "ingest: dask, 1 workers", "moves: local", "moves: dask, 1 workers"]
    assert any("with dask, 1 workers, ingest + moves take " in word for word in figures["words"])
