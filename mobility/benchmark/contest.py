"""Asking the peers, and whether their answers agree with the program's, cell for cell."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import psutil

from mobility.areas import load_zoning
from mobility.benchmark.measure import MB, Measured, measure
from mobility.benchmark.peers.question import Question
from mobility.benchmark.request import Peer
from mobility.errors import RequestError
from mobility.flows.account import ACCOUNT_KEYS, COMPONENTS
from mobility.flows.counts import FLOW_KEYS
from mobility.panel.store import Panel
from mobility.run.files import make_folder
from mobility.run.progress import Tell
from mobility.settings import Settings
from mobility.steps.job import workspace

# Tables that are compared, with their keys and measures.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "flows": (FLOW_KEYS, ("persons", "households")),
    "account": (ACCOUNT_KEYS, COMPONENTS),
}
# ... of which each peer makes these: the account is asked of the one that is measured at every size.
ANSWERS: dict[Peer, tuple[str, ...]] = {"duckdb": ("flows", "account"), "pandas": ("flows",), "datatable": ("flows",)}
# Persons, beyond which a tool that holds everything in memory is not asked.
MOST_PERSONS: dict[Peer, int] = {"pandas": 300_000, "datatable": 300_000}
_SHARE_OF_MEMORY = 0.6


def absence(peer: Peer, size: int) -> str | None:
    """Why a peer is not asked; None when it is."""
    most = MOST_PERSONS.get(peer)
    if most and size > most:
        return f"skipped: holds everything in memory, so it is asked up to {most:,} persons"
    if peer == "datatable":
        there = importlib.import_module("mobility.benchmark.peers.in_datatable").is_there()
        return None if there else "skipped: Rscript or its package data.table is not installed"
    there = importlib.util.find_spec(peer) is not None
    return None if there else "skipped: not installed (uv run --group benchmark jobs/benchmark.py)"


def question_of(settings: Settings, folder: Path) -> Question:
    """The question the peers answer, about the panel and the study of some settings.

    Raises:
        RequestError: the study asks what the peers cannot answer.
    """
    study = settings.study
    if study.income.scheme != "quintiles":
        raise RequestError("peers: they know the classes of study.income.scheme=quintiles only. Ask that, or peers=[].")
    if study.moves.together_days or set(study.flows.counts) != {"events", "transitions"} or len(study.flows.levels) < 5:
        raise RequestError(
            "peers: they count events and transitions at all levels, with study.moves.together_days=0. Ask that, or peers=[]."
        )
    panel = Panel(workspace(settings).panel)
    shape = panel.shape()
    if shape.income_years is None:
        raise RequestError("peers: they need an income register, and this panel has none. Use peers=[].")
    memory = settings.place.memory or int(psutil.virtual_memory().total * _SHARE_OF_MEMORY / MB)
    return Question(
        panel=panel.folder,
        partitions=shape.partitions,
        first_day=shape.first_day,
        cut_off=shape.cut_off,
        first_year=study.period.first_year,
        last_year=study.period.last_year,
        first_income_year=shape.income_years[0],
        last_income_year=shape.income_years[1],
        slack_days=study.residence.slack_days,
        lag_years=study.income.lag_years,
        min_objects=study.residence.renumbering.min_objects,
        max_distance_m=study.residence.renumbering.max_distance_m,
        zoning=tuple((line.code, line.region, line.role) for line in load_zoning(study.geography.zoning).lines),
        threads=os.cpu_count() or 1,
        memory_mb=memory,
        folder=make_folder(folder),
    )


def ask(peer: Peer, question: Question, tell: Tell) -> Measured:
    """Measure a peer; what it needs beforehand is done before the clock starts."""
    module = importlib.import_module(f"mobility.benchmark.peers.in_{peer}")
    if hasattr(module, "prepare"):
        module.prepare(question)
    return measure(partial(_answer, module.answer, question), tell)


def _answer(answer: Callable[[Question], None], question: Question, tell: Tell) -> dict[str, Any]:
    tell("answer", 0, 1)
    answer(question)
    tell("answer", 1, 1)
    return {}


def agrees(peer: Peer, settings: Settings, folder: Path) -> bool:
    """Whether every table of a peer holds the cells and counts of the program's."""
    return all(same(workspace(settings).aggregate(table), folder / table, *TABLES[table]) for table in ANSWERS[peer])


def same(ours: Path, theirs: Path, keys: tuple[str, ...], measures: tuple[str, ...]) -> bool:
    """Whether a table of a peer, `.parquet` or `.csv`, holds the cells and measures of ours, in whatever order."""
    expected = pl.read_parquet(ours, columns=[*keys, *measures]).sort(keys)
    parquet = theirs.with_suffix(".parquet")
    given = pl.read_parquet(parquet) if parquet.is_file() else pl.read_csv(theirs.with_suffix(".csv"))
    if set(given.columns) != set(expected.columns):
        return False
    return given.select(pl.col(name).cast(kind) for name, kind in expected.schema.items()).sort(keys).equals(expected)
