"""Make the page from the release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mobility.release.archive import pack
from mobility.report import write_report
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Settings
from mobility.steps.job import Job, Told, release_folder
from mobility.steps.release import JOB as RELEASE


def _asked(settings: Settings) -> dict[str, Any]:
    return {"report": settings.report}


def _inputs(settings: Settings) -> list[Path]:
    folder = release_folder(settings)
    boundaries = [settings.report.map] if settings.report.map else []
    return [*files_below(folder / "tables"), folder / "datapackage.json", *boundaries]


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    folder = release_folder(settings)
    return [folder / "report.html", folder / "figures"]


def _run(settings: Settings, tell: Tell) -> Told:
    tell("page", 0, 1)
    page = write_report(release_folder(settings), settings.report.language, settings.report.map)
    pack(release_folder(settings))  # the page goes with the tables to the output check
    tell("page", 1, 1)
    return {"page": str(page)}


def _closing(settings: Settings, told: Told) -> list[str]:
    return [f"page: {told['page']}", f"figures for use elsewhere: {release_folder(settings) / 'figures'}"]


JOB = Job(
    name="report",
    does="make the page from the released tables",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
    after=lambda _: (RELEASE,),
)
