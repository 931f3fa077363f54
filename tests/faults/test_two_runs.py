"""Two runs in one workspace: the second says who is at work and ends; a run that was killed leaves no lock behind."""

import json
import subprocess
import sys

import pytest

from mobility.errors import RequestError
from mobility.run.lock import held
from mobility.run.workspace import Workspace
from tests.faults.checks import DONE, WRONG_REQUEST
from tests.faults.runner import PROGRAM, run_job

_HOLD = """
import sys, time
from pathlib import Path
from mobility.run.lock import held
from mobility.run.workspace import Workspace
with held(Workspace(Path(sys.argv[1])).make(), "moves"):
    print("held", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def other(tmp_path):
    """A run of another process, at work in `tmp_path / "workspace"`."""
    command = [sys.executable, "-c", _HOLD, str(tmp_path / "workspace")]
    process = subprocess.Popen(command, cwd=PROGRAM, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_ends_with_a_sentence_that_says_who_is_at_work(other, country, settings, tmp_path):
    root = tmp_path / "workspace"
    before = sorted(path.relative_to(root) for path in root.rglob("*"))
    ended = run_job("ingest", *settings(root, country[0]))
    assert ended.code == WRONG_REQUEST, ended.err
    told = json.loads((root / "runs" / "running.json").read_text(encoding="utf-8"))
    assert f"jobs/moves.py of {told['user']} (process {other.pid} on " in ended.err
    assert f"since {told['since']}" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert sorted(path.relative_to(root) for path in root.rglob("*")) == before


def test_a_run_that_was_killed_holds_nothing(other, country, settings, tmp_path):
    root = tmp_path / "workspace"
    other.kill()
    other.wait()
    assert (root / "runs" / "running.json").exists(), "it could not clear up"
    ended = run_job("ingest", *settings(root, country[0]))
    assert ended.code == DONE, ended.err
    assert not (root / "runs" / "running.json").exists()


def test_to_look_only_needs_no_lock(other, worker, country, settings, tmp_path):
    ended = worker.run("ingest", *settings(tmp_path / "workspace", country[0]), "check=true")
    assert ended.code == DONE, ended.err


def test_without_a_word_of_the_holder_the_second_is_refused_all_the_same(tmp_path):
    space = Workspace(tmp_path / "workspace").make()
    with held(space, "moves"):
        (space.runs / "running.json").write_text("{", encoding="utf-8")
        with pytest.raises(RequestError, match="another run is at work"), held(space, "flows"):
            pass
    with held(space, "flows"):
        pass
