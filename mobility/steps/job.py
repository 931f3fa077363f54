"""What every step tells about itself, so that one place can run it, skip it and report on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobility.errors import RequestError
from mobility.run.progress import Tell
from mobility.run.steps import Step
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
        outputs: the files and folders it made, given what it told.
        run: does it; returns counts for the closing summary.
        closing: from what `run` told, the lines people read.
        after: the steps whose outputs it reads, in a study.
    """

    name: str
    does: str
    asked: Callable[[Settings], dict[str, Any]]
    inputs: Callable[[Settings], list[Path]]
    outputs: Callable[[Settings, Told], list[Path]]
    run: Callable[[Settings, Tell], Told]
    closing: Callable[[Settings, Told], list[str]]
    after: Callable[[Settings], tuple[Job, ...]] = lambda _: ()


def workspace(settings: Settings) -> Workspace:
    """The secure workspace of a run."""
    return Workspace(settings.place.root.absolute())


def step_record(settings: Settings, name: str) -> Step:
    """What is remembered of a step in this workspace."""
    return Step(name, workspace(settings).runs / f"{name}.json")


def release_folder(settings: Settings) -> Path:
    """Where the release that was made last lies.

    Raises:
        RequestError: there is none.
    """
    told = step_record(settings, "release").told()
    folder = Path(str(told.get("folder", "")))
    if told and folder.parent == settings.place.export.absolute() / settings.study.name and folder.is_dir():
        return folder
    raise RequestError(
        f"There is no release of {settings.study.name} in {settings.place.export.absolute()} yet. Run jobs/release.py first, "
        "or jobs/pipeline.py."
    )
