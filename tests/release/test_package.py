"""What describes a release can be read by the programs of others: Frictionless, RO-Crate, SDMX."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
from frictionless import Package
from pysdmx.io import get_datasets, read_sdmx
from rocrate.rocrate import ROCrate

from mobility.errors import RequestError
from mobility.release import sdmx
from mobility.release.crate import published_on
from mobility.release.gate import release
from mobility.settings import Settings
from tests.release.conftest import LABEL, read_package


@pytest.fixture(scope="module")
def folder(shared: Settings) -> Path:
    return shared.place.export / "demo" / "1"


def test_frictionless_finds_no_fault_in_the_package_nor_in_any_row(folder: Path) -> None:
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.flatten(["type", "note"]) == []
    assert len(report.tasks) == len(read_package(folder)["resources"]) > 3


def test_the_zip_alone_is_a_package_too(folder: Path, tmp_path: Path) -> None:
    """What comes back from the output check is the flat zip: its descriptions name its own files."""
    with zipfile.ZipFile(folder.parent / "demo_1.zip") as archive:
        archive.extractall(tmp_path)
    report = Package(str(tmp_path / "demo_1_datapackage.json")).validate()
    assert report.flatten(["type", "note"]) == []
    assert len(report.tasks) == len(read_package(folder)["resources"])
    crate = json.loads((tmp_path / "demo_1_ro-crate-metadata.json").read_text(encoding="utf-8"))
    files = {entity["@id"] for entity in crate["@graph"] if entity["@type"] == "File"}
    assert files
    assert all((tmp_path / name).is_file() for name in files)


def test_frictionless_sees_a_number_that_was_changed_after_the_release(folder: Path, tmp_path: Path) -> None:
    """Otherwise the test above would say nothing."""
    package = read_package(folder)
    package["resources"] = [each for each in package["resources"] if each["name"] == "flows"]
    (tmp_path / "tables").mkdir()
    rows = (folder / "tables" / "flows.csv").read_text(encoding="utf-8")
    (tmp_path / "tables" / "flows.csv").write_text(rows.replace("5,", "x,", 1), encoding="utf-8")
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert not Package(str(tmp_path / "datapackage.json")).validate().valid


def test_the_crate_is_read_by_another_program_and_names_every_file(folder: Path) -> None:
    crate = ROCrate(folder)
    described = {entity.id for entity in crate.data_entities}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert described == there - {"ro-crate-metadata.json"}
    assert crate.root_dataset["description"] == LABEL
    assert crate.root_dataset["license"]["description"] == LABEL
    assert crate.get("#run")["instrument"]["name"] == "residential-mobility"


def test_a_release_written_again_keeps_the_day_it_was_first_published(settings: Settings) -> None:
    folder = release(settings).folder
    path = folder / "ro-crate-metadata.json"
    told = path.read_text(encoding="utf-8").replace(published_on(folder), "2020-02-29")
    path.write_text(told, encoding="utf-8")
    assert release(settings).folder == folder
    assert path.read_text(encoding="utf-8") == told


def released(settings: Settings, export: Path, *, as_sdmx: bool) -> Path:
    """A release of two small tables, of texts, years and counts."""
    asked = dataclasses.replace(settings.study.release, tables=("quality", "cohort"), sdmx=as_sdmx)
    place = dataclasses.replace(settings.place, export=export)
    study = dataclasses.replace(settings.study, release=asked)
    return release(dataclasses.replace(settings, study=study, place=place)).folder


@pytest.fixture(scope="module")
def as_sdmx(shared: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return released(shared, tmp_path_factory.mktemp("sdmx"), as_sdmx=True)


def test_pysdmx_reads_every_table_back_as_it_stands_in_the_release(as_sdmx: Path) -> None:
    resources = read_package(as_sdmx)["resources"]
    assert {path.name for path in (as_sdmx / "sdmx").iterdir()} == {f"{one['name']}.csv" for one in resources} | {
        "structure.json"
    }
    for one in resources:
        keys = one["schema"]["primaryKey"]
        columns = {field["name"]: field["name"].upper() for field in one["schema"]["fields"]} | {"year": "TIME_PERIOD"}
        (read,) = get_datasets(as_sdmx / "sdmx" / f"{one['name']}.csv", as_sdmx / "sdmx" / "structure.json")
        assert {part.id for part in read.structure.components.dimensions} == {columns[key] for key in keys}
        published = pl.read_csv(as_sdmx / one["path"], infer_schema=False)
        values = read.data.astype(str).replace({"nan": None, "": None, "<NA>": None})
        for name in published.columns:
            expected = [_plain(value) for value in published[name]]
            assert [_plain(value) for value in values[columns[name]]] == expected, (one["name"], name)


def _plain(value: str | None) -> str | float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return value


def test_the_structure_passes_the_schema_of_sdmx_and_says_that_the_data_are_synthetic(as_sdmx: Path) -> None:
    message = read_sdmx(as_sdmx / "sdmx" / "structure.json", validate=True)
    structures = message.get_data_structure_definitions()
    assert {one.id for one in structures} == {one["name"].upper() for one in read_package(as_sdmx)["resources"]}
    assert all(LABEL in one.description for one in structures)


def test_no_longer_asked_for_it_goes_and_the_release_stays_what_it_was(shared: Settings, tmp_path: Path) -> None:
    first = released(shared, tmp_path, as_sdmx=True)
    digests = read_package(first)["resources"]
    assert released(shared, tmp_path, as_sdmx=False) == first
    assert read_package(first)["resources"] == digests
    assert not (first / "sdmx").exists()


def test_without_the_extra_the_wish_is_refused_before_anything_is_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdmx, "find_spec", lambda _: None)
    study = dataclasses.replace(settings.study, release=dataclasses.replace(settings.study.release, sdmx=True))
    with pytest.raises(RequestError, match="uv sync --extra sdmx"):
        release(dataclasses.replace(settings, study=study))
    assert not settings.place.export.exists()
