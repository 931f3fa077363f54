"""A small country of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.registers.country import Country


@pytest.fixture
def country(tmp_path: Path) -> Country:
    """Three persons, four dwellings, all registers that a study must have."""
    return Country(tmp_path)
