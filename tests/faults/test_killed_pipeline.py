"""A pipeline that is killed at a random moment and started again ends with the aggregates and tables of one that was not."""

import hashlib
import random
import shutil
import subprocess
import time

import pytest

from mobility.run.workspace import MARKER
from tests.faults.checks import DONE, assert_nothing_shown
from tests.faults.runner import run_job, start_job

SEED = 20261124
_FEW, _MANY = 5, 50
_moments = random.Random(SEED)  # noqa: S311 - no secret
SHARES = [round(_moments.uniform(0.0, 1.0), 3) for _ in range(_MANY)]
_POLL = 0.002


def asked(root, source):
    folders = (
        f"place.root={root}",
        f"place.export={root.parent / 'export'}",
        f"place.project={root.parent / 'project'}",
    )
    return (*folders, f"register.root={source}", "register.kind=cbs", "place.partitions=3", "study.flows.by=[]")


def made(root):
    """Aggregates, and the tables of the last release, by digest."""
    releases = sorted((root.parent / "export" / "demo").iterdir(), key=lambda path: path.name)
    releases = [path for path in releases if path.is_dir() and not path.name.startswith(".")]
    paths = [*(root / "aggregates").glob("*.parquet"), *(releases[-1] / "tables").glob("*.csv")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def whole(registers, tmp_path_factory):
    """A run that nothing disturbed: its folder, what it made, and its seconds."""
    root = tmp_path_factory.mktemp("whole") / "workspace"
    begun = time.monotonic()
    ended = run_job("pipeline", *asked(root, registers))
    assert ended.code == DONE, ended.err
    return root, made(root), time.monotonic() - begun


def kill_at(share, seconds, root, source):
    """Kill a pipeline after a share of the time that a whole one took; whether it was still running."""
    with start_job("pipeline", *asked(root, source)) as process:
        while not (root / MARKER).exists() and process.poll() is None:
            time.sleep(_POLL)
        try:
            process.wait(share * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate(timeout=60)
    return process.returncode != DONE


def ends_as_if_undisturbed(share, whole, registers, tmp_path, note_fault):
    sound, expected, seconds = whole
    root = tmp_path / "workspace"
    shutil.copytree(
        sound.parent / "project", tmp_path / "project", ignore=shutil.ignore_patterns("releases")
    )  # its secret
    was_killed = kill_at(share, seconds, root, registers)
    ended = run_job("pipeline", *asked(root, registers))
    went_well = ended.code == DONE and made(root) == expected
    note_fault(
        "pipeline killed at a random moment" if was_killed else "(ended before it was killed)", survived=went_well
    )
    assert ended.code == DONE, ended.err
    assert made(root) == expected
    assert_nothing_shown(ended, root)
    left = [
        path for path in tmp_path.rglob("*") if ".tmp-" in path.name or path.name in ("tmp", "flows.tmp", "build.tmp")
    ]
    assert left == []


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES[:_FEW])
def test_a_killed_pipeline_can_be_started_again(share, whole, registers, tmp_path, note_fault):
    ends_as_if_undisturbed(share, whole, registers, tmp_path, note_fault)


@pytest.mark.campaign
@pytest.mark.parametrize("share", SHARES[_FEW:])
def test_a_pipeline_killed_at_any_moment_can_be_started_again(share, whole, registers, tmp_path, note_fault):
    ends_as_if_undisturbed(share, whole, registers, tmp_path, note_fault)
