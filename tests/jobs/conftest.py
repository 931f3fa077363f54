"""Jobs as a user runs them: another process, another folder, names from the contract."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mobility.run.job import start_task

PROGRAM = Path(__file__).resolve().parents[2]
SMALL = (
    *("synthetic.persons=2500", "synthetic.seed=4"),
    # Less of what takes seconds at any size: intervals by few draws, and some of the tables.
    "study.estimates.draws=199",
    "study.release.tables=[quality,flows,flows_total,cohort,chains,chains_destination]",
)


@pytest.fixture(scope="session")
def run_job(tmp_path_factory):
    """`run_job("flows", "place.root=...")` from a folder of its own: exit code, stdout and stderr."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(job, *settings, **environment):
        command = [sys.executable, str(PROGRAM / "jobs" / f"{job}.py"), *map(str, settings)]
        done = subprocess.run(
            command, cwd=elsewhere, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert list(elsewhere.iterdir()) == [], "a job leaves nothing where the user happens to stand"
        return done

    return run


@pytest.fixture(scope="session")
def run_all(run_job):
    """Several jobs, two at a time: `run_all([("flows", "--help"), ...])`, results in the same order."""

    def run(requests):
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda request: run_job(*request), requests))

    return run


@pytest.fixture
def ask_task(monkeypatch, capsys):
    """`ask_task("purge", purge, "place.root=...")` in this process: exit code, stdout and stderr."""

    def run(name, do, *settings):
        monkeypatch.setattr(sys, "argv", [f"jobs/{name}.py", *map(str, settings)])
        code = 0
        try:
            start_task(name, do)
        except SystemExit as ended:
            code = ended.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def source(tmp_path_factory, run_job):
    """The registers of a small fictitious country; read only."""
    root = tmp_path_factory.mktemp("registers")
    done = run_job("synthesise", f"place.root={root}", *SMALL)
    assert done.returncode == 0, done.stderr
    return root / "source"


@pytest.fixture(scope="session")
def places():
    """The settings that put a workspace and its export below one folder, reading registers from another."""

    def settings(root, source):
        return (f"place.root={root}", f"place.export={root / 'export'}", f"register.root={source}", *SMALL)

    return settings
