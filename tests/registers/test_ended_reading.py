"""Reading that ends before its time: by a rule that stops, by a damaged file, by Ctrl-C."""

import threading

import pytest

import mobility.registers.ingest as reading
from mobility.errors import DataError

ROWS = """
    RINPERSOON | GBADATUMAANVANGADRESHOUDING | GBADATUMEINDEADRESHOUDING | RINOBJECTNUMMER
    000000001  | 20000101                    | 20501231                  | a
    000000001  | 20000132                    | 20501231                  | a
    000000001  | 20010132                    | 20501231                  | a
    000000001  | 20020101                    | 20501231                  | a
    000000001  | 20030132                    | 20501231                  | a
"""


@pytest.fixture
def in_small_batches(monkeypatch):
    """Files are read two rows at a time."""
    read_batches = reading.read_batches

    def small(*asked):
        for batch in read_batches(*asked):
            yield from (batch.slice(start, 2) for start in range(0, batch.height, 2))

    monkeypatch.setattr(reading, "read_batches", small)


def test_a_rule_that_stops_tells_the_rows_of_the_whole_file(country, in_small_batches):
    country.deliver("GBAADRESOBJECTBUS", ROWS)
    with pytest.raises(DataError, match="date_unreadable in 3 rows"):
        country.run("ingest", settings=("study.rules.date_unreadable=stop",))
    assert not (country.root / "registers" / "GBAADRESOBJECTBUS" / "2023" / "read.json").exists()


@pytest.mark.parametrize("accident", [DataError("GBAPERSOON: something is wrong."), KeyboardInterrupt()], ids=repr)
def test_the_file_that_is_read_beside_one_that_ends_does_not_go_on(country, monkeypatch, accident):
    """The addresses would be read for ever; the file beside them ends, and so do they, after the batch at hand."""
    read_batches = reading.read_batches
    has_begun = threading.Event()

    def strange(path, columns):
        batches = list(read_batches(path, columns))
        if path.name.startswith("GBAADRES"):
            while True:
                has_begun.set()
                yield batches[0]
        if path.name.startswith("VSLGWB"):
            has_begun.wait(30)
            raise accident
        yield from batches

    monkeypatch.setattr(reading, "read_batches", strange)
    monkeypatch.setattr("mobility.steps.ingest.FILES_AT_ONCE", 2)
    with pytest.raises(type(accident)):
        country.run("ingest")
