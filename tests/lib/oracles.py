"""Where answers of other programs lie: a folder beside the project, which is not part of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest


def oracle(*parts: str) -> Path:
    """A file of the folder of oracles; a test that asks for one that is absent is skipped."""
    path = Path(__file__).resolve().parents[3].joinpath("shared", "reference", "oracles", *parts)
    if not path.exists():
        pytest.skip(f"reference data are not here: {'/'.join(parts)}")
    return path


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table in text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
