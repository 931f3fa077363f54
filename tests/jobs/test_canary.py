"""Nothing that identifies anybody is ever said or let out, whatever goes wrong.

A person, an address and a household that cannot be missed are planted in the registers, in rows that are good and in rows that
are bad. Then the jobs run, and are made to fail in every layer. Neither the screen nor any file that people look at or carry
out may hold a trace of them; only the folders of the secure workspace that hold rows may.
"""

from __future__ import annotations

import importlib
import io
import json
import shutil
import sys
import zipfile

import polars as pl
import pyreadstat
import pytest

from mobility.run.job import start
from mobility.steps import pipeline

PERSON = "987650123"
OBJECT, NEXT_OBJECT = "CANARY00" * 4, "CANARY01" * 4
HOUSEHOLD = "CANARYHH0001"
BAD_DAY = "2019CANA"
TRACES = (PERSON, "987,654,321", "987.654.321", "CANARY", BAD_DAY)
WATCHED = (
    "export",
    "runs",
    "quality",
    "check",
)  # what people read or carry out; panel/, quarantine/ and the like hold rows


# ---- Looking for traces ------------------------------------------------------------------------------------


def traces_in_bytes(name, content):
    """Where a trace stands in a file; archives and workbooks are opened, archives inside them too."""
    found = [
        f"{name}: {trace}" for trace in TRACES if trace.encode() in content or trace.encode("utf-16-le") in content
    ]
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                found += [f"{name}: name {member}"] if any(trace in member for trace in TRACES) else []
                found += traces_in_bytes(f"{name}/{member}", archive.read(member))
    return found


def traces_in_folders(root):
    found = []
    for folder in WATCHED:
        for path in sorted((root / folder).rglob("*")):
            found += [f"name of {path.name}"] if any(trace in path.name for trace in TRACES) else []
            if path.is_file():
                found += traces_in_bytes(path.relative_to(root).as_posix(), path.read_bytes())
    return found


def traces_in_text(text):
    return [trace for trace in TRACES if trace in text]


# ---- Planting ----------------------------------------------------------------------------------------------


def add_rows(source, pattern, rows, change=None):
    """Append rows to the one file that fits the pattern; columns a row does not name get the value of the file's first row."""
    (path,) = source.glob(pattern)
    table, about = pyreadstat.read_sav(str(path), output_format="polars")
    formats = dict(about.original_variable_types)
    first = table.row(0, named=True)
    table = pl.concat([table, pl.DataFrame([first | row for row in rows], schema=table.schema)])
    if change is not None:
        table, formats = change(table, formats)
    pyreadstat.write_sav(table, str(path), variable_format=formats)


def plant(source):
    """The canaries in every register, in good rows and in bad ones."""
    me = {"RINPERSOONS": "R", "RINPERSOON": PERSON}
    home, new_home = (
        {"SOORTOBJECTNUMMER": "B", "RINOBJECTNUMMER": OBJECT},
        {"SOORTOBJECTNUMMER": "B", "RINOBJECTNUMMER": NEXT_OBJECT},
    )

    def lived(start, end, where, **other):
        return me | where | {"GBADATUMAANVANGADRESHOUDING": start, "GBADATUMEINDEADRESHOUDING": end} | other

    add_rows(source, "Bevolking/GBAADRESOBJECTBUS/*.sav", [
        lived("20050101", "20190331", home),
        lived("20050101", "20190331", home),  # exact duplicate
        lived("20190401", "20501231", new_home),
        lived(BAD_DAY, "20501231", new_home),
        lived("20190401", BAD_DAY, new_home),
        lived("20190401", "20180101", new_home),  # ends before it starts
        lived("20190401", "20501231", new_home, RINPERSOONS="S"),
        lived("20190401", "20501231", new_home, SOORTOBJECTNUMMER="Q"),
        lived("20190401", "20501231", new_home, RINPERSOON="CANARY999"),
        lived("20190401", "20501231", new_home, RINOBJECTNUMMER=""),
    ])  # fmt: skip
    add_rows(source, "Bevolking/GBAPERSOONTAB/*/*.sav", [
        me | {"GBAGEBOORTEJAAR": "1970", "GBAGEBOORTEMAAND": "05"},
        me | {"GBAGEBOORTEJAAR": "1971", "GBAGEBOORTEMAAND": "06"},  # the same key again
        me | {"GBAGEBOORTEJAAR": "CANA", "GBAGEBOORTEMAAND": "RY"},
    ])  # fmt: skip
    add_rows(source, "Bevolking/GBAOVERLIJDENTAB/*/*.sav", [me | {"GBADatumOverlijden": BAD_DAY}])
    household = me | {"HUISHOUDNR": HOUSEHOLD, "TYPHH": "1", "REFPERSOONHH": "1"}
    add_rows(source, "Bevolking/GBAHUISHOUDENSBUS/*.sav", [
        household | {"DATUMAANVANGHH": "20050101", "DATUMEINDEHH": "20501231"},
        household | {"DATUMAANVANGHH": "20050101", "DATUMEINDEHH": "20200101"},  # overlaps
        household | {"DATUMAANVANGHH": BAD_DAY, "DATUMEINDEHH": "20501231"},
        household | {"DATUMAANVANGHH": "20100101", "DATUMEINDEHH": "20501231", "TYPHH": "Z"},
    ])  # fmt: skip
    add_rows(source, "BouwenWonen/VSLGWBTAB/*.sav", [home, home, new_home, new_home | {"bc2023": "91010199"}])
    add_rows(source, "BouwenWonen/VSLCOORDTAB/*.sav", [home, home | {"XCOORDADRES": 987650123.0}])
    payer = {"RINPERSOONSHKW": "R", "RINPERSOONHKW": PERSON}
    for year in (2017, 2018):
        add_rows(source, f"InkomenBestedingen/INHATAB/INHA{year}*.sav", [payer, payer, payer | {"INHPOPIIV": "Z"}])
        add_rows(source, f"InkomenBestedingen/INHATAB/KOPPELPERSOONHUISHOUDEN{year}*.sav", [me | payer, me | payer])


