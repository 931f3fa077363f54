"""What a run says at its end, and how it says it on a terminal and elsewhere."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mobility.folders import PROGRAM
from mobility.settings import Settings
from mobility.steps.closing import left_out, next_command
from mobility.steps.job import step_record
from tests.lib.compose import composed_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    given = composed_settings("pipeline")
    return dataclasses.replace(given, place=dataclasses.replace(given.place, root=tmp_path / "workspace"))


@pytest.mark.parametrize(
    ("job", "typed", "says"),
    [
        ("ingest", ["study=demo"], "uv run jobs/moves.py study=demo"),
        ("release", ["study=demo", "check=true"], "uv run jobs/release.py study=demo"),
        ("chains", ["place.root=/a b"], "uv run jobs/monitor.py 'place.root=/a b'"),
        ("report", [], ""),
        ("pipeline", [], ""),
    ],
)
def test_the_next_command_can_be_typed_as_it_stands(settings: Settings, job: str, typed: list[str], says: str) -> None:
    assert next_command(job, settings, typed) == says


def test_what_was_left_out_has_a_reason(settings: Settings) -> None:
    step_record(settings, "release").remember({}, {}, [], {"tables": {"flows": [90, 40], "cohort": [9, 0]}})
    step_record(settings, "monitor").remember({}, {}, [], {"absent": {"F4": ["SPOLISBUS", "one|other"]}})
    assert left_out(settings, ["study=demo"]) == [
        "cohort: no cell of it could be shown",
        "cells that are zero, small or protected; how many, and why: uv run jobs/release.py study=demo check=true",
        "indicators F4: this study reads no SPOLISBUS and no one or other",
    ]


def test_before_a_release_nothing_is_said_to_be_left_out(settings: Settings) -> None:
    assert left_out(settings, []) == []


@pytest.mark.skipif(os.name == "nt", reason="terminals of Linux")
@pytest.mark.parametrize(("no_color", "colours"), [("", True), ("1", False)])
def test_a_terminal_has_colours_unless_no_color_is_set(no_color: str, *, colours: bool, tmp_path: Path) -> None:
    import pty

    reading, writing = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "CI")}
    environment |= {"TERM": "xterm-256color"} | ({"NO_COLOR": no_color} if no_color else {})
    command = [sys.executable, str(PROGRAM / "jobs" / "doctor.py"), f"place.root={tmp_path / 'w'}"]
    subprocess.run(command, stdout=writing, stderr=subprocess.DEVNULL, env=environment, check=False, timeout=300)
    os.close(writing)
    shown = os.read(reading, 1 << 20).decode()
    os.close(reading)
    assert "ok" in shown
    assert bool(re.search(r"\x1b\[3\dm", shown)) == colours


def test_elsewhere_lines_are_plain_and_whole(tmp_path: Path) -> None:
    command = [sys.executable, str(PROGRAM / "jobs" / "doctor.py"), f"place.root={tmp_path / ('w' * 120)}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300).stdout
    assert "\x1b" not in shown
    assert any("w" * 120 in line and line.endswith("can be written to") for line in shown.splitlines())
