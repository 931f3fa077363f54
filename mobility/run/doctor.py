"""The job `doctor`: is the installation whole, can the folders be used, are the registers there; and if not, what to do."""

from __future__ import annotations

import importlib.metadata as metadata
import os
import platform
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import Requirement
from rich.console import Console
from rich.markup import escape

from mobility.errors import MobilityError, RequestError
from mobility.folders import PROGRAM
from mobility.run.job import check_folders
from mobility.run.memory import BASE_MB, allowed_mb, machine_mb
from mobility.run.workspace import Workspace
from mobility.settings import Settings, read_settings
from mobility.steps.choice import choose
from mobility.steps.sources import needed_files, survey_registers

_LEAST_FREE_MB = 2_000
_MB = 1 << 20
_MARKS = {"good": "[green]ok[/green]   ", "note": "[yellow]note[/yellow] ", "bad": "[red]WRONG[/red]"}
_LONGEST = 160  # of a workspace on Windows; the files below it take up to a hundred characters more


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        how: good; note: works, and worth knowing; bad: will not work.
        what: in a sentence, with what to do unless it is good.
    """

    how: Literal["good", "note", "bad"]
    what: str


def doctor(given: dict[str, Any]) -> None:
    """Look at everything, say all that is wrong at once, change nothing.

    Args:
        given: the composed configuration.

    Raises:
        RequestError: something will not work; with their number.
    """
    settings = read_settings(given)
    console = Console(highlight=False, soft_wrap=True)
    found = [*_installation(), *_machine(settings), *_folders(settings), *_registers(settings)]
    for one in found:
        console.print(f"{_MARKS[one.how]} {escape(one.what)}")
    bad = sum(one.how == "bad" for one in found)
    if bad:
        raise RequestError(
            f"{bad} of {len(found)} things that were looked at will not work; each is marked WRONG above, with what to do."
        )
    console.print(f"doctor: {len(found)} things looked at, nothing wrong.")


def _installation() -> Iterator[Finding]:
    project = tomllib.loads((PROGRAM / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = platform.python_version()
    if sys.version_info[:2] < (3, 11) or sys.version_info[:2] > (3, 13):
        yield Finding(
            "bad", f"Python {version}: the program needs {project['requires-python']}. Ask for another Python."
        )
    else:
        yield Finding("good", f"Python {version} ({sys.executable})")
    yield from _packages(project["dependencies"])
    for extra, needed in project["optional-dependencies"].items():
        absent = [name for name, why in _unmet(needed).items() if why]
        yield (
            Finding("note", f"extra {extra}: {', '.join(absent)} not there")
            if absent
            else Finding("good", f"extra {extra}")
        )


def _packages(needed: list[str]) -> Iterator[Finding]:
    unmet = {name: why for name, why in _unmet(needed).items() if why}
    for name, why in unmet.items():
        yield Finding(
            "bad", f"{name}: {why}. Install what requirements.txt lists; jobs/bundle.py makes a folder of it."
        )
    if not unmet:
        yield Finding("good", f"{len(needed)} packages, each in a version that pyproject.toml allows")


def _unmet(needed: list[str]) -> dict[str, str]:
    """Package to what is wrong with it; empty text when nothing is."""
    found: dict[str, str] = {}
    for line in needed:
        asked = Requirement(line)
        try:
            there = metadata.version(asked.name)
        except metadata.PackageNotFoundError:
            found[asked.name] = f"not installed; {asked.specifier} is needed"
            continue
        fits = asked.specifier.contains(there, prereleases=True)
        found[asked.name] = "" if fits else f"{there} is installed, {asked.specifier} is needed"
    return found


def _machine(settings: Settings) -> Iterator[Finding]:
    there, says = machine_mb()
    try:
        allowed = allowed_mb(settings.place.memory)
    except RequestError as error:
        yield Finding("bad", str(error))
    else:
        enough = allowed > 2 * BASE_MB
        advice = "" if enough else " That is too little for more than a try; work where there is more."
        yield Finding("good" if enough else "bad", f"memory: {allowed:,} MB allowed ({says} {there:,} MB).{advice}")
    yield Finding("good", f"{os.cpu_count()} cores")


def _folders(settings: Settings) -> Iterator[Finding]:
    place = settings.place
    try:
        check_folders(settings)
    except RequestError as error:
        yield Finding("bad", str(error))
        return
    for key, folder in (("root", place.root), ("project", place.project), ("export", place.export)):
        if not os.access(_nearest(folder), os.W_OK | os.X_OK):
            yield Finding("bad", f"place.{key}: {folder} cannot be written to. Name a folder where you may write.")
        elif len(str(folder.absolute())) > _LONGEST and os.name == "nt":
            yield Finding("note", f"place.{key}: {folder} is a long path; Windows refuses files beyond 260 characters.")
        else:
            yield Finding("good", f"place.{key}: {folder} can be written to")
    free = shutil.disk_usage(_nearest(place.root)).free // _MB
    if free < _LEAST_FREE_MB:
        yield Finding(
            "bad", f"place.root: {free:,} MB are free. A workspace takes about as much as the registers; make room."
        )
    else:
        yield Finding("good", f"place.root: {free:,} MB are free; a workspace takes about as much as the registers")
    space = Workspace(place.root)
    if space.is_made and space.is_open_to_others:
        yield Finding("bad", f"place.root: others can look into {place.root}. Close it: chmod 700 {place.root}")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _registers(settings: Settings) -> Iterator[Finding]:
    root = settings.register.root
    if settings.register.kind == "synthetic" and not root.exists():
        yield Finding("good", "registers: a fictitious country, made by jobs/synthesise.py when it is needed")
        return
    try:
        choices = choose(settings)
        needed = needed_files(settings, choices)
    except MobilityError as error:
        yield Finding("bad", str(error))
        return
    registers = {register.name for register, _ in needed}
    yield Finding("good", f"registers: {len(needed)} files of {len(registers)} registers in {root}")
    passed_over = sum(len(each.passed_over) for each in survey_registers(settings, choices) if each.is_read)
    if passed_over:
        yield Finding(
            "note", f"{passed_over} other files lie beside them; jobs/ingest.py check=true tells which and why"
        )
