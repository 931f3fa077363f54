"""Files that change between two steps or during one: seen before they are read, and mended by the same command."""

import contextlib
import importlib
import io
import os
import shutil
import sys
from pathlib import Path

import pytest

from mobility.run.job import start
from mobility.steps import ingest
from tests.faults.checks import DONE, REFUSED, WRONG_REQUEST
from tests.faults.runner import Ended, run_job

_YEARS = ("study.period.first_year=2018", "study.period.last_year=2023")


@pytest.fixture(scope="module")
def asked():
    """A small pipeline from registers to aggregates: no release, which would add seconds and nothing to see here."""

    def settings_of(root, source):
        folders = (f"place.root={root}", f"place.export={root.parent / 'export'}", f"register.root={source}")
        return (*folders, "register.kind=cbs", "place.partitions=3", "study.flows.levels=[region]", *_YEARS)

    return settings_of


@pytest.fixture(scope="module")
def whole(worker, country, asked, tmp_path_factory):
    """A workspace in which ingest, moves and flows are done; tests copy it."""
    root = tmp_path_factory.mktemp("whole") / "workspace"
    for job in ("ingest", "moves", "flows"):
        ended = worker.run(job, *asked(root, country[0]))
        assert ended.code == DONE, ended.err
    return root


@pytest.fixture
def here(whole, tmp_path):
    """That workspace, restored under its own path after the test: records hold absolute paths."""
    shutil.copytree(whole, tmp_path / "kept")
    yield whole
    shutil.rmtree(whole)
    shutil.copytree(tmp_path / "kept", whole)


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def delete(path):
    path.unlink()


def spoil_unseen(spoil, path):
    """Spoil a file and put its time of change back, so that only its bytes tell."""
    seen = path.stat()
    spoil(path)
    if path.exists():
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


LAYERS = [("moves", "panel/persons/part-001.parquet", "ingest"), ("flows", "moves/part-000.parquet", "moves")]


@pytest.mark.parametrize(
    "spoil",
    [flip_a_bit, pytest.param(cut_short, marks=pytest.mark.slow), pytest.param(delete, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize(("job", "table", "maker"), LAYERS)
def test_a_file_spoiled_between_steps_is_refused_and_made_again(
    job, table, maker, spoil, here, worker, asked, country, note_fault
):
    given = asked(here, country[0])
    sound = (here / table).read_bytes()
    (here / "runs" / f"{job}.json").unlink()  # so that the job has something to do
    spoil_unseen(spoil, here / table)
    ended = worker.run(job, *given)
    assert ended.code in (REFUSED, WRONG_REQUEST), ended.err
    assert f"jobs/{maker}.py" in ended.err
    assert worker.run(maker, *given).code == DONE
    assert (here / table).read_bytes() == sound
    assert worker.run(job, *given).code == DONE
    note_fault(f"partition file spoiled between steps ({spoil.__name__.replace('_', ' ')})", survived=True)


def test_a_record_of_a_step_that_was_changed_remembers_nothing(here, worker, asked, country):
    record = here / "runs" / "moves.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"moves": 1', '"moves": 2', 1), encoding="utf-8")
    flip_in_name = record.read_text(encoding="utf-8").replace("moves/part-000", "moves/part-001", 1)
    record.write_text(flip_in_name, encoding="utf-8")
    ended = worker.run("flows", *asked(here, country[0]))
    assert ended.code == WRONG_REQUEST
    assert "Run jobs/moves.py first" in ended.err


@pytest.mark.slow
def test_registers_as_read_are_not_taken_again_when_a_bit_of_them_turned(here, worker, asked, country):
    given = asked(here, country[0])
    (table,) = (here / "registers" / "GBAPERSOONTAB" / "2023").glob("0000.parquet")
    sound = table.read_bytes()
    spoil_unseen(flip_a_bit, table)
    (here / "runs" / "ingest.json").unlink()
    assert worker.run("ingest", *given).code == DONE
    assert table.read_bytes() == sound


def test_a_source_file_replaced_while_a_step_runs_is_refused(
    country, settings, tree, tmp_path, monkeypatch, note_fault
):
    """One that was already read is replaced while others are linked: its own reading cannot see that."""
    replaced = tree / country[1]["GBAPERSOONTAB", 2023]
    build = ingest.build_panel

    def replace_and_build(*given):
        replaced.write_bytes(replaced.read_bytes()[:-1] + b" ")
        return build(*given)

    monkeypatch.setattr(ingest, "build_panel", replace_and_build)
    ended = _in_process("ingest", settings(tmp_path / "workspace", tree), monkeypatch)
    assert ended.code == REFUSED
    assert (
        f"1 of the files that ingest read were replaced or changed meanwhile, the first of them {replaced}" in ended.err
    )
    assert not (tmp_path / "workspace" / "runs" / "ingest.json").exists()
    note_fault("source file replaced during the run", survived=True)


def _in_process(job, given, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"jobs/{job}.py", *given])
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
            start(job, lambda _: [importlib.import_module(f"mobility.steps.{job}").JOB])
    except SystemExit as ended:
        return Ended(ended.code, "", told.getvalue())
    return Ended(DONE, "", told.getvalue())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("faketime") is None, reason="needs faketime (Debian: faketime)")
def test_a_clock_set_back_ten_years_changes_nothing(here, asked, country, note_fault):
    given = asked(here, country[0])
    (library,) = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    before = {path: path.read_bytes() for path in (here / "aggregates").glob("*")}
    long_ago = {"LD_PRELOAD": str(library), "FAKETIME": "-3650d"}
    assert "up to date" in run_job("flows", *given, environment=long_ago).out
    (here / "aggregates" / "flows.parquet").unlink()
    assert run_job("flows", *given, environment=long_ago).code == DONE
    assert {path: path.read_bytes() for path in (here / "aggregates").glob("*")} == before
    note_fault("clock set back", survived=True)
