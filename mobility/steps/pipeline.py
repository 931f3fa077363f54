"""All the steps a study needs, in order."""

from __future__ import annotations

from mobility.settings import Settings
from mobility.steps import chains, flows, ingest, monitor, moves, release, report, synthesise
from mobility.steps.job import Job


def jobs(settings: Settings) -> list[Job]:
    """The road from registers to the page; a synthetic country is made first when the study runs on one."""
    first = [synthesise.JOB] if settings.register.kind == "synthetic" else []
    following = [chains.JOB] if settings.study.programmes else []
    watching = [monitor.JOB] if settings.study.monitor.indicators else []
    return [*first, ingest.JOB, moves.JOB, flows.JOB, *following, *watching, release.JOB, report.JOB]
