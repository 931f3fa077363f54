"""The road from registers to the page, run as a user runs it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import stat
import sys
import zipfile

import polars as pl
import pyreadstat
import pytest

from mobility.catalogue import load_catalogue
from mobility.disclosure.members import records_of
from mobility.release.declarations import load_declaration
from mobility.release.project import open_project
from tests.jobs.conftest import PROGRAM, SMALL

JOBS = ("synthesise", "ingest", "moves", "flows", "chains", "monitor", "release", "report")
STEPS_AFTER_SOURCE = ("ingest", "moves", "flows", "chains", "monitor", "release", "report")
OTHERS = ("benchmark", "bundle", "doctor", "purge")
NO_MONITOR = "study.monitor.indicators=[]"  # for a test that is about other steps
TABLES = ("quality", "flows", "flows_total", "cohort", "chains", "chains_destination")
AGGREGATES = {
    "flows",
    "flows_by",
    "account",
    "flow_indices",
    "expected",
    "expected_fits",
    "cohort",
    "chains",
    "indicators",
    "exits",
    "chains_by",
    "chain_rates",
    "incidence",
    "incidence_counts",
    "indicators_behind",
    "mirror_counts",
    "excess",
    "balance",
    "mirror",
    "itineraries",
    "sensitivity",
    "quality",
}


def aggregates(root):
    """Digest of every aggregate by its name."""
    folder = root / "aggregates"
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))}


def state_of_files(root):
    """Size and time of change of every file below a folder."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def steps_up_to_date(stdout):
    return set(re.findall(r"^(\w+): up to date$", stdout, re.MULTILINE))


class Story:
    """One workspace in which the pipeline ran three times: first; again; and with one setting changed."""

    def __init__(self, root, run_job):
        self.root, self.export = root, root / "export"
        where = (f"place.root={root}", f"place.export={self.export}", *SMALL)
        self.first = run_job("pipeline", *where)
        self.after_first, self.aggregates = state_of_files(root), aggregates(root)
        self.again = run_job("pipeline", *where)
        self.after_again = state_of_files(root)
        self.changed = run_job("pipeline", *where, "study.chains.settled_months=24", "study.release.name=stricter")
        self.after_changed = state_of_files(root)


@pytest.fixture(scope="module")
def story(tmp_path_factory, run_job):
    return Story(tmp_path_factory.mktemp("story"), run_job)


# ---- The whole road ----------------------------------------------------------------------------------------


def test_the_pipeline_runs_from_any_folder_and_ends_with_exit_code_0(story):
    assert (story.first.returncode, story.first.stderr) == (0, "")
    for job in JOBS:
        assert re.search(rf"^{job}: .*, \d+\.\d s$", story.first.stdout, re.MULTILINE), job


def test_the_pipeline_says_where_to_look(story):
    tail = story.first.stdout[story.first.stdout.index("Where to look") :]
    assert str(story.export / "demo" / "1" / "report.html") in tail
    assert str(story.export / "demo" / "1" / "tables") in tail
    assert "check=true" in tail[tail.index("Left out") :], "and how to see what was left out, and why"


def test_every_aggregate_of_the_contract_is_in_the_workspace(story):
    assert set(story.aggregates) == AGGREGATES


