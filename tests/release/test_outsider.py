"""An attack with nothing but the export folder, its zip and the documentation.

Part one sets everything published of flows and of the original residents in one linear program, in persons and in
households at once, and asks
how far every cell that can exist can be narrowed down. Part two reads every byte: what the files say beside the tables.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from itertools import product
from pathlib import Path

import highspy
import numpy as np
import polars as pl
import pytest

from mobility.settings import Settings
from tests.release.country import CLASSES
from tests.release.reader import read_export

FAR = highspy.kHighsInf
BASE, LEAST = 5, 10
LEVELS = ("region",)
YEAR = 2015


class Reader:
    """Variables for persons and households of every cell that can exist, with what the documentation says of each."""

    def __init__(self) -> None:
        self.at: dict[tuple, int] = {}
        self.low: list[float] = []
        self.high: list[float] = []
        self.sums: list[tuple[int, list[int]]] = []
        self.gaps: list[tuple[int, int, float, float]] = []

    def cell(self, key: tuple, number: tuple[int, int] | None = None) -> int:
        """The place of the persons of a cell; its households follow."""
        if key not in self.at:
            self.at[key] = len(self.low)
            for count in number or (None, None):
                self.low.append(0.0 if count is None else max(LEAST, count - BASE + 1))
                self.high.append(FAR if count is None else count + BASE - 1)
            gap = None if number is None else number[0] - number[1]
            place = self.at[key]
            # households are never more than persons, and the draw is shared, so that the difference is known as closely
            self.gaps.append(
                (
                    place,
                    place + 1,
                    0.0 if gap is None else max(0, gap - BASE + 1),
                    FAR if gap is None else gap + BASE - 1,
                )
            )
        return self.at[key]

    def adds_up(self, whole: int, parts: list[int]) -> None:
        for measure in (0, 1):
            self.sums.append((whole + measure, [part + measure for part in parts]))

    def intervals(self) -> dict[tuple, list[float]]:
        """How many counts each cell can be, in persons and in households."""
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.addVars(len(self.low), np.array(self.low), np.array(self.high))
        for whole, parts in self.sums:
            model.addRow(
                0, 0, len(parts) + 1, np.array([whole, *parts], np.int32), np.array([1.0] + [-1.0] * len(parts))
            )
        for persons, households, least, most in self.gaps:
            model.addRow(least, most, 2, np.array([persons, households], np.int32), np.array([1.0, -1.0]))
        return {key: [self._reach(model, place + measure) for measure in (0, 1)] for key, place in self.at.items()}

    def _reach(self, model: highspy.Highs, place: int) -> float:
        ends = []
        for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
            model.changeColCost(place, 1.0)
            model.changeObjectiveSense(sense)
            model.run()
            status = model.getModelStatus()
            if status not in (
                highspy.HighsModelStatus.kOptimal,
                highspy.HighsModelStatus.kUnbounded,
                highspy.HighsModelStatus.kUnboundedOrInfeasible,
            ):
                raise AssertionError(f"what is published contradicts itself: {status}")
            ends.append(
                model.getInfo().objective_function_value if status == highspy.HighsModelStatus.kOptimal else FAR
            )
        model.changeColCost(place, 0.0)
        return np.floor(ends[1] + 1e-6) - np.ceil(ends[0] - 1e-6) + 1 if ends[1] < FAR else FAR


def numbers(frame: pl.DataFrame, *keys: str) -> dict[tuple, tuple[int, int]]:
    return {
        tuple(key): (persons, households)
        for *key, persons, households in frame.select(*keys, "persons", "households").iter_rows()
    }


def narrow(reader: Reader) -> list[tuple]:
    return [key for key, counts in reader.intervals().items() if min(counts) < BASE]


@pytest.mark.slow
@pytest.mark.parametrize("count", ["events", "transitions"])
def test_no_flow_can_be_narrowed_down(shared: Settings, count: str) -> None:
    tables = read_export(shared.place.export / "demo" / "1")
    here = {
        name: tables[name].filter(level="region", count=count, year=YEAR) for name in tables if name.startswith("flows")
    }
    assert here["flows"].height > 20
    ends = ("origin", "destination")
    places = sorted({place for frame in here.values() for end in ends if end in frame.columns for place in frame[end]})
    reader = Reader()
    known = numbers(here["flows"], *ends, "income_class")
    for key in product(places, places, CLASSES):
        reader.cell(("flows", *key), known.get(key))
    for name, by in (
        ("flows_total", ends),
        ("flows_in", ("destination", "income_class")),
        ("flows_out", ("origin", "income_class")),
    ):
        if name not in here:
            continue
        seen = numbers(here[name], *by)
        columns = [("origin", "destination", "income_class").index(column) for column in by]
        groups: dict[tuple, list[int]] = {}
        for key in product(places, places, CLASSES):
            groups.setdefault(tuple(key[column] for column in columns), []).append(reader.at["flows", *key])
        for key, parts in groups.items():
            reader.adds_up(reader.cell((name, *key), seen.get(key)), parts)
    assert narrow(reader) == []


@pytest.mark.slow
def test_no_original_resident_can_be_narrowed_down(shared: Settings) -> None:
    tables = read_export(shared.place.export / "demo" / "1")
    chains, ends, cohort = tables["chains"], tables["chains_destination"], tables["cohort"]
    keys = ("region", "income_class", "outcome", "path")
    known = numbers(chains, *keys)
    reader = Reader()
    regions = sorted(set(chains["region"]) - {"all"})
    outcomes = sorted(set(chains["outcome"]) - {"all"})
    for region, name in product([*regions, "all"], ("low", "not_low", "unknown")):
        for outcome in ("all", *outcomes):
            reader.cell(("chains", region, name, outcome, "all"), known.get((region, name, outcome, "all")))
        for path in ("direct", "stepwise"):
            reader.cell(("chains", region, name, "chain", path), known.get((region, name, "chain", path)))
        at = reader.at
        rest = reader.cell(("rest", region, name))  # an outcome of which nothing is published
        whole = at["chains", region, name, "all", "all"]
        reader.adds_up(whole, [*(at["chains", region, name, outcome, "all"] for outcome in outcomes), rest])
        chain = at["chains", region, name, "chain", "all"]
        reader.adds_up(chain, [at["chains", region, name, "chain", path] for path in ("direct", "stepwise")])
        if region == "all":
            continue
        for table, frame, wholes in (("cohort", cohort, [whole]), ("chains_destination", ends, [chain])):
            part = "area" if table == "cohort" else "destination"
            mine = frame.filter(pl.col("region") == region, pl.col("income_class") == name)
            mine = mine if table == "cohort" else mine.filter(pl.col("path") == "all")
            seen = numbers(mine, part)
            parts = [reader.cell((table, region, name, *key), number) for key, number in seen.items()]
            reader.adds_up(wholes[0], [*parts, reader.cell((table, region, name, "rest"))])
    for name, outcome in product(("low", "not_low", "unknown"), ("all", *outcomes)):
        parts = [reader.at["chains", region, name, outcome, "all"] for region in regions]
        reader.adds_up(reader.at["chains", "all", name, outcome, "all"], parts)
    assert narrow(reader) == []


def every_file(folder: Path) -> dict[str, bytes]:
    """The files of a release, of its zip and of the workbooks in them."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    archive = next(folder.parent.glob("*.zip"))
    for name, content in [*found.items(), (archive.name, archive.read_bytes())]:
        if name.endswith((".xlsx", ".zip")):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                found |= {f"{name}:{part}": book.read(part) for part in book.namelist()}
    return found


