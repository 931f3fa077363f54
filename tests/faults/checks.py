"""What must hold after a run, whatever the file was."""

import hashlib
import json

import polars as pl

from tests.faults.country import TRACES

PANEL = ("registrations", "persons", "households", "income", "objects.parquet", "areas.parquet", "tenure.parquet")
DONE, WRONG_REQUEST, REFUSED = 0, 2, 3


def assert_ended_well(ended, root, before):
    """It ended as the contract says, said one sentence or two if it failed, showed nothing and left nothing half-written.

    Args:
        ended: how the run ended.
        root: of its workspace.
        before: the results that were there when it began.
    """
    assert ended.code in (DONE, WRONG_REQUEST, REFUSED), f"ended with {ended.code}: {ended.err[-1500:]}"
    told = ended.err.strip()
    if ended.code == DONE:
        assert told == "", "a run that goes well says nothing on standard error"
    else:
        assert told.startswith("ingest: "), told
        assert told.endswith("."), told
        assert told.isprintable(), f"one paragraph: {told}"
        assert 40 < len(told) < 1_000, f"a sentence, and no more than a few: {told}"
        if (root / "runs" / "ingest.json").exists():
            assert before, "what failed is not remembered as done"
            assert results(root) == before, "an ingest that is remembered as done has its results"
    assert_nothing_shown(ended, root)
    assert_nothing_half_written(root, ended.code)
    assert_balanced(root, must_be_there=ended.code == DONE)


def assert_nothing_shown(ended, root):
    """No key and no bad value on the screen or in what people read; the folders of the secure zone may hold rows."""
    for text in (ended.out, ended.err):
        assert "Traceback" not in text
        assert TRACES.findall(text) == []
    for folder in ("quality", "runs"):
        for path in (root / folder).rglob("*"):
            assert TRACES.findall(path.name) == []
            if path.is_file():
                assert TRACES.findall(path.read_text(encoding="utf-8")) == [], path.name


def assert_nothing_half_written(root, code):
    """No temporary file; `panel.json` stands only where every table of the panel can be read."""
    assert [path.name for path in root.rglob("*.tmp-*")] == []
    panel = root / "panel"
    assert (panel / "panel.json").exists() or code != DONE
    if (panel / "panel.json").exists():
        shape = json.loads((panel / "panel.json").read_text(encoding="utf-8"))
        assert sorted(path.name for path in panel.iterdir()) == sorted([*PANEL, "panel.json"])
        for name in PANEL:
            parts = [panel / name] if (panel / name).is_file() else sorted((panel / name).iterdir())
            assert len(parts) in (1, shape["partitions"])
            for part in parts:
                pl.read_parquet(part)


def assert_balanced(root, must_be_there):
    """Of every register: rows read are rows kept plus rows set apart."""
    path = root / "quality" / "ingest.json"
    assert path.exists() or not must_be_there
    for register, count in counts(root).items():
        assert count["read"] == count["kept"] + sum(count["quarantined"].values()), f"{register} does not balance"
        assert min(count["kept"], *count["quarantined"].values(), 0) == 0, f"{register} has fewer than no rows"


def counts(root):
    """Counts per register; nothing where they were not written."""
    path = root / "quality" / "ingest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def results(root):
    """Everything that counts as result of an ingest, by digest."""
    paths = [*(root / "quality").glob("ingest.json"), *(root / "panel").rglob("*"), *(root / "quarantine").rglob("*")]
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }
