"""An ingest that is killed, at whatever moment, and started again ends as if nothing had happened."""

import subprocess
import time

import pytest

from mobility.run.workspace import MARKER
from tests.faults.checks import DONE, PANEL, assert_nothing_half_written, assert_nothing_shown, results
from tests.faults.runner import run_job, start_job

# Share of the time of a whole run, from the moment it takes the workspace, after which it is killed.
MOMENTS = (0.02, 0.25, 0.5, 0.75, 0.95)
MORE_MOMENTS = tuple(number / 40 for number in range(40))
_POLL = 0.002  # seconds


def _until_it_begins(process, root):
    """Waits until a run takes its workspace: before that nothing is written."""
    while not (root / MARKER).exists() and process.poll() is None:
        time.sleep(_POLL)
    return time.monotonic()


@pytest.fixture(scope="module")
def whole_run(country, settings, sound, tmp_path_factory):
    """Seconds from the moment an undisturbed run takes its workspace to its end."""
    root = tmp_path_factory.mktemp("whole") / "workspace"
    with start_job("ingest", *settings(root, country[0])) as process:
        begun = _until_it_begins(process, root)
        _, err = process.communicate(timeout=300)
    assert process.returncode == DONE, err
    assert results(root) == sound[0], "a process of its own gives what the worker gives"
    return time.monotonic() - begun


def kill_after(seconds, root, asked):
    """Start an ingest and kill it so long after it took the workspace; whether it was still running."""
    with start_job("ingest", *asked) as process:
        begun = _until_it_begins(process, root)
        try:
            process.wait(max(0.0, begun + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()  # SIGKILL; on Windows it is terminated
        process.communicate(timeout=60)
    return process.returncode != DONE


def assert_killed(share, whole_run, root, asked):
    """Kill it at this share of a run; sooner, should it have been faster than the run that was measured."""
    for _ in range(6):
        if kill_after(share * whole_run, root, asked):
            return
        share /= 2
        (root / "runs" / "ingest.json").unlink()  # else the next attempt would have nothing to do
    pytest.fail("the run always ended before it was killed")


def assert_ends_as_if_undisturbed(run, root, asked, sound):
    panel = root / "panel"
    if (panel / "panel.json").exists():
        assert {path.name for path in panel.iterdir()} >= set(PANEL), "panel.json says that the panel is whole"
    ended = run("ingest", *asked)
    assert ended.code == DONE, ended.err
    assert_nothing_shown(ended, root)
    assert_nothing_half_written(root, ended.code)
    assert results(root) == sound[0]


@pytest.mark.parametrize("share", MOMENTS)
def test_a_killed_ingest_can_be_started_again(share, country, settings, sound, whole_run, worker, tmp_path):
    root = tmp_path / "workspace"
    asked = settings(root, country[0])
    assert_killed(share, whole_run, root, asked)
    assert_ends_as_if_undisturbed(worker.run, root, asked, sound)


def test_an_ingest_killed_again_and_again_ends_the_same(country, settings, sound, whole_run, tmp_path):
    root = tmp_path / "workspace"
    asked = settings(root, country[0])
    for share in (0.6, 0.5, 0.3):
        assert_killed(share, whole_run, root, asked)
    assert_ends_as_if_undisturbed(run_job, root, asked, sound)


@pytest.mark.campaign
@pytest.mark.parametrize("share", MORE_MOMENTS)
def test_an_ingest_killed_at_any_moment_can_be_started_again(
    share, country, settings, sound, whole_run, worker, tmp_path
):
    root = tmp_path / "workspace"
    asked = settings(root, country[0])
    assert_killed(share, whole_run, root, asked)
    assert_ends_as_if_undisturbed(worker.run, root, asked, sound)
