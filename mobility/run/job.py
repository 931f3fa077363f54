"""From a command line to steps done: compose, check, skip what is up to date, show, and turn every error into a sentence."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from rich.console import Console
from rich.markup import escape
from yaml import YAMLError

from mobility.catalogue import help_lines
from mobility.errors import MachineError, MobilityError, RequestError
from mobility.folders import CONF, PROGRAM
from mobility.run.engine import WorkerError, kept_open, place_in_program
from mobility.run.lock import held
from mobility.run.messages import about_composition, about_missing, offered
from mobility.run.one_step import run_step
from mobility.run.refusals import machine_error
from mobility.run.scratch import temporary_files
from mobility.run.workspace import OWN_FOLDERS
from mobility.settings import Settings, read_settings
from mobility.steps.closing import left_out, next_command, where_to_look
from mobility.steps.job import Job, step_record, workspace

FAULT = 1
CHECKING = ("ingest", "release")  # jobs that can look and tell without changing anything
_ENDED_ELSEWHERE = (
    "A submitted job ended badly. What it said stands in runs/.submitit of its workspace, in the file ..._log.err."
)
REQUEST = RequestError.exit_code


def start(name: str, jobs: Callable[[Settings], Sequence[Job]]) -> None:
    """Run a job from the command line; ends the process with the exit code of the contract.

    Args:
        name: of the job and of its file in `conf/`.
        jobs: the steps it consists of, given the settings.
    """
    _start(name, lambda config: run_steps(name, jobs, _settings(config)))


def start_task(name: str, do: Callable[[dict[str, Any]], None]) -> None:
    """`start` for a job that is no row of steps and has keys of its own.

    Args:
        name: of the job and of its file in `conf/`.
        do: receives the composed configuration; see `settings.read_own`.
    """
    _start(name, lambda config: do(_plain(config)))


def _start(name: str, do: Callable[[DictConfig], None]) -> None:
    # Hydra would print exceptions itself, with their text, and end with 1; here they come back as exceptions.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    os.umask(0o077)  # whatever is written, by whichever library, is for its owner only
    teach_configuration()
    failures: list[Exception] = []
    process = os.getpid()

    def task(config: DictConfig) -> None:
        try:
            do(config)
        except Exception as error:  # Hydra would print it, and end a sweep at the first
            failures.append(error)
        if failures and os.getpid() != process:
            # A launcher had it done elsewhere: only what is raised comes back, and its text is shown.
            _say(f"{name}: {explain(failures[-1])[1]}")
            raise MachineError(_ENDED_ELSEWHERE)

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
    if type(error).__name__ == "FailedJobError":  # of submitit, an optional extra; its text is the traceback of the job
        return FAULT, _ENDED_ELSEWHERE
    if isinstance(error, MissingMandatoryValue):
        return REQUEST, about_missing(str(getattr(error, "full_key", "") or ""))
    if isinstance(error, HydraException | OmegaConfBaseException | YAMLError):
        return REQUEST, about_composition(error, sys.argv[1:])
    refused = machine_error(error)
    return (FAULT, str(refused)) if refused else (FAULT, _fault(error))


def run_steps(name: str, jobs: Callable[[Settings], Sequence[Job]], settings: Settings) -> None:
    """Run the steps of a job in order; each is skipped when nothing it depends on has changed."""
    console = Console(highlight=False, soft_wrap=True)  # a line is one line: paths and commands can be copied
    begun = time.monotonic()
    if settings.check and name not in CHECKING:
        raise RequestError(f"check=true belongs to {' and '.join(CHECKING)}; {name} cannot only look.")
    check_folders(settings)
    asked = jobs(settings)
    if settings.check:
        _run_in_order(name, asked, settings, console)
    else:
        space = workspace(settings).make()
        with held(space, name), temporary_files(space), kept_open(space.temporary, settings.place.memory):
            _run_in_order(name, asked, settings, console)
    if name == "pipeline":
        console.print(f"pipeline: done in {time.monotonic() - begun:.0f} s.")
    _close(console, name, settings)


def _run_in_order(name: str, asked: Sequence[Job], settings: Settings, console: Console) -> None:
    if len(asked) == 1:
        asked[0].asked(settings)  # what is wrong with the request comes before what was not done yet
        _check_earlier_steps(asked[0], settings)
    for job in asked:
        done = run_step(job, settings, console)
        if job.name == name and not done:
            console.print(f"{name}: up to date, nothing to do.")


def _check_earlier_steps(job: Job, settings: Settings) -> None:
    """A single step works on what earlier steps made; that must be what they would make with the settings of now.

    Raises:
        RequestError: with the job to run first.
    """
    for earlier in job.after(settings):
        _check_earlier_steps(earlier, settings)
        if not step_record(settings, earlier.name).stands(earlier.asked(settings)):
            raise RequestError(
                f"What jobs/{earlier.name}.py makes is not there, or was made with other settings or another version of the "
                f"program. Run jobs/{earlier.name}.py first, or jobs/pipeline.py, which runs all that is needed."
            )


def check_folders(settings: Settings) -> None:
    """Folders that do not get in each other's way.

    Raises:
        RequestError: one is a file, or lies in a folder that the program clears.
    """
    place = settings.place
    for key, folder in (("root", place.root), ("project", place.project), ("export", place.export)):
        files = [path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()]
        if files:
            raise RequestError(f"place.{key}: {files[0]} is a file. Name a folder.")
    root = place.root.absolute()
    given = (
        ("register.root", settings.register.root),
        ("place.export", place.export),
        ("place.project", place.project),
    )
    for key, folder in given:
        inside = folder.absolute()
        if inside == root or (root in inside.parents and inside.relative_to(root).parts[0] in OWN_FOLDERS):
            raise RequestError(
                f"{key} is a folder that the program clears and makes again in the workspace. Name another."
            )


def _close(console: Console, name: str, settings: Settings) -> None:
    typed = sys.argv[1:]
    if name == "pipeline":
        _list(console, "Where to look", where_to_look(settings))
        _list(console, "Left out", left_out(settings, typed))
    following = next_command(name, settings, typed)
    if following:
        _list(console, "Next", [following])


def _list(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"[bold]{title}[/bold]")
    for line in lines:
        console.print(f"  {escape(line)}")


def _settings(config: DictConfig) -> Settings:
    return read_settings(_plain(config))


def _plain(config: DictConfig) -> dict[str, Any]:
    given: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return {key: value for key, value in given.items() if key != "hydra"}


def teach_configuration() -> None:
    """What `${...:}` in the configuration stands for.

    `program`: the folder of the program, so that defaults do not depend on where one stands; `indicators`: the
    catalogue, in lines; `choices`: the groups of conf/ with what each offers, in lines.
    """
    OmegaConf.register_new_resolver("program", lambda: PROGRAM.as_posix(), replace=True)
    OmegaConf.register_new_resolver("indicators", lambda: "\n".join(help_lines()), replace=True)
    OmegaConf.register_new_resolver("choices", lambda: "\n".join(_choices()), replace=True)


def _choices() -> list[str]:
    # Hydra's own list also names the files that others start from, such as study/_method, which nobody can choose.
    groups = (folder for folder in sorted(CONF.iterdir()) if folder.is_dir() and folder.name != "hydra")
    return [f"{group.name}: {', '.join(offered(group))}" for group in groups]


def _fault(error: BaseException) -> str:
    """Where a fault of the program lies. Its text is left out: the texts of libraries quote data."""
    place = str(error) if isinstance(error, WorkerError) else f"{type(error).__name__} at {place_in_program(error)}"
    return (
        f"this is a fault of the program, not of your request ({place}). Its text is withheld, since it may quote data. "
        "Please report this line; the data are as they were."
    )


def _say(message: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(message))
