"""Jobs as a user runs them: another process, another folder, names from the contract."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def run_job(tmp_path_factory):
    """`run_job("flows", "place.root=...")` from a folder of its own; the job must end well."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(job, *settings):
        command = [sys.executable, str(PROGRAM / "jobs" / f"{job}.py"), *settings]
        done = subprocess.run(command, cwd=elsewhere, env=os.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{job} ended with {done.returncode}: {done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def country(tmp_path_factory, run_job):
    """`country(jobs, "synthetic.persons=...")`: a workspace in which those jobs have run."""

    def build(jobs, *settings):
        root = tmp_path_factory.mktemp("country")
        for job in jobs:
            run_job(job, f"place.root={root}", f"place.export={root / 'export'}", *settings)
        return root

    return build
