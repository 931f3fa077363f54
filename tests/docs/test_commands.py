"""What the README and the docs tell people to type can be typed."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mobility.folders import PROGRAM
from tests.lib.compose import composed_settings

PAGES = sorted([PROGRAM / "README.md", PROGRAM / "CONTRIBUTING.md", *(PROGRAM / "docs").rglob("*.md")])
# As typed with uv, or with the Python of an environment that others made.
_JOB = re.compile(r"(?:uv run (?:--(?:group|extra) \w+ )*|python(?:\.exe)? )jobs[/\\](\w+)\.py([^`#\n]*)")
_BLOCK = re.compile(r"^```(sh|yaml|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Stands for a study of one's own, which is not there before the reader writes it.
OF_ONES_OWN = {"study=mine": "study=demo", "study=one": "study=demo"}


def jobs_in_pages() -> list[tuple[str, str, str]]:
    """Page, job and what is typed after it, for every command that names a job."""
    found = []
    for page in PAGES:
        for job, typed in _JOB.findall(re.sub(r"\\\n\s+", " ", page.read_text(encoding="utf-8"))):
            command = re.split(r"\s{2,}|[)]|\.\s|,\s|;\s", typed.strip())[0].rstrip(".,:;")
            command = command if command.count('"') % 2 == 0 else command.removesuffix('"')  # a command in quotes
            if (page.name, job, command) not in found:
                found.append((page.name, job, command))
    return found


def test_the_pages_name_every_job() -> None:
    named = {job for _, job, _ in jobs_in_pages()}
    assert named == {path.stem for path in (PROGRAM / "jobs").glob("*.py")}


@pytest.mark.parametrize(("page", "job", "typed"), jobs_in_pages())
def test_a_command_of_the_pages_is_accepted(page: str, job: str, typed: str) -> None:
    words = [word for word in shlex.split(typed) if not word.startswith("hydra/")]  # a launcher is an optional part
    assert (PROGRAM / "jobs" / f"{job}.py").is_file(), f"{page}: there is no such job"
    overrides = [word for word in words if "=" in word]
    flags = {word for word in words if "=" not in word}
    assert flags <= {"--help", "-m", "--cfg", "job"}, f"{page}: {flags}"
    if "-m" in flags:
        overrides = [re.sub(r"=(\[[^\]]*\]|[^\[{,]+),.*", r"=\1", word) for word in overrides]
    composed_settings(job, *(OF_ONES_OWN.get(word, word) for word in overrides))


@pytest.mark.slow
def test_the_tutorial_runs_from_the_first_to_the_last_line(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    for name in ("mobility", "conf", "jobs", "schemas"):
        shutil.copytree(PROGRAM / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    tutorial = (PROGRAM / "docs" / "tutorial.md").read_text(encoding="utf-8")
    ran = 0
    for kind, text in _BLOCK.findall(tutorial):
        if kind != "sh":
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
            continue
        for line in text.splitlines():
            words = shlex.split(line)
            assert words[:2] == ["uv", "run"]
            given = words[3:] if words[2] == "python" else words[2:]
            environment = {"PYTHONPATH": str(folder), "PATH": ""}
            done = subprocess.run(
                [sys.executable, *given], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{line}\n{done.stderr[-600:]}"
            ran += 1
    assert ran == 5
    assert len(list((folder / "export" / "mine").glob("*/report.html"))) == 1
    assert (folder / "flows.png").stat().st_size > 10_000
