"""One run at a time in a workspace: a lock of the operating system, which ends with the process that holds it."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from mobility.errors import RequestError
from mobility.run.files import make_folder, write_json
from mobility.run.workspace import Workspace

_LOCK = ".mobility-lock"
_HOLDER = "running.json"  # beside the lock, since Windows lets nobody read a file that is locked


@contextmanager
def held(space: Workspace, job: str) -> Iterator[None]:
    """Hold a workspace for the length of a job.

    The lock lies on `<place.root>/.mobility-lock` and is gone when the process is, however it ended; who holds it stands in
    `<place.root>/runs/running.json`.

    Args:
        space: the workspace, made.
        job: that wants it.

    Raises:
        RequestError: another run holds it; says which, since when, and what to do.
    """
    holder = space.runs / _HOLDER
    lock = FileLock(space.root / _LOCK, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        refused = RequestError(
            f"place.root: {_who(space)} is at work in {space.root}. Nothing was changed. Wait until it has ended, or give "
            "this run a place.root of its own."
        )
    else:
        try:
            make_folder(space.runs)
            write_json(holder, _me(job))
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()
        return
    raise refused


def _me(job: str) -> dict[str, str | int]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a process without an account, as in a container
        user = "somebody"
    since = dt.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return {"job": job, "user": user, "process": os.getpid(), "machine": platform.node(), "since": since}


def _who(space: Workspace) -> str:
    """Who holds the lock, as far as that can be read."""
    try:
        told = json.loads((space.runs / _HOLDER).read_text(encoding="utf-8"))
        return f"jobs/{told['job']}.py of {told['user']} (process {told['process']} on {told['machine']}, since {told['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
