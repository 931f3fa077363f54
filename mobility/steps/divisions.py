"""The codes of address objects in the division of another year than the study's: part of the step `chains`."""

from __future__ import annotations

import shutil

import polars as pl

from mobility.areas import ProgrammeArea
from mobility.chains.translated import OBJECT, translate
from mobility.errors import RequestError
from mobility.panel.store import Panel
from mobility.registers.dictionary import load_register
from mobility.registers.find import find_files
from mobility.registers.ingest import ingest_file
from mobility.settings import Settings
from mobility.steps.job import workspace

_GEOGRAPHY = "VSLGWBTAB"


def in_study_division(settings: Settings, given: tuple[ProgrammeArea, ...], year: int) -> list[ProgrammeArea]:
    """The areas of a programme in buurten of the study.

    VSLGWBTAB is read once more, for the columns of that year.

    Raises:
        RequestError: the register is not there, or of an area no buurt is found.
        DataError: it cannot be read, or has no such division.
    """
    space = workspace(settings)
    register = load_register(_GEOGRAPHY)
    found = find_files(register, settings.register.root, settings.register.files)
    if not found:
        raise RequestError(
            f"study.programmes: a programme is written in the division of {year}, and {_GEOGRAPHY}, which tells what that is in "
            f"the study's, is not below register.root."
        )
    scratch = space.root / f"division-{year}.tmp"
    try:
        ingest_file(register, found[max(found)], year, settings.study.rules, scratch / "kept", scratch / "refused")
        written = pl.read_parquet(scratch / "kept" / "*.parquet").unique(OBJECT, keep="first", maintain_order=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    panel = Panel(space.panel)
    return translate(given, year, written, panel.objects(*OBJECT, "area"), panel.areas())
