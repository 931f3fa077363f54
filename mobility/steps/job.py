"""What every step tells about itself, so that one place can run it, skip it and report on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobility.run.progress import Tell
from mobility.run.workspace import Workspace
from mobility.settings import Settings

Told = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One step.

    Attributes:
        name: as in `jobs/<name>.py`.
        does: what it does, for people.
        asked: the settings its result depends on.
        inputs: the files its result depends on.
        outputs: the files and folders it makes.
        run: does it; returns counts for the closing summary.
        closing: from what `run` told, the lines people read.
    """

    name: str
    does: str
    asked: Callable[[Settings], dict[str, Any]]
    inputs: Callable[[Settings], list[Path]]
    outputs: Callable[[Settings], list[Path]]
    run: Callable[[Settings, Tell], Told]
    closing: Callable[[Settings, Told], list[str]]


def workspace(settings: Settings) -> Workspace:
    """The secure workspace of a run."""
    return Workspace(settings.place.root.absolute())


def release_folder(settings: Settings) -> Path:
    """Where a release of this study goes."""
    return settings.place.export.absolute() / settings.study.name / settings.study.release.name
