"""Temporary files of every library lie in the workspace, and go with the run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from mobility.run.files import make_folder
from mobility.run.workspace import Workspace

_NAMES = ("TMPDIR", "TEMP", "TMP", "POLARS_TEMP_DIR")  # as Linux, Windows and polars call it


@contextmanager
def temporary_files(space: Workspace) -> Iterator[None]:
    """Meanwhile this process, and those it starts, put temporary files into `<place.root>/tmp`.

    What a run that was killed left there goes first, so the workspace must be held (`lock.held`).
    """
    shutil.rmtree(space.temporary, ignore_errors=True)
    folder = str(make_folder(space.temporary))
    known = tempfile.tempdir
    tempfile.tempdir = folder
    try:
        with environment(dict.fromkeys(_NAMES, folder)):
            yield
    finally:
        tempfile.tempdir = known
        shutil.rmtree(space.temporary, ignore_errors=True)


@contextmanager
def environment(given: dict[str, str]) -> Iterator[None]:
    """Meanwhile some variables have these values, also for processes that are started."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
