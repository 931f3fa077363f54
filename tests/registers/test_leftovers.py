"""What runs that were killed left behind, and what cannot be cleared away."""

import shutil

import pytest

from mobility.errors import RequestError
from mobility.run.files import remove_folder, remove_leftovers


def test_what_a_killed_run_left_half_written_is_cleared_by_the_next(country):
    country.run("ingest")
    folders = ("registers/GBAPERSOONTAB/2023", "quarantine", "quality", "runs", "panel/persons", "panel/build.tmp")
    for folder in folders:
        (country.root / folder).mkdir(exist_ok=True)
        (country.root / folder / "part-000.parquet.tmp-0a1b2c3d").write_bytes(b"half")
    (country.root / "registers" / "exchange.tmp-0a1b2c3d" / "0").mkdir(parents=True)
    country.run("ingest", settings=("study.rules.households_overlap=stop",))
    assert [path for path in country.root.rglob("*") if ".tmp" in path.name] == []


def test_what_is_there_no_more_or_is_whole_is_left_alone(tmp_path):
    (tmp_path / "part-000.parquet").write_bytes(b"whole")
    remove_leftovers(tmp_path, tmp_path / "nowhere")
    remove_folder(tmp_path / "nowhere")
    assert [path.name for path in tmp_path.iterdir()] == ["part-000.parquet"]


def test_a_file_that_another_program_has_open_is_told(country, monkeypatch):
    """Windows does not remove such a file; files of an earlier panel would stay among those of this one."""
    country.run("ingest")
    rmtree = shutil.rmtree

    def locked(folder, *arguments, **options):
        if folder.name == "panel":
            raise PermissionError(13, "being used by another process")
        rmtree(folder, *arguments, **options)

    monkeypatch.setattr(shutil, "rmtree", locked)
    with pytest.raises(RequestError, match=r"panel cannot be cleared \(PermissionError\)\. A file in it may be open"):
        country.run("ingest", settings=("study.rules.households_overlap=stop",))