def test_the_files_say_nothing_beside_their_tables(shared: Settings) -> None:
    folder = shared.place.export / "demo" / "1"
    files = every_file(folder)
    secret = (shared.place.project / "secret").read_bytes()
    traces = [
        secret,
        secret.hex().encode(),
        base64.b64encode(secret),
        str(shared.place.root).encode(),
        str(shared.place.project).encode(),
    ]
    for name, content in files.items():
        for trace in traces:
            assert trace not in content, name
        text = content.decode("utf-8", "ignore").lower()
        assert not re.search(r"cell_key|unit_persons|unit_households|\bseed\b|rinpersoon|_published", text), name
    assert not [
        name
        for name in files
        if (Path(name).name.startswith(".") and not name.endswith("_rels/.rels")) or name.endswith(("~", ".tmp"))
    ]


def test_times_and_makers_tell_nothing(shared: Settings) -> None:
    """Every zip and workbook has one and the same time in it, and no name of a person or machine."""
    folder = shared.place.export / "demo" / "1"
    for path in [next(folder.parent.glob("*.zip")), *sorted((folder / "tables").glob("*.xlsx"))]:
        with zipfile.ZipFile(path) as book:
            times = {entry.date_time for entry in book.infolist()}
            assert len(times) == 1, path.name
            assert next(iter(times))[0] == 1980, path.name
            assert not book.comment
            assert not any(entry.extra or entry.comment for entry in book.infolist())
            if path.suffix == ".xlsx":
                core = book.read("docProps/core.xml").decode()
                made = re.findall(r"<dcterms:created[^>]*>([^<]*)<", core)
                assert {day[:4] for day in made} <= {"1980", "2000"}, core
                assert re.findall(r"<(?:dc:creator|cp:lastModifiedBy)>([^<]+)<", core) == []


def test_rows_stand_in_the_order_of_their_keys(shared: Settings) -> None:
    for name, frame in read_export(shared.place.export / "demo" / "1").items():
        keys = [column for column in frame.columns if column not in ("persons", "households")]
        assert frame.equals(frame.sort(keys)), name