@pytest.fixture(scope="module")
def planted_source(source, tmp_path_factory):
    copied = tmp_path_factory.mktemp("planted") / "source"
    shutil.copytree(source, copied)
    plant(copied)
    return copied


@pytest.fixture(scope="module")
def ran(planted_source, tmp_path_factory, run_job):
    """A workspace in which the pipeline ran on the planted registers; tests copy it."""
    root = tmp_path_factory.mktemp("ran")
    done = run_job("pipeline", *settings(root, planted_source))
    return root, done


def settings(root, source):
    return [f"place.root={root}", f"place.export={root / 'export'}", f"register.root={source}", "register.kind=cbs"]


@pytest.fixture
def workspace(ran, tmp_path):
    """A copy of that workspace, to be spoiled."""
    root, _ = ran
    shutil.copytree(root, tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def attempt(monkeypatch, capfd):
    """Run a job in this process: its exit code and standard error, searched for traces, whoever below Python said it."""

    def run(job, root, source, *others):
        monkeypatch.setattr(sys, "argv", [f"jobs/{job}.py", *settings(root, source), *others])
        jobs = pipeline.jobs if job == "pipeline" else lambda _: [importlib.import_module(f"mobility.steps.{job}").JOB]
        code = 0
        try:
            start(job, jobs)
        except SystemExit as ended:
            code = ended.code
        out, err = capfd.readouterr()
        print(f"{job} -> {code}: {err.strip()}")
        assert traces_in_text(out) == []
        assert traces_in_text(err) == [], err
        assert traces_in_folders(root) == []
        assert "Traceback" not in err
        return code, err

    return run


# ---- When all goes well ------------------------------------------------------------------------------------


def test_the_canaries_are_in_the_panel_the_moves_and_the_quarantine_so_that_there_is_something_to_leak(ran):
    root, done = ran
    assert done.returncode == 0, done.stderr

    def rows_of_the_person(folder):
        tables = [pl.read_parquet(path) for path in (root / folder).rglob("*.parquet")]
        return sum(
            table.filter(pl.col("person") == int(PERSON)).height for table in tables if "person" in table.columns
        )

    assert rows_of_the_person("panel/residence") == 2
    assert rows_of_the_person("moves") == 1
    assert rows_of_the_person("quarantine") >= 5
    objects = pl.read_parquet(root / "panel" / "objects.parquet")
    assert {OBJECT, NEXT_OBJECT} <= set(objects["object_number"])


def test_a_run_that_goes_well_leaves_no_trace_on_the_screen_or_in_what_people_read(ran):
    root, done = ran
    assert traces_in_text(done.stdout + done.stderr) == []
    assert {folder for folder in WATCHED if (root / folder).is_dir()} == set(WATCHED)
    assert list((root / "export").rglob("*.zip"))
    assert traces_in_folders(root) == []


def test_the_search_finds_a_trace_where_there_is_one(ran, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "log.txt").write_text(f"person {PERSON}", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "inner.xlsx", "w") as inner:
        inner.writestr("sheet.xml", OBJECT)
    (tmp_path / "check").mkdir()
    with zipfile.ZipFile(tmp_path / "check" / "outer.zip", "w", zipfile.ZIP_DEFLATED) as outer:
        outer.write(tmp_path / "inner.xlsx", "inner.xlsx")
    assert traces_in_folders(tmp_path) == [
        "runs/log.txt: 987650123",
        "check/outer.zip/inner.xlsx: CANARY",
        "check/outer.zip/inner.xlsx/sheet.xml: CANARY",
    ]


def test_no_aggregate_holds_a_trace(ran):
    root, _ = ran
    for path in (root / "aggregates").glob("*.parquet"):
        table = pl.read_parquet(path)
        texts = table.select(pl.all().cast(pl.String)).write_csv()
        assert traces_in_text(texts) == [], path.name


# ---- When a register is refused ----------------------------------------------------------------------------

REFUSED, WRONG_REQUEST, FAULT, NO_RELEASE = 3, 2, 1, 4


@pytest.mark.parametrize(
    "rule",
    ["date_unreadable", "end_before_start", "person_not_in_brp", "key_missing", "number_unreadable", "code_unknown"],
)
def test_a_rule_that_stops_tells_file_rule_and_number_of_rows_only(rule, tmp_path, planted_source, attempt):
    code, told = attempt("ingest", tmp_path, planted_source, f"study.rules.{rule}=stop")
    assert code == REFUSED
    assert rule in told


def spoil_cut_short(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])


