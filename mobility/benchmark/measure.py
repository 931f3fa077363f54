"""A task in a process of its own, with its wall seconds and the peak memory of that process and its children.

New processes are spawned, not forked, so that all start alike, on Windows too. Memory is sampled from outside; on Linux the
process tells its own high-water mark as well, so that no short peak between two samples is lost.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from mobility.errors import MobilityError
from mobility.run.engine import WorkerError, place_in_program
from mobility.run.progress import Tell

MB = 1 << 20
_EVERY_SECONDS = 0.02
_FAMILY_EVERY_SECONDS = 0.25  # looking for new children costs more than looking at known ones
_STATUS = Path("/proc/self/status")
Task = Callable[[Tell], dict[str, Any]]


class UnfinishedError(MobilityError):
    """A measured process ended without an answer: the system or a library stopped it."""


@dataclass(frozen=True)
class Measured:
    """One run of a task.

    Attributes:
        began: time (as `time.time`) at which the task began; starting the process and importing are left out.
        ended: when it ended.
        told: what the task gave back.
        begun: piece of work to the time at which it was told to begin.
        done: piece of work to the time at which it was told to be done.
        own_peak: high-water mark of the process in bytes; 0 where the system does not tell.
        samples: time and bytes of the process and its children, resident.
        processor: seconds of processor time of the process and its children: what the work costs, whatever else runs.
        processor_begun: piece of work to the seconds of processor time that were spent when it was told to begin.
    """

    began: float
    ended: float
    told: dict[str, Any]
    begun: dict[str, float]
    done: dict[str, float]
    own_peak: int
    samples: list[tuple[float, int]] = field(repr=False)
    processor: float = 0.0
    processor_begun: dict[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Wall seconds."""
        return self.ended - self.began

    @property
    def peak_mb(self) -> float:
        """Peak memory in MB (2**20 bytes)."""
        return max(self.peak_between(self.began, self.ended), self.own_peak / MB)

    def peak_between(self, begin: float, end: float) -> float:
        """Peak of the samples between two times, in MB."""
        inside = [size for moment, size in self.samples if begin <= moment <= end]
        return max(inside, default=0) / MB


def measure(task: Task, tell: Tell) -> Measured:
    """Run a task in a new process and measure it.

    Args:
        task: picklable: a function of a module, its arguments bound by `functools.partial`. It gets a `tell` of its own.
        tell: receives the progress of the task.

    Raises:
        MobilityError: the task raised it; the same kind and sentence.
        WorkerError: a fault in the task: kind and place, no text.
        UnfinishedError: the process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(task, theirs))
    process.start()
    theirs.close()
    assert process.pid is not None  # noqa: S101 - it was started
    samples: list[tuple[float, int]] = []
    family = _family(process.pid)
    answer: _Answer | None = None
    try:
        while answer is None:
            samples.append((time.time(), next(family)))
            while answer is None and ours.poll(_EVERY_SECONDS):
                message = ours.recv()
                if isinstance(message, _Answer):
                    answer = message
                else:
                    tell(*message)
    except EOFError:
        pass
    finally:
        ours.close()
        if answer is None:
            process.join(1)  # it may be ending by itself, with an exit code of its own
            process.terminate()
        process.join()
    if answer is None:
        raise UnfinishedError(
            f"A measured process ended without an answer (exit code {process.exitcode}). If the machine has too little memory "
            "for it, choose a smaller size."
        )
    if answer.error:
        raise answer.error
    return Measured(
        answer.began,
        answer.ended,
        answer.told,
        answer.begun,
        answer.done,
        answer.own_peak,
        samples,
        answer.processor,
        answer.processor_begun,
    )


@dataclass
class _Answer:
    began: float
    ended: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)
    own_peak: int = 0
    processor: float = 0.0
    processor_begun: dict[str, float] = field(default_factory=dict)
    error: Exception | None = None


def _run(task: Task, out: Connection) -> None:
    answer, spent_before = _Answer(time.time()), _processor()

    def tell(what: str, done: int, of: int, rows: int = 0, /) -> None:  # noqa: ARG001 - bars of the benchmark count pieces
        now = time.time()
        if what not in answer.begun:
            answer.begun[what] = now
            answer.processor_begun[what] = _processor() - spent_before
        if done >= of:
            answer.done[what] = now
        out.send((what, done, of))

    try:
        answer.told = task(tell)
    except MobilityError as error:
        answer.error = type(error)(str(error))
    except Exception as error:  # its text may quote rows
        answer.error = WorkerError(f"{type(error).__name__} at {place_in_program(error)}")
    answer.ended, answer.processor = time.time(), _processor() - spent_before
    answer.own_peak = _own_peak()
    out.send(answer)
    out.close()


def _processor() -> float:
    """Seconds of processor time of this process and its children, those that ended too (where the system tells)."""
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        try:
            spent = process.cpu_times()
        except psutil.Error:  # it has just ended
            continue
        total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


def _family(pid: int) -> Iterator[int]:
    """Resident bytes of a process and its children, each time it is asked."""
    members: list[psutil.Process] = []
    looked = 0.0
    while True:
        if time.monotonic() - looked > _FAMILY_EVERY_SECONDS:
            looked = time.monotonic()
            try:
                head = psutil.Process(pid)
                members = [head, *head.children(recursive=True)]
            except psutil.Error:
                members = []
        total = 0
        for member in members:
            try:
                total += member.memory_info().rss
            except psutil.Error:  # it has just ended
                continue
        yield total


def _own_peak() -> int:
    """High-water mark of this process; that of `getrusage` would begin with the memory of the process that started it."""
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))  # Windows
