"""Protect the aggregates and write what passed to the export folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mobility.errors import RequestError
from mobility.release.crate import CRATE
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.release.monitored import INDICATORS
from mobility.release.prepared import files_of
from mobility.release.sdmx import SDMX
from mobility.run.progress import Tell
from mobility.settings import Settings
from mobility.steps import chains, flows, monitor
from mobility.steps.job import Job, Told, workspace
from mobility.steps.members import find_members


def _asked(settings: Settings) -> dict[str, Any]:
    # The page is made from what the release says about the study, so the words of the study count as well.
    modes = settings.study.release.modes
    return {
        "study": settings.study,
        "tables": [
            load_declaration(name, modes, workspace(settings).outputs) for name in settings.study.release.tables
        ],
        "disclosure": settings.disclosure,
        "export": settings.place.export.absolute(),
    }


def _inputs(settings: Settings) -> list[Path]:
    space = workspace(settings)
    tables = settings.study.release.tables
    own = space.outputs
    sources = {name for table in tables for name in files_of(load_declaration(table, own=own).source)}
    absent = sorted(source for source in sources if not space.aggregate(source).is_file())
    if absent:
        raise RequestError(
            f"There is no aggregate {', '.join(absent)} yet. Run jobs/pipeline.py, or the job that makes it."
        )
    return [*(space.aggregate(source) for source in sorted(sources)), space.registers / "sources.json"]


def _outputs(settings: Settings, told: Told) -> list[Path]:
    folder = Path(told["folder"])
    return [
        folder / "tables",
        folder / "dossier",
        folder / SDMX,
        folder / "datapackage.json",
        folder / CRATE,
        workspace(settings).check / told["name"],
    ]


def _run(settings: Settings, tell: Tell) -> Told:
    tell("tables through the gate", 0, len(settings.study.release.tables))
    released = release(settings, find_members(settings))
    tell("tables through the gate", len(released.tables), len(released.tables))
    return {
        "written": released.written,
        "name": released.name,
        "folder": str(released.folder.absolute()),
        "archive": str(released.archive.absolute()),
        "tables": {table.table: [table.offered, table.published] for table in released.tables},
        "told": list(released.told),
    }


def _closing(settings: Settings, told: Told) -> list[str]:
    lines = [f"{name}: {published:,} cells published" for name, (_, published) in told["tables"].items()]
    lines += told["told"]
    if not told["written"]:
        return [*lines, "only looked at (check=true): nothing was written, and the rounding is a rehearsal"]
    return [
        *lines,
        f"ready for the output check: {told['archive']}",
        f"for the officer, inside only: {workspace(settings).check / told['name']}",
    ]


def _after(settings: Settings) -> tuple[Job, ...]:
    made = (flows.JOB, chains.JOB) if settings.study.programmes else (flows.JOB,)
    return (*made, monitor.JOB) if INDICATORS in settings.study.release.tables else made


JOB = Job(
    name="release",
    does="let the tables that passed the gate out",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
    after=_after,
)
