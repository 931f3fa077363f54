"""Runs jobs for the tests of this folder: quickly in a worker, or truly as a user does."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAM = Path(__file__).resolve().parents[2]
_ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROGRAM), "PYTHONUTF8": "1"}


@dataclass(frozen=True)
class Ended:
    """How a run ended; a code that is no number says that it did not end by itself."""

    code: int | str
    out: str
    err: str


def _spent(process):
    """Seconds of the processor; none of a process that has ended."""
    try:
        return process.cpu_times().user + process.cpu_times().system
    except psutil.Error:
        return 0.0


class Worker:
    """A process that runs one job after another; started again when a job takes it down, ended when one does not end.

    Args:
        folder: for what it says.
        seconds: of the processor that a job may take; a machine that others use gives them slowly.
        patience: seconds by the clock.
    """

    def __init__(self, folder, seconds=120, patience=1_800):
        self._folder, self._seconds, self._patience, self._process = folder, seconds, patience, None

    def run(self, job, *settings):
        out, err = self._folder / "out.txt", self._folder / "err.txt"
        request = {"job": job, "settings": [str(each) for each in settings], "out": str(out), "err": str(err)}
        process, ended, late = self._started(), threading.Event(), threading.Event()
        guard = threading.Thread(target=self._guard, args=(psutil.Process(process.pid), ended, late))
        guard.start()
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline().strip()
        ended.set()
        guard.join()
        code = int(answer) if answer else "no end" if late.is_set() else "died"
        if not answer:
            self.stop()
        return Ended(code, *(path.read_text(encoding="utf-8", errors="replace") for path in (out, err)))

    def _guard(self, process, ended, late):
        begun, spent = time.monotonic(), _spent(process)
        while not ended.wait(1):
            if _spent(process) - spent > self._seconds or time.monotonic() - begun > self._patience:
                late.set()
                process.kill()
                return

    def stop(self):
        if self._process is not None:
            self._process.stdin.close()
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def _started(self):
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("worker.py"))],
                cwd=self._folder,
                env=_ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        return self._process


def start_job(job, *settings, environment=None, **others):
    """A job as a user starts it, still running; `environment` is added to that of the tests."""
    command = [sys.executable, str(PROGRAM / "jobs" / f"{job}.py"), *map(str, settings)]
    return subprocess.Popen(
        command,
        env=_ENVIRONMENT | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        **others,
    )


def run_job(job, *settings, timeout=300, **others):
    """A job as a user runs it."""
    with start_job(job, *settings, **others) as process:
        out, err = process.communicate(timeout=timeout)
    return Ended(process.returncode, out, err)