@pytest.mark.parametrize("table", TABLES)
def test_every_table_leaves_as_csv_and_as_workbook_with_a_dossier_page(story, table):
    release = story.export / "demo" / "1"
    assert zipfile.is_zipfile(release / "tables" / f"{table}.xlsx")
    assert (release / "dossier" / f"{table}.md").is_file()
    text = (release / "tables" / f"{table}.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(io.StringIO(text))
    assert len(set(header)) == len(header) > 1
    assert {len(row) for row in rows} <= {len(header)}


def test_the_release_has_a_description_and_a_page(story):
    release = story.export / "demo" / "1"
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    assert {resource["name"] for resource in package["resources"]} == set(TABLES)
    page = (release / "report.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "Verhuizingen en wegsijpelketens in een verzonnen land" in page


def test_one_flat_zip_is_ready_for_the_output_check_and_the_true_counts_are_not_in_it(story):
    (archive,) = story.export.rglob("demo_1.zip")
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
    assert not [name for name in names if "/" in name or "\\" in name]
    wanted = {
        "datapackage.json",
        "report.html",
        *(f"{table}.csv" for table in TABLES),
        *(f"{table}.xlsx" for table in TABLES),
    }
    assert {f"demo_1_{name}" for name in wanted} <= set(names)
    assert not [name for name in names if "summary" in name or name.endswith(".parquet")]


def test_the_officer_finds_the_true_counts_inside_the_workspace(story):
    check = story.root / "check" / "1"
    assert {path.name for path in check.iterdir()} >= {"summary.md", *(f"{table}.csv" for table in TABLES)}


def test_every_row_read_was_kept_or_set_apart_under_a_rule(story):
    quality = json.loads((story.root / "quality" / "ingest.json").read_text(encoding="utf-8"))
    assert "GBAADRESOBJECTBUS" in quality
    assert "INHATAB" in quality
    for register, counts in quality.items():
        assert counts["read"] == counts["kept"] + sum(counts["quarantined"].values()), register
        assert counts["kept"] > 0, register


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_the_workspace_is_for_its_owner_only(story):
    inside = [path for path in story.root.rglob("*") if story.export not in (path, *path.parents)]
    open_folders = [p for p in inside if p.is_dir() and stat.S_IMODE(p.stat().st_mode) != 0o700]
    open_files = [p for p in inside if p.is_file() and stat.S_IMODE(p.stat().st_mode) != 0o600]
    source_tree = story.root / "source"  # stands for the G: drive, which the program only reads
    assert [p for p in open_folders if source_tree not in (p, *p.parents)] == []
    assert [p for p in open_files if source_tree not in p.parents] == []


def test_nothing_half_done_is_left_behind(story):
    assert [name for name in story.after_first if ".tmp-" in name] == []


# ---- Up to date --------------------------------------------------------------------------------------------


def test_a_second_run_says_that_all_is_up_to_date_and_changes_no_file(story):
    assert story.again.returncode == 0
    assert steps_up_to_date(story.again.stdout) == set(JOBS)
    assert story.after_again == story.after_first


def test_a_changed_rule_about_chains_redoes_only_what_depends_on_it(story):
    assert story.changed.returncode == 0, story.changed.stderr
    assert steps_up_to_date(story.changed.stdout) == {"synthesise", "ingest", "moves", "flows"}
    redone = {name for name, state in story.after_changed.items() if story.after_again.get(name) != state}
    assert "aggregates/chains.parquet" in redone
    assert {name.split("/")[0] for name in redone} == {
        "aggregates",
        "check",
        "cohort",
        "export",
        "project",
        "quality",
        "runs",
    }
    assert not [name for name in redone if name in ("aggregates/flows.parquet", "aggregates/quality.parquet")]


def test_an_earlier_release_stays_as_it_was(story):
    earlier = {name: state for name, state in story.after_first.items() if name.startswith("export/demo/1/")}
    assert len(earlier) > len(TABLES)
    assert {name: story.after_changed[name] for name in earlier} == earlier


def test_a_release_cannot_climb_out_of_the_export_folder(story, run_job):
    before = state_of_files(story.root.parent)
    where = (f"place.root={story.root}", f"place.export={story.export}", *SMALL)
    done = run_job("release", *where, "study.release.name=../../up")
    print(done.stderr)
    assert done.returncode == 2
    assert "study.release.name is also the name of a folder" in done.stderr
    after = state_of_files(story.root.parent)
    assert {name for name in after if after[name] != before.get(name)} == set()


# ---- The monitor -------------------------------------------------------------------------------------------


KEYS = ["indicator", "year", "income_class", "detail"]


def indicators(story):
    return pl.read_parquet(story.root / "aggregates" / "indicators.parquet")


def same_sums(parts, wholes, keys):
    """Numerators of parts add up to those of wholes; says for which indicators."""
    sums = parts.group_by(keys).agg(pl.col("numerator").sum())
    both = wholes.select(*keys, "numerator").join(sums, on=keys, suffix="_parts")
    assert both.filter(pl.col("numerator") != pl.col("numerator_parts")).is_empty()
    return set(both["indicator"])


def test_numerators_of_the_country_are_the_sums_of_those_of_its_places(story):
    table = indicators(story).filter(pl.col("cut") == "total", pl.col("numerator").is_not_null())
    table = table.filter(pl.col("indicator").is_in([key for key, one in load_catalogue().items() if one.additive]))
    country = table.filter(pl.col("level") == "national")
    for level in ("gemeente", "role", "region"):
        checked = same_sums(table.filter(pl.col("level") == level), country, KEYS)
        assert {"E1", "E2", "E3", "E5", "E6", "E7"} <= checked
    of_programmes = table.filter(pl.col("level") == "programme", pl.col("indicator").is_in(["D1", "D3"]))
    assert same_sums(of_programmes, country, KEYS) == {"D1", "D3"}


def test_numerators_of_the_total_are_the_sums_of_those_of_the_cuts(story):
    # A selectivity needs movers of both kinds, so that the parts of a place may have none where the whole has one.
    table = indicators(story).filter(pl.col("numerator").is_not_null(), pl.col("indicator") != "A2")
    cuts, whole = table.filter(pl.col("cut") != "total"), table.filter(pl.col("cut") == "total")
    assert {"A1", "A3", "B1", "E1", "E2", "E7"} <= same_sums(cuts, whole, [*KEYS, "level", "place"])


def test_shares_of_the_monitor_lie_between_0_and_100_and_no_key_stands_twice(story):
    table = indicators(story)
    assert not table.select([*KEYS, "level", "place", "cut"]).is_duplicated().any()
    shares = table.filter(pl.col("indicator").is_in(["A3", "A7", "A9", "B7", "D1", "D3", "D4", "E1", "E2", "E5", "F2"]))
    shares = shares.filter(
        ~pl.col("detail").is_in(["slope", "median_stay"]), ~pl.col("detail").str.starts_with("excess")
    )
    assert shares["value"].is_between(0, 100).all()
    assert not table["value"].is_nan().any()


# ---- One job at a time -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_by_one(story, tmp_path_factory, run_job, places):
    """A workspace on the registers of the story, made job by job with 7 partitions on one thread."""
    root = tmp_path_factory.mktemp("seven")
    for job in STEPS_AFTER_SOURCE:
        given = (*places(root, story.root / "source"), "place.partitions=7")
        done = run_job(job, *given, POLARS_MAX_THREADS="1")
        assert (done.returncode, done.stderr) == (0, ""), job
    return root


@pytest.mark.slow
def test_jobs_run_one_by_one_in_order_reach_the_page(one_by_one):
    assert len(list((one_by_one / "export" / "demo").glob("*/report.html"))) == 1


@pytest.mark.slow
def test_jobs_run_one_by_one_with_seven_partitions_on_one_thread_give_the_bytes_of_the_pipeline(story, one_by_one):
    assert len(list((story.root / "panel" / "residence").iterdir())) == 1
    assert len(list((one_by_one / "panel" / "residence").iterdir())) == 7
    assert aggregates(one_by_one) == story.aggregates


# ---- The same numbers whatever the machinery ---------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("partitions", "threads"), [(1, "1"), (2, "2"), (7, "1"), (16, "2")])
def test_partitions_and_threads_do_not_change_a_byte(story, tmp_path, run_job, places, partitions, threads):
    given = (*places(tmp_path, story.root / "source"), f"place.partitions={partitions}")
    done = run_job("pipeline", *given, "register.kind=cbs", POLARS_MAX_THREADS=threads)
    assert done.returncode == 0, done.stderr
    assert aggregates(tmp_path) == story.aggregates


@pytest.mark.campaign
def test_sixty_four_partitions_do_not_change_a_byte(story, tmp_path, run_job, places):
    """Six minutes: what a partition costs whatever is in it, 64 times."""
    test_partitions_and_threads_do_not_change_a_byte(story, tmp_path, run_job, places, 64, "2")


@pytest.mark.slow
def test_dask_workers_give_the_bytes_of_one_process(story, tmp_path, run_job, places):
    given = (*places(tmp_path, story.root / "source"), "place.partitions=4", "register.kind=cbs")
    done = run_job("pipeline", *given, "engine=dask", "engine.workers=2")
    assert done.returncode == 0, done.stderr
    assert aggregates(tmp_path) == story.aggregates


@pytest.mark.campaign
def test_the_order_of_rows_in_the_registers_does_not_change_a_byte(story, tmp_path, run_job, places):
    source = tmp_path / "shuffled"
    shutil.copytree(story.root / "source", source)
    for number, path in enumerate(sorted(source.rglob("*.sav"))):
        table, about = pyreadstat.read_sav(str(path), output_format="polars")
        shuffled = table.sample(fraction=1.0, shuffle=True, seed=number)
        pyreadstat.write_sav(shuffled, str(path), variable_format=about.original_variable_types)
    given = (*places(tmp_path / "ws", source), "place.partitions=3", "register.kind=cbs")
    for job in ("ingest", "moves", "flows"):
        done = run_job(job, *given)
        assert done.returncode == 0, done.stderr
    found = aggregates(tmp_path / "ws")
    assert found == {name: digest for name, digest in story.aggregates.items() if name in found}
    assert {"flows", "flows_by", "account", "quality", "flow_indices", "expected"} <= set(found)


# ---- What adds up ------------------------------------------------------------------------------------------


def test_flows_of_finer_places_add_up_to_those_of_coarser_ones(story):
    """Buurten to wijken to gemeenten, roles to regions: codes begin with those of the coarser place."""
    flows = pl.read_parquet(story.root / "aggregates" / "flows.parquet")
    measures = ("persons", "households", "unit_persons", "unit_households", "cell_key")
    coarser = {
        ("buurt", "wijk"): lambda end: pl.lit("WK") + end.str.slice(2, 6),
        ("wijk", "gemeente"): lambda end: pl.lit("GM") + end.str.slice(2, 4),
        ("role", "region"): lambda end: end.str.split("/").list.first(),
    }
    keys = ["count", "year", "origin", "destination", "income_class"]
    for (fine, coarse), code in coarser.items():
        placed = pl.col("origin", "destination") != "unplaceable"
        # Some addresses have a gemeente but no wijk or buurt: they are left out on both sides.
        added = flows.filter(pl.all_horizontal(placed), level=fine).with_columns(
            code(pl.col(end)).alias(end) for end in ("origin", "destination")
        )
        added = added.group_by(keys).agg(pl.col(measures).sum())
        whole = flows.filter(pl.all_horizontal(placed), level=coarse).select(*keys, *measures)
        both = whole.join(added, on=keys, how="full", suffix="_added", coalesce=True).fill_null(0)
        less = sum(int((both[name] < both[f"{name}_added"]).sum()) for name in measures)
        assert less == 0, (fine, coarse)
        if fine == "role":
            assert all(both[name].equals(both[f"{name}_added"].alias(name)) for name in measures)
    for name in measures:
        totals = flows.group_by("level", "count").agg(pl.col(name).sum())
        assert totals.group_by("count").agg(pl.col(name).n_unique())[name].to_list() == [1, 1], name


def test_the_account_of_a_country_with_every_quirk_closes_in_every_cell(story):
    account = pl.read_parquet(story.root / "aggregates" / "account.parquet")
    assert account.height > 10_000
    assert account["residual"].to_list() == [0] * account.height


# ---- Help --------------------------------------------------------------------------------------------------


def test_every_job_of_the_contract_that_exists_has_its_settings():
    assert {path.stem for path in (PROGRAM / "jobs").glob("*.py")} == {*JOBS, *OTHERS, "pipeline"}


def help_tells_what_a_user_needs(run_all, jobs):
    for job, done in zip(jobs, run_all([(job, "--help") for job in jobs]), strict=True):
        assert (done.returncode, done.stderr) == (0, ""), job
        for words in (f"jobs/{job}.py", "study: ", "demo, national", "settled_months: 12", "persons: 100000", "0 done"):
            assert words in done.stdout, (job, words)
        assert "_method" not in done.stdout.partition("Settings, as")[0], job


def test_help_tells_settings_choices_and_exit_codes(run_all):
    help_tells_what_a_user_needs(run_all, ("pipeline",))


@pytest.mark.slow
def test_the_help_of_every_job_tells_settings_choices_and_exit_codes(run_all):
    help_tells_what_a_user_needs(run_all, JOBS)


@pytest.mark.slow
def test_every_job_prints_its_composed_settings(run_all):
    for done in run_all([(job, "--cfg", "job", "study.period.first_year=2014") for job in (*JOBS, "pipeline")]):
        assert (done.returncode, done.stderr) == (0, "")
        assert "first_year: 2014" in done.stdout
        assert "minimum_persons: 10" in done.stdout


@pytest.mark.slow
def test_one_job_can_be_swept_over_choices(tmp_path, run_job, source, places):
    run_job("ingest", *places(tmp_path, source))
    done = run_job("moves", "-m", *places(tmp_path, source), "study.residence.slack_days=31,10")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("derive residence and moves") == 2


def test_the_interpreter_is_one_the_program_supports():
    assert (3, 11) <= sys.version_info[:2] < (3, 14)


@pytest.mark.slow
def test_a_release_does_not_stand_on_chains_of_other_settings(tmp_path, run_job):
    where = (f"place.root={tmp_path / 'workspace'}", f"place.export={tmp_path / 'export'}", *SMALL, NO_MONITOR)
    assert run_job("pipeline", *where).returncode == 0
    assert run_job("chains", *where, "study.chains.settled_months=24").returncode == 0
    done = run_job("release", *where)
    assert done.returncode == 2
    assert "Run jobs/chains.py first" in done.stderr


# ---- What the ledger keeps ---------------------------------------------------------------------------------


def test_the_records_in_the_ledger_are_those_behind_the_cells(story):
    """The key of every cell is the sum of the hashes of its records, once for every person."""
    ledger = open_project(story.root / "project", make=False).ledger
    assert [record.release for record in ledger.records] == ["1", "stricter"]
    checked = set()
    for recorded, edition in zip(
        [each for record in ledger.records for each in record.recorded], ledger.editions(), strict=True
    ):
        if edition.members is None:
            assert recorded.source == "quality"
            continue
        for table in recorded.tables:
            declaration = load_declaration(table)
            parts = [
                records_of(declaration, edition.members.named(year), edition.low) for year in edition.members.years
            ]
            key = (pl.col("record") * pl.col("persons")).sum().alias("sum")
            sums = pl.concat(parts).group_by("identity").agg(key).join(edition.cells.lazy(), on="identity").collect()
            assert sums.height > 0
            assert (sums["sum"] == sums["cell_key"]).all()
            checked.add(table)
    assert checked == set(TABLES) - {"quality"}
