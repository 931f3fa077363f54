"""The job `benchmark`: every size, every format, every stage and every peer, one after the other, and then the table."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import psutil
from rich.console import Console
from rich.markup import escape

from mobility.benchmark import contest, stages
from mobility.benchmark.country import (
    benchmark_folder,
    has_panel,
    make_country,
    remember_panel,
    settings_of,
    start_from_panel,
    start_over,
    warm,
)
from mobility.benchmark.figures import GROWTH_HEAD, HEAD, Growth, Row, growth, show, write
from mobility.benchmark.measure import MB, Measured, UnfinishedError, measure
from mobility.benchmark.request import Benchmark, Beside, Peer, Stage
from mobility.errors import RequestError
from mobility.panel.store import Panel
from mobility.run.engine import WorkerError
from mobility.run.lock import held
from mobility.run.progress import Tell, progress
from mobility.run.steps import files_below
from mobility.settings import Engine, Format, Settings, read_own
from mobility.steps.choice import choose
from mobility.steps.job import workspace
from mobility.steps.sources import needed_files

# Stages beyond moves and flows, and how many times as long as those two they may take.
_FURTHER: dict[Stage, float] = {"chains": 2, "monitor": 6}


def benchmark(given: dict[str, Any]) -> None:
    """Measure, show and write.

    Args:
        given: the composed configuration of `conf/benchmark.yaml`.

    Raises:
        RequestError: the request is wrong.
        MobilityError: a stage of the program failed; a peer that fails is a line in the table.
    """
    asked, settings = read_own(Benchmark, given)
    if settings.check:
        raise RequestError("check=true belongs to ingest and release; benchmark cannot only look.")
    if settings.register.kind != "synthetic":
        raise RequestError("register: benchmark measures on a fictitious country. Use register=synthetic.")
    with held(workspace(settings).make(), "benchmark"):
        run = _Run(asked, settings, Console(highlight=False))
        for written_as in asked.written_as:
            for size in asked.sizes:
                run.measure_size(size, written_as)
        run.tell_all()


class _Cost(NamedTuple):
    """Seconds, peak memory in MB, and seconds of processor time where they are known."""

    seconds: float
    peak_mb: float
    processor: float | None = None


@dataclass
class _Run:
    """One run of the benchmark, and what it found so far."""

    asked: Benchmark
    settings: Settings
    console: Console
    rows: list[Row] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    sizes: dict[str, dict[int, tuple[float, float]]] = field(default_factory=dict)

    def measure_size(self, size: int, written_as: Format) -> None:
        """All stages at one size; the peers at the largest."""
        settings = settings_of(self.settings, size, written_as)
        name = f"{size:,} persons, {written_as}"
        with progress(self.console, name) as tell:
            make_country(settings, tell)
            if "ingest" in self.asked.stages or not has_panel(settings):
                start_over(settings)
                if "ingest" in self.asked.stages:
                    self._measure_ingest(settings, name, tell)
                else:
                    measure(partial(stages.run_step, "ingest", settings), tell)
                remember_panel(settings)
            start_from_panel(settings)
            if self.asked.measured != ["ingest"]:
                self._measure_counting(settings, name, tell)
            if size == self.asked.size:
                for kind in self.asked.engines:
                    self._measure_engine(kind, settings, name, tell)

    def _measure_engine(self, kind: Beside, settings: Settings, name: str, tell: Tell) -> None:
        """The stages in one process and, right after it, by workers; starting and ending those is told apart."""
        engine = Engine(kind, settings.engine.workers, None)
        there = f"{kind}, {engine.processes} workers"
        spent: dict[str, list[Measured]] = {settings.engine.kind: [], there: []}
        for stage in self.asked.measured:
            for where, chosen in zip(spent, (settings.engine, engine), strict=True):
                if stage == "ingest":
                    start_over(settings)  # it would find its files read
                done = measure(partial(stages.run_step, stage, replace(settings, engine=chosen)), tell)
                spent[where].append(done)
                self.rows.append(
                    Row(
                        f"engines, {name}",
                        f"{stage}: {where}",
                        done.seconds,
                        done.peak_mb,
                        processor=done.processor,
                        word=f"{stages.seconds_of_work(done):.2f} s of work",
                    )
                )
                if stage == "ingest":
                    remember_panel(settings)
        here, beside = ([stages.seconds_of_work(step) for step in measured] for measured in spent.values())
        whole_here, whole_beside = (sum(step.seconds for step in measured) for measured in spent.values())
        partitions = Panel(workspace(settings).panel).shape().partitions
        each = (sum(beside) - sum(here)) / len(here) / partitions
        self.words.append(
            f"{name}: with {there}, {' + '.join(self.asked.measured)} take {sum(beside) / sum(here):.2f} times as long, which is "
            f"{each:+.3f} s per stage for each of {partitions} partitions; {whole_beside / whole_here:.2f} times with starting "
            "and ending the workers."
        )

    def _measure_ingest(self, settings: Settings, name: str, tell: Tell) -> None:
        part = f"ingest, {name}"
        warm(found.path for _, found in needed_files(settings, choose(settings)))
        floor = measure(partial(stages.read_registers, settings), tell)
        self.rows.append(Row(part, "floor: merely reading", floor.seconds, floor.peak_mb, floor.told["rows"]))
        whole = measure(partial(stages.run_step, "ingest", settings), tell)
        rows = sum(register["read"] for register in whole.told["registers"].values())
        turn = whole.done[stages.READ]
        reading, linking = turn - whole.began, whole.ended - turn
        for what, cost in (
            ("ingest: reading", _Cost(reading, whole.peak_between(whole.began, turn))),
            ("ingest: linking", _Cost(linking, whole.peak_between(turn, whole.ended))),
            ("ingest", _whole(whole)),
        ):
            self._add(settings, part, what, cost, rows, floor)
        spent: dict[str, float] = dict(whole.told["seconds"])
        contracts = spent.pop("checking contracts")
        # Files are read side by side, so these are seconds of threads; their share of the reading stage is what counts.
        rules = reading * spent["checking"] / sum(spent.values())
        self.words.append(
            f"{part}: validation takes {(rules + contracts) / whole.seconds:.1%} of ingest "
            f"(rules in rows {rules:.2f} s, contracts of the panel {contracts:.2f} s)."
        )

    def _measure_counting(self, settings: Settings, name: str, tell: Tell) -> None:
        part = f"moves and flows, {name}"
        warm(files_below(workspace(settings).panel))
        floor = measure(partial(stages.read_panel, settings), tell)
        rows = floor.told["rows"]
        self.rows.append(Row(part, "floor: merely reading", floor.seconds, floor.peak_mb, rows))
        moves = measure(partial(stages.run_step, "moves", settings), tell)
        step = measure(partial(stages.run_step, "flows", settings), tell)
        counted = stages.flows_were_counted(step)
        turn = step.begun[counted] if counted else step.ended
        spent = step.processor_begun[counted] if counted else step.processor
        flows = _Cost(turn - step.began, step.peak_between(step.began, turn), spent)
        both = _Cost(
            moves.seconds + flows.seconds, max(moves.peak_mb, flows.peak_mb), moves.processor + (flows.processor or 0.0)
        )
        self._add(settings, part, "moves", _whole(moves), rows, floor)
        self._add(settings, part, "flows + account", flows, rows, floor)
        self._add(settings, part, "moves + flows + account", both, rows, floor)
        if counted:
            rest = _Cost(step.ended - turn, step.peak_between(turn, step.ended), step.processor - spent)
            self._add(settings, part, "rest of the step flows", rest, rows, floor)
        for stage in self.asked.measured:
            if stage in _FURTHER:
                self._measure_further(stage, settings, (part, rows, floor), (moves, step), tell)
        if settings.synthetic.persons == self.asked.size:
            for peer in self.asked.peers:
                self.rows.append(self._ask(peer, settings, part, floor, both, tell))

    def _measure_further(
        self,
        stage: Stage,
        settings: Settings,
        beside: tuple[str, int, Measured],
        counting: tuple[Measured, Measured],
        tell: Tell,
    ) -> None:
        """A stage that is compared with the two whole steps before it, and the pieces of work it told."""
        part, rows, floor = beside
        done = measure(partial(stages.run_step, stage, settings), tell)
        self._add(settings, part, stage, _whole(done), rows, floor)
        self.rows += [Row(part, f"{stage}: {what}", seconds) for what, seconds in stages.pieces(done).items()]
        seconds, processor = (sum(getattr(step, name) for step in counting) for name in ("seconds", "processor"))
        self.words.append(
            f"{part}: {stage} takes {done.seconds / seconds:.2f} times the seconds of the steps moves and flows, and "
            f"{done.processor / processor:.2f} times their processor time (aim: at most {_FURTHER[stage]:g})."
        )

    def _ask(self, peer: Peer, settings: Settings, part: str, floor: Measured, ours: _Cost, tell: Tell) -> Row:
        why = contest.absence(peer, settings.synthetic.persons)
        if why:
            return Row(part, peer, word=why)
        question = contest.question_of(settings, workspace(settings).root / "peers" / peer)
        try:
            measured = contest.ask(
                peer, question, lambda what, done, of, rows=0, /: tell(f"{peer}: {what}", done, of, rows)
            )
        except (UnfinishedError, WorkerError, RequestError) as error:
            return Row(part, peer, word=f"failed: {error}")
        return Row(
            part,
            peer,
            measured.seconds,
            measured.peak_mb,
            floor.told["rows"],
            measured.seconds / floor.seconds,
            ours.seconds / measured.seconds,
            contest.agrees(peer, settings, question.folder),
            processor=measured.processor,
            processor_to_peer=(ours.processor or 0.0) / measured.processor,
        )

    def _add(self, settings: Settings, part: str, what: str, cost: _Cost, rows: int, floor: Measured) -> None:
        """A stage of the program; kept for the growth too."""
        self.rows.append(
            Row(part, what, cost.seconds, cost.peak_mb, rows, cost.seconds / floor.seconds, processor=cost.processor)
        )
        synthetic = settings.synthetic
        of_sizes = self.sizes.setdefault(f"{what}, {synthetic.formats[0]}", {})
        of_sizes[synthetic.persons] = (cost.seconds, cost.peak_mb)

    def tell_all(self) -> None:
        """The table, on the terminal and in files."""
        grown: list[Growth] = []
        if len(self.asked.sizes) > 1:
            grown = [row for what, measured in self.sizes.items() for row in growth(measured, what)]
        for part in dict.fromkeys(row.part for row in self.rows):
            show(self.console, part, HEAD, [row.cells for row in self.rows if row.part == part])
        if grown:
            show(self.console, "growth", GROWTH_HEAD, [row.cells for row in grown])
        for word in self.words:
            self.console.print(escape(word), soft_wrap=True)
        path = write(benchmark_folder(self.settings), _machine(), self.rows, grown, self.words)
        self.console.print(f"written to {escape(str(path))} and benchmark.json beside it", soft_wrap=True)


def _whole(step: Measured) -> _Cost:
    return _Cost(step.seconds, step.peak_mb, step.processor)


def _machine() -> dict[str, Any]:
    """What the figures depend on; no name of a machine or a person."""
    return {
        "cores": os.cpu_count(),
        "memory GiB": round(psutil.virtual_memory().total / (MB << 10), 1),
        "system": platform.system(),
        "python": platform.python_version(),
    }
