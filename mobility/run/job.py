"""From a command line to steps done: compose, check, skip what is up to date, show, and turn every error into a sentence."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from rich.console import Console
from rich.markup import escape
from yaml import YAMLError

from mobility.errors import MobilityError, RequestError
from mobility.folders import CONF, PROGRAM
from mobility.run.messages import about_composition, about_missing
from mobility.run.progress import progress
from mobility.run.steps import files_below
from mobility.settings import Settings, read_settings
from mobility.steps.job import Job, Told, release_folder, step_record, workspace

FAULT = 1
REQUEST = RequestError.exit_code


def start(name: str, jobs: Callable[[Settings], Sequence[Job]]) -> None:
    """Run a job from the command line; ends the process with the exit code of the contract.

    Args:
        name: of the job and of its file in `conf/`.
        jobs: the steps it consists of, given the settings.
    """
    # Hydra would print exceptions itself, with their text, and end with 1; here they come back as exceptions.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    os.umask(0o077)  # whatever is written, by whichever library, is for its owner only
    teach_configuration()
    failures: list[Exception] = []

    def task(config: DictConfig) -> None:
        try:
            run_steps(name, jobs, _settings(config))
        except Exception as error:  # Hydra would print it, and end a sweep at the first
            failures.append(error)

    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(task)()
    except KeyboardInterrupt:
        _say("Stopped. What was finished is kept; the same command goes on from there.")
        sys.exit(130)
    except Exception as error:
        failures.append(error)
    if failures:
        code, message = explain(failures[0])
        _say(f"{name}: {message}")
        sys.exit(code)


def explain(error: Exception) -> tuple[int, str]:
    """Exit code and sentence for whatever went wrong; the one place where exceptions end."""
    if isinstance(error, MobilityError):
        return error.exit_code, str(error)
    if isinstance(error, MissingMandatoryValue):
        return REQUEST, about_missing(str(getattr(error, "full_key", "") or ""))
    if isinstance(error, HydraException | OmegaConfBaseException | YAMLError):
        return REQUEST, about_composition(error, sys.argv[1:])
    if isinstance(error, OSError):
        reason, file = error.strerror or type(error).__name__, f" ({error.filename})" if error.filename else ""
        return (
            FAULT,
            f"The machine refused: {reason}{file}. Mend that and run the same command again; what was finished is kept.",
        )
    return FAULT, _fault(error)


def run_steps(name: str, jobs: Callable[[Settings], Sequence[Job]], settings: Settings) -> None:
    """Run the steps of a job in order; each is skipped when nothing it depends on has changed."""
    console = Console(highlight=False)
    begun = time.monotonic()
    if not settings.check:
        workspace(settings).make()
    for job in jobs(settings):
        done = run_step(job, settings, console)
        if job.name == name and not done:
            console.print(f"{name}: up to date, nothing to do.")
    if name == "pipeline":
        console.print(f"pipeline: done in {time.monotonic() - begun:.0f} s.")
        _where_to_look(console, settings)


def run_step(job: Job, settings: Settings, console: Console) -> bool:
    """Run one step unless it is up to date; says what it did. Returns whether it ran."""
    step = step_record(settings, job.name)
    asked, inputs = job.asked(settings), job.inputs(settings)
    if not settings.check and step.is_up_to_date(asked, inputs):
        console.print(f"[dim]{job.name}: up to date[/dim]")
        return False
    if not settings.check:
        step.forget()
    begun = time.monotonic()
    with progress(console, job.name) as tell:
        told = job.run(settings, tell)
    if not settings.check:
        step.remember(asked, inputs, files_below(*job.outputs(settings, told)), told)
    console.print(f"[bold]{job.name}[/bold]: {job.does}, {time.monotonic() - begun:.1f} s")
    _show(console, job, settings, told)
    return True


def _show(console: Console, job: Job, settings: Settings, told: Told) -> None:
    for line in job.closing(settings, told):
        console.print(f"  {escape(line)}", soft_wrap=True)


def _where_to_look(console: Console, settings: Settings) -> None:
    folder = release_folder(settings)
    console.print("[bold]Where to look[/bold]")
    for what, path in (
        ("page", folder / "report.html"),
        ("tables", folder / "tables"),
        ("dossier", folder / "dossier"),
    ):
        console.print(f"  {what + ':':<9}{escape(str(path))}", soft_wrap=True)


def _settings(config: DictConfig) -> Settings:
    given: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return read_settings({key: value for key, value in given.items() if key != "hydra"})


def teach_configuration() -> None:
    """`${program:}` in the configuration is the folder of the program, so that defaults do not depend on where one stands."""
    OmegaConf.register_new_resolver("program", lambda: PROGRAM.as_posix(), replace=True)


def _fault(error: BaseException) -> str:
    """Where a fault of the program lies. Its text is left out: the texts of libraries quote data."""
    frames = traceback.extract_tb(error.__traceback__)
    own = (PROGRAM / "mobility", PROGRAM / "jobs")
    inside = [frame for frame in frames if any(Path(frame.filename).is_relative_to(folder) for folder in own)]
    road = " < ".join(
        f"{Path(frame.filename).relative_to(PROGRAM).as_posix()}:{frame.lineno}" for frame in reversed(inside[-4:])
    )
    return (
        f"this is a fault of the program, not of your request ({type(error).__name__} at {road or 'an unknown place'}). "
        "Its text is withheld, since it may quote data. Please report this line; the data are as they were."
    )


def _say(message: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(message))
