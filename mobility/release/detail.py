"""The detail of a release: which coarser one would let enough through, and the tables at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from mobility.disclosure.cells import Offer
from mobility.disclosure.coarsening import CLASSES, LEVELS, Rung, Tried, ladder, offer_at, share_shown
from mobility.disclosure.declaration import Declaration
from mobility.disclosure.members import Members
from mobility.errors import RequestError
from mobility.settings import Settings, Words

SOURCES = ("flows", "flows_by")
"""Aggregates whose tables can be made coarser; all tables of a release that are made from them get the same detail."""

_NOT_BESIDE = ("account", "expected", "flow_indices")
_FINEST = Rung(LEVELS[0], 1, CLASSES[0])
_CLASS_WORDS = {
    "declared": Words("alle klassen", "all classes"),
    "low": Words("low en not_low", "low and not_low"),
    "all": Words("klassen samen", "classes together"),
}


@dataclass(frozen=True)
class Detail:
    """What was found.

    Attributes:
        rung: the detail taken.
        tried: every rung that was looked at, with the share of persons in cells that meet the minimum; stays inside.
        is_enough: whether the target was reached; else the rung with the largest share was taken.
    """

    rung: Rung
    tried: tuple[Tried, ...]
    is_enough: bool


class Detailer:
    """Finds the detail of the tables of flows in a release, and makes their cells.

    Args:
        declarations: all tables of the release.
        read: the aggregate of a declaration.
        members: the records behind an aggregate.
        settings: of the study.
    """

    def __init__(
        self,
        declarations: list[Declaration],
        read: Callable[[Declaration], pl.DataFrame],
        members: Callable[[str], Members | None],
        settings: Settings,
    ) -> None:
        self._tables = [each for each in declarations if each.source in SOURCES]
        self._read, self._members, self._settings = read, members, settings
        self._beside = sorted({each.source for each in declarations} & set(_NOT_BESIDE))

    def find(self, names: tuple[str, ...]) -> Detail:
        """The finest detail at which every one of these tables has enough volume in cells that meet the minimum."""
        asked = [each for each in self._tables if each.table in names]
        tried: list[Tried] = []
        for rung in ladder(len(self._settings.study.period.years), periods=self._knows_people()):
            share = min(share_shown(self.offer(each, rung), rung, self._settings.disclosure) for each in asked)
            tried.append(Tried(rung, share))
            if share >= self._settings.study.release.target_share:
                return Detail(rung, tuple(tried), is_enough=True)
        best = max(tried, key=lambda each: each.share)
        return Detail(best.rung, tuple(tried), is_enough=False)

    def names(self) -> tuple[str, ...]:
        """The tables whose detail can be given up."""
        return tuple(each.table for each in self._tables)

    def check(self, names: tuple[str, ...]) -> None:
        """Refuse what cannot be made coarser.

        Raises:
            RequestError: a table is not one of flows, or another stands beside it in the finest detail.
        """
        strangers = sorted(set(names) - set(self.names()))
        if strangers:
            raise RequestError(
                f"study.release.coarsen: {strangers[0]} is not made from flows. Its detail is that of its declaration in "
                "schemas/outputs."
            )
        if names and self._beside:
            raise RequestError(
                f"study.release.coarsen: {self._beside[0]} shows the same moves in the finest detail. Take it out of "
                "study.release.tables, or release it without coarsen."
            )

    def offer(self, declaration: Declaration, rung: Rung) -> Offer:
        """The cells of a table of flows at a detail."""
        study = self._settings.study
        members = self._members(declaration.source) if rung.years > 1 else None
        aggregate = self._read(declaration)
        years = study.period.years
        return offer_at(declaration, aggregate, rung, years, members, study.income.low, self._settings.disclosure)

    def _knows_people(self) -> bool:
        found = [self._members(each.source) for each in self._tables]
        return all(members is not None and members.different is not None for members in found)


def explain(given: Offer, detail: Detail) -> Offer:
    """An offer whose declaration tells the reader what detail was given up and why; no share, which would tell of small cells."""
    steps = [_words(each.rung) for each in detail.tried[:-1]]
    taken = _words(detail.rung)
    if detail.rung == _FINEST and detail.is_enough:
        text = Words(f"Niets opgegeven: {taken.nl}.", f"Nothing given up: {taken.en}.")
    elif detail.is_enough:
        text = Words(
            f"Opgegeven tot genoeg te tonen was: {taken.nl}. Te fijn: {'; '.join(each.nl for each in steps)}.",
            f"Given up until enough could be shown: {taken.en}. Too fine: {'; '.join(each.en for each in steps)}.",
        )
    else:
        text = Words(
            f"Bij geen detail was genoeg te tonen; het beste is genomen: {taken.nl}.",
            f"At no detail enough could be shown; the best was taken: {taken.en}.",
        )
    return dataclasses.replace(given, declaration=dataclasses.replace(given.declaration, detail=text))


def tell_ladder(detail: Detail, target: float) -> list[str]:
    """The ladder with its shares, for the researcher inside the environment."""
    lines = [
        f"  {_words(each.rung).en}: {each.share:.0%} of persons in cells that meet the minimum" for each in detail.tried
    ]
    verdict = "reaches" if detail.is_enough else "is the nearest to"
    return [*lines, f"  {_words(detail.rung).en} {verdict} the target of {target:.0%} (study.release.target_share)"]


def _words(rung: Rung) -> Words:
    classes = _CLASS_WORDS[rung.classes]
    years = (
        Words("per jaar", "by year") if rung.years == 1 else Words(f"per {rung.years} jaar", f"by {rung.years} years")
    )
    return Words(f"{rung.level}, {years.nl}, {classes.nl}", f"{rung.level}, {years.en}, {classes.en}")
