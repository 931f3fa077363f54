"""What a run says at its end: where to look, what was left out and why, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from mobility.catalogue import by_register
from mobility.settings import Settings
from mobility.steps.job import release_folder, step_record
from mobility.steps.pipeline import jobs

_LOOKS = "check=true"


def where_to_look(settings: Settings) -> list[str]:
    """The page and what lies beside it."""
    folder = release_folder(settings)
    named = (("page", folder / "report.html"), ("tables", folder / "tables"), ("dossier", folder / "dossier"))
    return [f"{what + ':':<9}{path}" for what, path in named]


def left_out(settings: Settings, typed: Sequence[str]) -> list[str]:
    """What a reader of the release may miss, each with its reason; nothing tells how much of a table is withheld.

    Args:
        settings: of the run.
        typed: the words behind the job.
    """
    tables = step_record(settings, "release").told().get("tables", {})
    lines = [f"{name}: no cell of it could be shown" for name, (_, published) in tables.items() if not published]
    if tables:
        lines.append(f"cells that are zero, small or protected; how many, and why: {command('release', typed, _LOOKS)}")
    absent = step_record(settings, "monitor").told().get("absent", {}) if settings.study.monitor.indicators else {}
    lines += [
        f"indicators {', '.join(keys)}: this study reads no {names}" for names, keys in by_register(absent).items()
    ]
    if not settings.study.programmes:
        lines.append("original residents: the study names no programmes")
    return lines


def next_command(name: str, settings: Settings, typed: Sequence[str]) -> str:
    """What to type after a single step; empty after the last, and after a job that is no step.

    Args:
        name: of the job.
        settings: of the run.
        typed: the words behind it.
    """
    if _LOOKS in typed:
        return command(name, [word for word in typed if word != _LOOKS])
    order = [job.name for job in jobs(settings)]
    following = order[order.index(name) + 1 :] if name in order else []
    return command(following[0], typed) if following else ""


def command(job: str, typed: Sequence[str], *further: str) -> str:
    """A job with the words that were typed, ready to be typed again."""
    return " ".join(["uv run", f"jobs/{job}.py", *map(shlex.quote, [*typed, *further])])
