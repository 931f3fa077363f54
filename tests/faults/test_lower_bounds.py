"""The oldest versions that pyproject.toml claims to work with do, and give the same numbers."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.faults.checks import DONE
from tests.faults.runner import PROGRAM, run_job


def tables(root):
    """Rows, and not bytes: a Parquet file names the version of pyarrow that wrote it."""
    return {path.name: pl.read_parquet(path) for path in sorted((root / "aggregates").glob("*.parquet"))}


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("uv") is None, reason="needs uv and a network")
@pytest.mark.parametrize("engine", ["local", "dask"])
def test_the_oldest_versions_give_the_same_numbers(engine, tmp_path):
    def uv(*words):
        subprocess.run([shutil.which("uv"), *map(str, words)], cwd=PROGRAM, check=True)

    listed, env = tmp_path / "lowest.txt", tmp_path / "env"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    uv(
        "pip",
        "compile",
        "pyproject.toml",
        "--resolution",
        "lowest-direct",
        "--python-version",
        version,
        "-q",
        "-o",
        listed,
    )
    uv("venv", "-q", "--python", sys.executable, env)
    python = next(path for path in (env / "bin" / "python", env / "Scripts" / "python.exe") if path.exists())
    uv("pip", "install", "-q", "--python", python, "--requirement", listed)
    old, new = tmp_path / "old", tmp_path / "new"
    small = ("synthetic.persons=2500", f"engine={engine}", "engine.workers=1")
    command = [
        python,
        PROGRAM / "jobs" / "pipeline.py",
        f"place.root={old}",
        f"place.export={tmp_path / 'export-old'}",
        *small,
    ]
    subprocess.run([str(word) for word in command], check=True, env={"PYTHONPATH": str(PROGRAM)}, cwd=Path(tmp_path))
    ended = run_job("pipeline", f"place.root={new}", f"place.export={tmp_path / 'export-new'}", *small)
    assert ended.code == DONE, ended.err
    expected = tables(new)
    assert len(expected) >= 9
    assert {name: table.equals(expected[name]) for name, table in tables(old).items()} == dict.fromkeys(expected, True)