def spoil_no_sav_at_all(path):
    path.write_text(f"RINPERSOON;RINOBJECTNUMMER\n{PERSON};{OBJECT}\n", encoding="utf-8")


def spoil_noise(path):
    path.write_bytes(path.read_bytes()[:400] + f"{PERSON}{OBJECT}{BAD_DAY}".encode() * 200)


def spoil_empty(path):
    path.write_bytes(b"")


def spoil_without_its_columns(path):
    pyreadstat.write_sav(pl.DataFrame({"RINPERSOON": [PERSON], OBJECT[:8]: [BAD_DAY]}), str(path))


@pytest.mark.parametrize(
    "spoil", [spoil_cut_short, spoil_no_sav_at_all, spoil_noise, spoil_empty, spoil_without_its_columns]
)
def test_a_damaged_register_is_refused_by_name(spoil, tmp_path, planted_source, attempt):
    shutil.copytree(planted_source, tmp_path / "source")
    (path,) = (tmp_path / "source").glob("Bevolking/GBAADRESOBJECTBUS/*.sav")
    spoil(path)
    code, told = attempt("ingest", tmp_path / "workspace", tmp_path / "source")
    assert code == REFUSED
    assert path.name in told


def test_text_where_numbers_belong_is_counted_not_quoted(tmp_path, planted_source, attempt):
    shutil.copytree(planted_source, tmp_path / "source")

    def percentile_as_text(table, formats):
        return table.with_columns(INHP100HGEST=pl.lit("CANARY 7")), formats | {"INHP100HGEST": "A8"}

    add_rows(tmp_path / "source", "InkomenBestedingen/INHATAB/INHA2018*.sav", [], percentile_as_text)
    code, _ = attempt("ingest", tmp_path / "workspace", tmp_path / "source")
    quality = json.loads((tmp_path / "workspace" / "quality" / "ingest.json").read_text(encoding="utf-8"))
    assert code == 3, "so many bad rows are refused, and counted"
    assert quality["INHATAB"]["quarantined"]["number_unreadable"] > 100


def test_a_converted_copy_that_is_no_text_is_refused(tmp_path, planted_source, attempt):
    shutil.copytree(planted_source, tmp_path / "source")
    (path,) = (tmp_path / "source").glob("Bevolking/GBAADRESOBJECTBUS/*.sav")
    path.unlink()
    header = "RINPERSOONS,RINPERSOON,GBADATUMAANVANGADRESHOUDING,GBADATUMEINDEADRESHOUDING,SOORTOBJECTNUMMER,RINOBJECTNUMMER\n"
    row = f"R,{PERSON},20050101,20501231,B,{OBJECT}"
    path.with_suffix(".csv").write_bytes(f'{header}{row},{row},{row}\n"{row}\n'.encode() + b"\xff\xfe\n")
    code, told = attempt("ingest", tmp_path / "workspace", tmp_path / "source")
    assert code == REFUSED
    assert path.with_suffix(".csv").name in told


# ---- When the workspace is damaged -------------------------------------------------------------------------


def write_noise(path):
    path.write_bytes(b"PAR1" + f"{PERSON}{OBJECT}{BAD_DAY}".encode() * 50 + b"PAR1")


def write_cut_short(path):
    path.write_bytes(path.read_bytes()[:-200])


