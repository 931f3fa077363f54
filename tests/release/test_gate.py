"""A release as a whole: what is written where, that it repeats, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.errors import ReleaseError, RequestError
from mobility.release.archive import pack
from mobility.release.declarations import load_declaration
from mobility.release.gate import release
from mobility.settings import Settings
from tests.release.conftest import LABEL, read_package

CANARY = "987654321"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rename(settings: Settings, name: str) -> Settings:
    study = settings.study
    return dataclasses.replace(
        settings, study=dataclasses.replace(study, release=dataclasses.replace(study.release, name=name))
    )


def only(settings: Settings, *tables: str) -> Settings:
    study = settings.study
    modes = {table: mode for table, mode in study.release.modes.items() if table in tables}
    chosen = dataclasses.replace(study.release, tables=tables, modes=modes)
    return dataclasses.replace(settings, study=dataclasses.replace(study, release=chosen))


def change_aggregate(settings: Settings, table: str, *columns: pl.Expr) -> None:
    """Give this test its own aggregates, one of them changed."""
    folder = settings.place.root / "aggregates"
    originals = folder.resolve()
    folder.unlink()
    folder.mkdir()
    for path in originals.glob("*.parquet"):
        frame = pl.read_parquet(path)
        (frame.with_columns(columns) if path.stem == table else frame).write_parquet(folder / path.name)


@pytest.fixture
def released(settings: Settings) -> Path:
    return release(settings).folder


def test_the_release_holds_tables_dossier_package_and_a_flat_zip(shared: Settings) -> None:
    settings, released = shared, shared.place.export / "demo" / "1"
    names = set(contents(released))
    for table in settings.study.release.tables:
        assert {f"tables/{table}.csv", f"tables/{table}.xlsx", f"dossier/{table}.md"} <= names
    assert {"datapackage.json", "dossier/control_form.md"} <= names
    with zipfile.ZipFile(released.parent / "demo_1.zip") as archive:
        assert len(archive.namelist()) == len(names)
        assert all("/" not in name and name.startswith("demo_1_") for name in archive.namelist())
    assert read_package(released)["label"] == LABEL
    assert all(LABEL in (released / "dossier" / f"{table}.md").read_text() for table in settings.study.release.tables)


def test_the_same_inputs_give_the_same_bytes(released: Path, settings: Settings) -> None:
    (released / "report.html").write_text("made from this release")
    pack(released)
    before, packed = contents(released), (released.parent / "demo_1.zip").read_bytes()
    release(settings)
    assert contents(released) == before
    assert (released.parent / "demo_1.zip").read_bytes() == packed
    other = release(rename(settings, "again"))
    for name, content in contents(other.folder / "tables").items():
        if name.endswith(".csv"):
            assert content == before[f"tables/{name}"], "the same secret gives the same numbers"


def test_every_published_number_is_rounded_and_near_the_true_one(shared: Settings) -> None:
    settings, released = shared, shared.place.export / "demo" / "1"
    for table in settings.study.release.tables:
        inside = pl.read_csv(settings.place.root / "check" / "1" / f"{table}.csv", infer_schema_length=None)
        published = inside.filter(pl.col("reason").is_null())
        shown = pl.read_csv(released / "tables" / f"{table}.csv")
        assert published.height == shown.height
        for unit in ("persons", "households"):
            assert (shown[unit] % 5 == 0).all()
            assert published[unit].min() >= 10
            assert ((published[unit] - published[f"{unit}_published"]).abs() < 5).all()
        assert (shown["households"] <= shown["persons"]).all()


def test_no_true_count_is_in_the_export_or_the_zip(shared: Settings) -> None:
    settings, released = shared, shared.place.export / "demo" / "1"
    texts = {name: content.decode() for name, content in contents(released).items() if not name.endswith(".xlsx")}
    with zipfile.ZipFile(released.parent / "demo_1.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".xlsx"):
                with zipfile.ZipFile(archive.open(name)) as book:
                    sheet = book.read("xl/worksheets/sheet1.xml").decode()
                    head = re.findall(r'r="([A-Z]+)1"', sheet)
                    columns = head[-2:]  # persons, households
                    values = re.findall(rf'r="(?:{"|".join(columns)})(?!1")\d+"[^>]*><v>(\d+)</v>', sheet)
                    assert values
                    assert all(int(value) % 5 == 0 for value in values)
            else:
                texts[f"zip:{name}"] = archive.read(name).decode()
    check = settings.place.root / "check" / "1"
    sizes = {
        str(pl.read_csv(check / f"{table}.csv", infer_schema_length=None).height) for table in ("flows", "flows_total")
    }
    for name, text in texts.items():
        assert "94117" not in text, "the rows of a register are no number for outside"
        assert "0" * 64 not in text
        assert "cell_key" not in text
        if name.endswith(".md"):
            assert not sizes & set(re.findall(r"\d+", text)), "how many cells were offered is not told outside"


def test_the_same_cell_in_two_tables_shows_the_same_number(shared: Settings) -> None:
    """Chains of a region that all end in one growth core are the same people as its row there, and so on through all tables."""
    settings, released = shared, shared.place.export / "demo" / "1"
    numbers: dict[int, set[tuple[int, int]]] = {}
    for table in settings.study.release.tables:
        declaration = load_declaration(table)
        aggregate = pl.read_parquet(settings.place.root / "aggregates" / f"{declaration.source}.parquet")
        keys = offer(declaration, aggregate, low=("q1",)).frame.select(*declaration.cells, "cell_key")
        shown = pl.read_csv(
            released / "tables" / f"{table}.csv", schema_overrides={c: keys.schema[c] for c in declaration.cells}
        )
        for key, persons, households in (
            shown.join(keys, on=declaration.cells).select("cell_key", "persons", "households").iter_rows()
        ):
            numbers.setdefault(key, set()).add((persons, households))
    assert all(len(pair) == 1 for pair in numbers.values())
    assert len(numbers) < sum(
        pl.read_csv(released / "tables" / f"{table}.csv").height for table in settings.study.release.tables
    )


def test_one_number_of_households_is_not_rounded_twice(shared: Settings) -> None:
    """All residents of known household are, in households, all households: two keys for one number."""
    quality = pl.read_csv(shared.place.export / "demo" / "1" / "tables" / "quality.csv")
    assert set(quality["measure"]) == {"population", "with_geography", "with_income_class"}


def test_units_never_leave_and_are_shown_to_the_officer(shared: Settings) -> None:
    assert all(b"unit_" not in content for content in contents(shared.place.export / "demo" / "1").values())
    inside = pl.read_csv(shared.place.root / "check" / "1" / "cohort.csv")
    assert {"unit_persons", "unit_households"} <= set(inside.columns)


def test_the_words_do_not_say_more_than_is_done(shared: Settings) -> None:
    folder = shared.place.export / "demo" / "1"
    page, form = ((folder / "dossier" / name).read_text(encoding="utf-8") for name in ("flows.md", "control_form.md"))
    assert "cannot be told apart" not in page
    assert "never to fewer than 5 possible counts" in page
    assert "over income class, outcome and path, not over place or year" in page
    assert "Knowledge from elsewhere is not part of it" in page
    assert "all that this project released before" in page
    assert "een verschil is nul of minstens 10 personen" in form
    assert "{" not in page + form


def test_the_same_name_with_other_numbers_is_refused(settings: Settings) -> None:
    released = release(rename(settings, "spring")).folder
    before = contents(released)
    with pytest.raises(ReleaseError, match=r"choose another study\.release\.name"):
        release(only(rename(settings, "spring"), "quality"))
    assert contents(released) == before
    assert not [path for path in released.parent.iterdir() if ".tmp-" in path.name]


def test_without_a_name_a_release_gets_the_next_number_and_the_same_tables_keep_theirs(settings: Settings) -> None:
    assert release(settings).name == "1"
    assert release(only(settings, "quality")).name == "2"
    assert release(settings).name == "1"
    assert release(rename(settings, "spring")).name == "spring"
    assert release(only(settings, "cohort", "chains")).name == "3"


def with_study(settings: Settings, **changes: object) -> Settings:
    return dataclasses.replace(settings, study=dataclasses.replace(settings.study, **changes))


def with_rules(settings: Settings, **changes: object) -> Settings:
    return dataclasses.replace(settings, disclosure=dataclasses.replace(settings.disclosure, **changes))


def test_the_studies_of_a_project_share_the_names(settings: Settings) -> None:
    settings = only(settings, "quality")
    other = with_study(settings, name="second")
    assert [release(settings).name, release(other).name] == ["1", "2"]
    assert [release(settings).name, release(other).name] == ["1", "2"]
    release(rename(settings, "spring"))
    with pytest.raises(ReleaseError, match="another study of this project"):
        release(rename(other, "spring"))
    assert sorted(path.name for path in (settings.place.export / "second").iterdir()) == ["2", "second_2.zip"]


def test_another_definition_with_the_same_tables_is_another_release(settings: Settings) -> None:
    settings = only(settings, "quality")
    residence = dataclasses.replace(settings.study.residence, slack_days=settings.study.residence.slack_days + 1)
    other = with_study(settings, residence=residence)
    first = release(settings).folder
    before = contents(first)
    assert release(other).name == "2"
    assert contents(first) == before
    release(rename(settings, "spring"))
    with pytest.raises(ReleaseError, match="another definition"):
        release(rename(other, "spring"))
    shutil.rmtree(settings.place.project)  # the export folder tells it too
    with pytest.raises(ReleaseError, match="another definition"):
        release(rename(other, "spring"))


@pytest.mark.parametrize(
    "change",
    [
        {"minimum_persons": 9},
        {"minimum_households": 1},
        {"rounding_base": 3},
        {"interval_width": 4},
        {"interval_width_buurt": 2},
        {"group_share": 0.95},
    ],
)
def test_rules_can_only_be_made_stricter(settings: Settings, change: dict[str, float]) -> None:
    with pytest.raises(ReleaseError, match="profile of your own with its source"):
        release(with_rules(only(settings, "quality"), **change))
    assert not settings.place.export.exists()
    assert not settings.place.project.exists()


def test_a_profile_needs_a_file(settings: Settings) -> None:
    for name in ("mine", "../study/demo"):
        with pytest.raises(RequestError, match="conf/disclosure"):
            release(with_rules(settings, profile=name))
    assert release(with_rules(only(settings, "quality"), minimum_persons=20, group_share=0.8)).written


@pytest.mark.parametrize("change", [{"rounding_base": 10}, {"minimum_persons": 10}])
def test_a_project_keeps_its_rounding_and_its_minima(settings: Settings, change: dict[str, int]) -> None:
    settings = only(settings, "quality")
    release(with_rules(settings, minimum_persons=20))
    with pytest.raises(ReleaseError, match=r"choose another place\.project"):
        release(with_study(with_rules(settings, **({"minimum_persons": 20} | change)), name="second"))
    assert release(with_rules(settings, minimum_persons=30)).written


def test_every_file_is_for_its_owner_only_whatever_the_umask(settings: Settings) -> None:
    before = os.umask(0)
    try:
        release(settings)
    finally:
        os.umask(before)
    written = [
        path
        for folder in (settings.place.export, settings.place.root / "check", settings.place.project)
        for path in [folder, *folder.rglob("*")]
    ]
    assert any(path.suffix == ".xlsx" for path in written)
    assert {path.stat().st_mode & 0o777 for path in written if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in written if path.is_dir()} == {0o700}


def test_without_the_secret_of_earlier_releases_nothing_is_released(released: Path, settings: Settings) -> None:
    secret = settings.place.project / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    value = secret.read_bytes()
    assert len(value) == 32
    everything = b"".join(contents(settings.place.export).values()) + b"".join(
        contents(settings.place.root / "check").values()
    )
    assert value not in everything
    assert value.hex().encode() not in everything
    secret.unlink()
    with pytest.raises(ReleaseError, match="backup"):
        release(rename(settings, "next"))
    assert not secret.exists()


def test_check_tells_and_writes_nothing(settings: Settings) -> None:
    found = release(dataclasses.replace(settings, check=True))
    assert not found.written
    assert {table.table: table.published > 0 for table in found.tables} == dict.fromkeys(
        settings.study.release.tables, True
    )
    assert not settings.place.export.exists()
    assert not settings.place.project.exists()
    assert not (settings.place.root / "check").exists()


@pytest.mark.parametrize("planted", [CANARY, f"RIN {CANARY}", "a1b2c3d4e5f60718a1b2c3d4e5f60718"])
def test_an_identifier_among_the_values_is_refused_and_not_quoted(settings: Settings, planted: str) -> None:
    change_aggregate(
        settings, "cohort", pl.when(pl.col("area") == "WK910101").then(pl.lit(planted)).otherwise("area").alias("area")
    )
    with pytest.raises(ReleaseError) as caught:
        release(only(settings, "cohort"))
    told = str(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
    assert planted not in told
    assert "area" in told
    assert not settings.place.export.exists()


def test_a_number_that_is_no_year_is_refused(settings: Settings) -> None:
    change_aggregate(settings, "cohort", pl.lit(int(CANARY)).cast(pl.Int64).alias("cohort_year"))
    with pytest.raises(ReleaseError, match="cohort_year"):
        release(only(settings, "cohort"))


def test_tables_that_do_not_add_up_are_refused(settings: Settings) -> None:
    change_aggregate(settings, "cohort", pl.col("persons") + 1)
    with pytest.raises(ReleaseError, match="do not add up"):
        release(only(settings, "cohort", "chains"))


def test_a_table_of_which_nothing_can_be_shown_is_written_empty_with_a_word(settings: Settings) -> None:
    change_aggregate(
        settings,
        "cohort",
        *(pl.lit(0, pl.Int64).alias(f"{part}{unit}") for part in ("", "unit_") for unit in ("persons", "households")),
    )
    folder = release(only(settings, "cohort")).folder
    assert (folder / "tables" / "cohort.csv").read_text().splitlines() == [
        "programme,area,region,cohort_year,income_class,persons,households"
    ]
    assert "Geen rij van deze tabel kan worden getoond." in (folder / "dossier" / "cohort.md").read_text()


def test_missing_pieces_are_named(settings: Settings) -> None:
    (settings.place.root / "registers").unlink()
    with pytest.raises(RequestError, match=r"sources\.json"):
        release(settings)


def test_the_package_has_the_frictionless_shape(shared: Settings) -> None:
    released = shared.place.export / "demo" / "1"
    package = read_package(released)
    assert re.fullmatch(r"[a-z0-9._-]+", package["name"])
    for resource in package["resources"]:
        frame = pl.read_csv(released / resource["path"])
        assert [field["name"] for field in resource["schema"]["fields"]] == frame.columns
        assert set(resource["schema"]["primaryKey"]) < set(frame.columns)
        assert not frame.select(resource["schema"]["primaryKey"]).is_duplicated().any()
        assert frame.equals(frame.sort(resource["schema"]["primaryKey"]))
    assert json.dumps(package).count("rows") == 0
