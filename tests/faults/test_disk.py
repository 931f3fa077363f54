"""A disk that is full and a workspace that cannot be written: a sentence, nothing half-written, and the same command mends it."""

import os
import resource
import shutil
import signal
import subprocess

import polars as pl
import pyarrow as pa
import pytest

from mobility.run.refusals import machine_error
from tests.faults.checks import DONE, assert_nothing_half_written, assert_nothing_shown, results
from tests.faults.runner import run_job

FAULT = 1

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")


def limited(size):
    """No file may grow beyond so many bytes: a write then fails as on a full disk, with EFBIG."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.slow
@pytest.mark.parametrize("size", [2_000, 5_000, 9_000])
def test_a_file_that_cannot_grow_is_told_and_the_same_command_goes_on(
    size, country, settings, sound, worker, tmp_path, note_fault
):
    root = tmp_path / "workspace"
    asked = settings(root, country[0])
    ended = run_job("ingest", *asked, preexec_fn=limited(size))
    assert ended.code == FAULT
    assert "The machine refused: File too large" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert_nothing_shown(ended, root)
    assert_nothing_half_written(root, ended.code)
    assert worker.run("ingest", *asked).code == DONE
    assert results(root) == sound[0]
    note_fault("a file cannot grow (RLIMIT_FSIZE)", survived=True)


def mounted(folder, kilobytes):
    """Whether a file system of so many kilobytes could be mounted there."""
    command = [
        shutil.which("mount") or "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={kilobytes}k,mode=700",
        "tmpfs",
        str(folder),
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unmount(folder):
    subprocess.run([shutil.which("umount"), "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 600 kB: a tiny workspace takes more."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mounted(folder, 600):
        pytest.skip("a tmpfs cannot be mounted here")
    yield folder
    unmount(folder)


@pytest.mark.slow
def test_a_full_disk_is_told_and_room_mends_it(small_disk, country, settings, sound, worker, note_fault):
    root = small_disk / "workspace"
    asked = settings(root, country[0])
    ended = run_job("ingest", *asked)
    assert ended.code == FAULT
    assert "The machine refused: No space left on device" in ended.err
    assert "make room, or name another place.root" in ended.err
    assert_nothing_shown(ended, root)
    assert_nothing_half_written(root, ended.code)
    subprocess.run([shutil.which("mount"), "-o", "remount,size=200m", str(small_disk)], check=True)
    assert worker.run("ingest", *asked).code == DONE
    assert results(root) == sound[0]
    note_fault("disk full", survived=True)


def test_a_workspace_that_cannot_be_written_is_told(small_disk, country, settings, note_fault):
    root = small_disk / "workspace"
    subprocess.run([shutil.which("mount"), "-o", "remount,ro", str(small_disk)], check=True)
    ended = run_job("ingest", *settings(root, country[0]))
    assert ended.code == FAULT
    assert "The machine refused: Read-only file system" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    note_fault("read-only workspace", survived=True)


def test_what_libraries_raise_for_a_full_disk_becomes_the_same_sentence_without_their_text():
    of_polars = pl.exceptions.ComputeError("person 987654321: No space left on device (os error 28)")
    of_pyarrow = pa.ArrowException("[Errno 28] Error writing bytes of 987654321")
    for error in (of_polars, of_pyarrow, OSError(28, "No space left on device")):
        told = str(machine_error(error))
        assert "No space left on device" in told
        assert "987654321" not in told
    assert machine_error(pl.exceptions.ComputeError("conversion of 987654321 failed")) is None
    assert "memory" in str(machine_error(MemoryError()))
