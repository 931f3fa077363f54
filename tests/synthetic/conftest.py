"""Small fictitious countries, written once per session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from mobility.registers.dictionary import load_register
from mobility.settings import Synthetic
from mobility.synthetic import write_country
from mobility.synthetic.names import file_stem


def _written(folder: Path, settings: Synthetic) -> Path:
    write_country(settings, folder, lambda _name, _rows: None)
    return folder


@pytest.fixture(scope="session")
def quirky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source tree of 6000 persons with the flaws of real files."""
    return _written(tmp_path_factory.mktemp("quirky"), Synthetic(persons=6_000, seed=3))


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source tree of 6000 persons without flaws, in Parquet, with CSV beside it."""
    return _written(
        tmp_path_factory.mktemp("clean"),
        Synthetic(persons=6_000, seed=3, flaws="none", formats=("parquet", "csv")),
    )


@pytest.fixture(scope="session")
def read_clean(clean: Path) -> Callable[[str, int], pl.DataFrame]:
    """Reads a register of the clean country as delivered."""

    def read(name: str, year: int) -> pl.DataFrame:
        return pl.read_parquet(clean / f"{file_stem(load_register(name), year)}.parquet")

    return read


@pytest.fixture(scope="session")
def read_quirky(quirky: Path) -> Callable[[str, int], pl.DataFrame]:
    """Reads a register of the country with flaws as delivered."""

    def read(name: str, year: int) -> pl.DataFrame:
        table, _ = pyreadstat.read_sav(quirky / f"{file_stem(load_register(name), year)}.sav", output_format="polars")
        return table

    return read
