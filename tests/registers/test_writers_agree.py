"""Whoever wrote the SPSS files, the panel is the same, byte for byte: PSPP in its three ways of saving, and pyreadstat."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pyreadstat
import pytest

from mobility.settings import Synthetic
from mobility.synthetic import write_country
from tests.registers.country import run_steps

pytestmark = pytest.mark.slow
PSPP = shutil.which("pspp")
PERSONS = 2_000


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """The registers of a fictitious country with all quirks, as our own writer made them (by pyreadstat, row-compressed)."""
    folder = tmp_path_factory.mktemp("written") / "source"
    write_country(Synthetic(persons=PERSONS, seed=11), folder, lambda _name, _rows: None)
    return folder


@pytest.fixture(scope="module")
def panel(source, tmp_path_factory) -> dict[str, bytes]:
    """The files of the panel that our own files give."""
    return ingested(source, tmp_path_factory.mktemp("ours"))


def ingested(source: Path, folder: Path) -> dict[str, bytes]:
    """Every file of the panel made from a source tree, by its name."""
    found = run_steps(folder / "workspace", source, "ingest")
    files = [path for path in sorted(found.panel.folder.rglob("*")) if path.is_file()]
    return {path.relative_to(found.panel.folder).as_posix(): path.read_bytes() for path in files}


def copied(source: Path, folder: Path) -> list[tuple[Path, Path]]:
    """A copy of a source tree without its SPSS files; returns those with the place where their twins belong."""
    shutil.copytree(source, folder, ignore=lambda _, names: [n for n in names if n.lower().endswith(".sav")])
    spss = [path for path in sorted(source.rglob("*")) if path.suffix.lower() == ".sav"]
    return [(path, folder / path.relative_to(source)) for path in spss]


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Names of files that are in one panel only, or not alike."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.mark.skipif(PSPP is None, reason="pspp is not on the path")
@pytest.mark.parametrize(
    ("saving", "ending"), [("UNCOMPRESSED", ".sav"), ("COMPRESSED", ".sav"), ("ZCOMPRESSED", ".zsav")]
)
def test_files_saved_by_pspp_give_the_same_panel(source, panel, tmp_path, saving, ending):
    files = [(path, twin.with_suffix(ending)) for path, twin in copied(source, tmp_path / "source")]
    program = tmp_path / "save.sps"
    program.write_text(
        "".join(f"GET FILE='{path}'.\nSAVE OUTFILE='{twin}' /{saving}.\n" for path, twin in files), encoding="utf-8"
    )
    done = subprocess.run([str(PSPP), "-O", "format=csv", str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:2000] + done.stderr[:2000]
    assert all(path.read_bytes() != twin.read_bytes() for path, twin in files), "these are other files"
    assert differing(panel, ingested(tmp_path / "source", tmp_path)) == []


@pytest.mark.parametrize(("saving", "ending"), [({}, ".sav"), ({"compress": True}, ".zsav")], ids=["plain", "zsav"])
def test_files_saved_by_pyreadstat_give_the_same_panel(source, panel, tmp_path, saving, ending):
    for path, twin in copied(source, tmp_path / "source"):
        table, about = pyreadstat.read_sav(path, output_format="polars")
        formats = about.original_variable_types
        pyreadstat.write_sav(table, str(twin.with_suffix(ending)), variable_format=formats, **saving)
    assert differing(panel, ingested(tmp_path / "source", tmp_path)) == []


def test_files_that_do_not_tell_their_number_of_rows_give_the_same_panel(source, panel, tmp_path):
    """Writers that cannot go back to the header leave -1 there; such files are read by another reader."""
    for path, twin in copied(source, tmp_path / "source"):
        content = bytearray(path.read_bytes())
        content[80:84] = struct.pack("<i", -1)
        twin.write_bytes(content)
    assert differing(panel, ingested(tmp_path / "source", tmp_path)) == []


def test_a_country_that_is_not_the_same_gives_another_panel(source, panel, tmp_path):
    """So that the tests above can fail: one death more or less is seen."""
    shutil.copytree(source, tmp_path / "source")
    (deaths,) = (tmp_path / "source" / "Bevolking" / "GBAOVERLIJDENTAB").rglob("*.sav")
    table, about = pyreadstat.read_sav(deaths, output_format="polars")
    pyreadstat.write_sav(table.head(-1), str(deaths), variable_format=about.original_variable_types)
    assert differing(panel, ingested(tmp_path / "source", tmp_path)) == ["persons/part-000.parquet"]