def write_other_columns(path):
    pl.DataFrame({"person": [PERSON], OBJECT: [HOUSEHOLD]}).write_parquet(path)


def write_other_types(path):
    """The right columns, all of them text that holds the canaries."""
    names = pl.read_parquet_schema(path)
    pl.DataFrame({name: [BAD_DAY, PERSON, OBJECT] for name in names}).write_parquet(path)


def write_against_the_contract(path):
    """The right columns and types, and rows that no contract allows: ends before starts, twice the same person."""
    table = pl.read_parquet(path)
    mine = table.filter(pl.col("person") == int(PERSON)) if "person" in table.columns else table.head(2)
    if {"start_date", "end_date"} <= set(table.columns):
        mine = mine.with_columns(start_date=pl.date(2019, 4, 1), end_date=pl.date(2018, 1, 1)).cast(dict(table.schema))
    pl.concat([table, mine, mine]).write_parquet(path)


DAMAGES = [write_noise, write_cut_short, write_other_columns, write_other_types, write_against_the_contract]
LAYERS = [
    ("moves", "panel/registrations/part-000.parquet"),
    ("flows", "moves/part-000.parquet"),
    ("chains", "panel/residence/part-000.parquet"),
    ("release", "aggregates/flows.parquet"),
]
FURTHER_LAYERS = [
    ("moves", "panel/persons/part-000.parquet"),
    ("moves", "panel/households/part-000.parquet"),
    ("moves", "panel/objects.parquet"),
    ("flows", "panel/residence/part-000.parquet"),
    ("chains", "panel/income/part-000.parquet"),
    ("chains", "panel/areas.parquet"),
    ("release", "aggregates/chains.parquet"),
    ("release", "aggregates/quality.parquet"),
]


def a_damaged_table_is_never_quoted(job, table, damage, workspace, source, attempt):
    damage(workspace / table)
    code, told = attempt(job, workspace, source)
    if damage is not write_against_the_contract:  # some of these rows do no harm
        assert code in (FAULT, WRONG_REQUEST, REFUSED, NO_RELEASE)
        assert f"{job}: " in told


@pytest.mark.parametrize("damage", [write_noise, write_other_types, write_against_the_contract])
@pytest.mark.parametrize(("job", "table"), LAYERS)
def test_a_damaged_table_in_the_workspace_is_never_quoted(job, table, damage, workspace, planted_source, attempt):
    a_damaged_table_is_never_quoted(job, table, damage, workspace, planted_source, attempt)


@pytest.mark.campaign
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(("job", "table"), LAYERS + FURTHER_LAYERS)
def test_no_damaged_table_of_the_workspace_is_ever_quoted(job, table, damage, workspace, planted_source, attempt):
    a_damaged_table_is_never_quoted(job, table, damage, workspace, planted_source, attempt)


@pytest.mark.parametrize("damaged", ["panel/panel.json", "registers/sources.json", "project/ledger.sqlite"])
def test_a_damaged_description_is_never_quoted(damaged, workspace, planted_source, attempt):
    targets = (
        [workspace / damaged] if (workspace / damaged).is_file() else sorted((workspace / damaged).rglob("*.json"))
    )
    assert targets
    for target in targets:
        target.write_text(f'{{"person": {PERSON}, "object": "{OBJECT}', encoding="utf-8")
    job = "release" if damaged != "panel/panel.json" else "moves"
    shutil.rmtree(workspace / "runs")
    code, _ = attempt(job, workspace, planted_source)
    assert code != 0


def test_a_release_with_an_identifier_in_a_column_is_refused(workspace, planted_source, attempt):
    path = workspace / "aggregates" / "flows.parquet"
    table = pl.read_parquet(path)
    text = pl.col("origin").replace(table["origin"].value_counts(sort=True)["origin"][0], OBJECT)
    table.with_columns(text).write_parquet(path)
    code, _ = attempt("release", workspace, planted_source, "study.release.name=leak")
    assert code == NO_RELEASE


# ---- When the work is done by others -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("damage", [write_noise, write_other_types])
def test_dask_workers_do_not_say_what_one_process_would_not(damage, workspace, planted_source, run_job):
    damage(workspace / "panel" / "registrations" / "part-000.parquet")
    done = run_job("moves", *settings(workspace, planted_source), "engine=dask", "engine.workers=1")
    assert done.returncode in (FAULT, REFUSED)
    assert traces_in_text(done.stdout + done.stderr) == []
    assert traces_in_folders(workspace) == []
    assert "Traceback" not in done.stderr, (
        "a worker shows the text of an exception, and the texts of libraries quote data"
    )
    assert "Exception: " not in done.stderr
