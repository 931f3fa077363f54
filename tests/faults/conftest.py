"""The tiny country, a worker that ingests, and the table of the campaign."""

import shutil

import pytest

from tests.faults.checks import DONE, counts, results
from tests.faults.country import FILES, make_country, read_sav
from tests.faults.runner import Worker, run_job

_CASES = pytest.StashKey()
_FAULTS = pytest.StashKey()


@pytest.fixture(scope="session")
def country(tmp_path_factory):
    """The root of the tiny country, and `(register, year)` to the path of a file below it; read only."""
    root = tmp_path_factory.mktemp("tiny")
    return root, make_country(root, tmp_path_factory.mktemp("raw") / "source")


@pytest.fixture(scope="session")
def registers(tmp_path_factory):
    """The registers of a fictitious country of 3,000; read only."""
    root = tmp_path_factory.mktemp("made") / "workspace"
    ended = run_job("synthesise", f"place.root={root}", "synthetic.persons=3000", "synthetic.seed=4")
    assert ended.code == DONE, ended.err
    return root / "source"


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    working = Worker(tmp_path_factory.mktemp("worker"))
    yield working
    working.stop()


@pytest.fixture(scope="session")
def settings():
    """What an ingest of a source tree into a workspace is asked."""

    def asked(root, source):
        folders = (f"place.root={root}", f"place.export={root.parent / 'export'}", f"register.root={source}")
        return (*folders, "register.kind=cbs", "place.partitions=3")

    return asked


@pytest.fixture(scope="session")
def sound(country, worker, settings, tmp_path_factory):
    """Results and counts of an ingest that nothing disturbed."""
    source, paths = country
    root = tmp_path_factory.mktemp("sound") / "workspace"
    ended = worker.run("ingest", *settings(root, source))
    assert ended.code == 0, ended.err
    rows = dict.fromkeys(sorted({register for register, _ in FILES}), 0)
    for (register, _), path in paths.items():
        rows[register] += read_sav(source / path).height
    read = {register: count["read"] for register, count in counts(root).items()}
    assert read == rows, "the study reads every file that is spoiled, and no other register"
    return results(root), counts(root)


@pytest.fixture
def tree(country, tmp_path):
    """A copy of the country, to be spoiled."""
    source, _ = country
    return shutil.copytree(source, tmp_path / "source")


@pytest.fixture(scope="session")
def note(pytestconfig):
    """`note(kind, code, went_well)` adds a case to the table that is printed at the end."""
    cases = pytestconfig.stash.setdefault(_CASES, [])
    return lambda kind, code, went_well: cases.append((kind, code, went_well))


@pytest.fixture(scope="session")
def note_fault(pytestconfig):
    """`note_fault(what, survived=True)` adds a try to the table of faults that is printed at the end."""
    tries = pytestconfig.stash.setdefault(_FAULTS, [])
    return lambda fault, survived: tries.append((fault, survived))


def pytest_terminal_summary(terminalreporter, config):
    """The tables: how many faults of each kind were survived, how many spoiled files of each kind ended how."""
    _show_faults(terminalreporter, config.stash.get(_FAULTS, []))
    _show_spoiled(terminalreporter, config.stash.get(_CASES, []))


def _show_faults(terminalreporter, tries):
    if not tries:
        return
    terminalreporter.section("faults")
    row = "{:<70}{:>7}{:>10}"
    terminalreporter.write_line(row.format("fault", "tries", "survived"))
    for fault in dict.fromkeys(fault for fault, _ in tries):
        here = [survived for name, survived in tries if name == fault]
        terminalreporter.write_line(row.format(fault, len(here), sum(here)))


def _show_spoiled(terminalreporter, cases):
    if not cases:
        return
    write = terminalreporter.write_line
    terminalreporter.section("spoiled register files")
    row = "{:<34}{:>7}{:>8}{:>8}{:>8}{:>8}"
    write(row.format("kind", "cases", "exit 0", "exit 2", "exit 3", "faults"))
    for kind in [*dict.fromkeys(kind for kind, _, _ in cases), "all"]:
        here = [(code, went_well) for name, code, went_well in cases if kind in (name, "all")]
        ended = [sum(went_well and code == each for code, went_well in here) for each in (0, 2, 3)]
        write(row.format(kind, len(here), *ended, sum(not went_well for _, went_well in here)))
