"""What a release offers: aggregates read, put into cells, and held against what was released before."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import polars as pl

from mobility.disclosure.cells import Offer, offer
from mobility.disclosure.coarsening import shares_without
from mobility.disclosure.declaration import Declaration, Rows, Where
from mobility.disclosure.earlier import Edition, check_periods, only_public, states
from mobility.disclosure.editions import offers_then
from mobility.disclosure.members import Members
from mobility.disclosure.protect import MEASURES
from mobility.errors import ReleaseError, RequestError
from mobility.release.declarations import declared_tables, load_declaration
from mobility.release.detail import Detailer, explain, tell_ladder
from mobility.release.ledger import Ledger
from mobility.release.monitored import BESIDE, INDICATORS, with_sums
from mobility.release.prepared import PREPARED, files_of
from mobility.run.workspace import Workspace
from mobility.settings import Settings

T = TypeVar("T")

FindMembers = Callable[[str], Members | None]
"""The records behind an aggregate, by its name."""


@dataclass(frozen=True)
class Offering:
    """Where the cells of a release come from.

    Attributes:
        settings: of the study.
        workspace: with the aggregates.
        members: who is behind them.
    """

    settings: Settings
    workspace: Workspace
    members: FindMembers

    def offers(self, declarations: list[Declaration]) -> tuple[list[Offer], list[str]]:
        """The cells of every table, at the detail the study asks, and what there is to tell of that.

        Raises:
            RequestError: an aggregate is missing, or a table cannot be made coarser.
            ReleaseError: an aggregate does not fit its declaration.
        """
        release = self.settings.study.release
        detailer = Detailer(declarations, self.read, self.members, self.settings)
        detailer.check(release.coarsen)
        if not release.coarsen:
            return [self.offer(each) for each in declarations], []
        detail = self._guarded("flows", partial(detailer.find, release.coarsen))
        found = []
        for each in declarations:
            if each.table in detailer.names():
                given = self._guarded(each.table, partial(detailer.offer, each, detail.rung))
                found.append(explain(given, detail))
            else:
                found.append(self.offer(each))
        return found, ["detail of the tables of flows:", *tell_ladder(detail, release.target_share)]

    def advice(self, declarations: list[Declaration]) -> list[str]:
        """Which detail would let enough of the tables through, for a release that is only looked at.

        Of tables of flows, the ladder; of others in one level of detail, what there would be without one of their columns.
        """
        detailer = Detailer(declarations, self.read, self.members, self.settings)
        names = detailer.names()
        others = [each for each in declarations if each.table not in names and not each.parts]
        lines = [line for each in others for line in self._without(each)]
        return lines + self._ladder(detailer, names)

    def _without(self, declaration: Declaration) -> list[str]:
        shares = shares_without(self.offer(declaration), self.settings.disclosure)
        coarser = [f"{share:.0%} without {column}" for column, share in shares.items() if column]
        whole = f"{declaration.table}: {shares['']:.0%} of persons in cells that meet the minimum"
        return [f"{whole}; {', '.join(coarser)}"] if shares[""] < self.settings.study.release.target_share else []

    def _ladder(self, detailer: Detailer, names: tuple[str, ...]) -> list[str]:
        if self.settings.study.release.coarsen or not names:
            return []
        detail = self._guarded("flows", partial(detailer.find, names))
        told = tell_ladder(detail, self.settings.study.release.target_share)
        return [f"detail at which enough of {', '.join(names)} could be shown (study.release.coarsen):", *told]

    def offer(self, declaration: Declaration) -> Offer:
        """The cells of one table as it is declared."""
        return self._guarded(declaration.table, partial(self._offer, declaration))

    def _offer(self, declaration: Declaration) -> Offer:
        low = self.settings.study.income.low
        given = offer(declaration, self.read(declaration), low=low, profile=self.settings.disclosure)
        return with_sums(given, self._anchors(), low) if declaration.source == INDICATORS else given

    def _anchors(self) -> dict[str, Offer]:
        """Tables beside the indicators that hold some of the same cells, as the study releases them."""
        names = [name for name in BESIDE if name in self.settings.study.release.tables]
        return {name: self.offer(load_declaration(name)) for name in names}

    def _guarded(self, table: str, work: Callable[[], T]) -> T:
        try:
            return work()
        except pl.exceptions.PolarsError as fault:
            kind = type(fault).__name__
        # Raised outside the `except`: what polars says can quote a value.
        raise ReleaseError(
            f"{table}: the aggregate it is made from does not fit its declaration ({kind}). Nothing was written."
        )

    def read(self, declaration: Declaration) -> pl.DataFrame:
        """The aggregate a table is made from."""
        if declaration.source in PREPARED:
            _, prepare = PREPARED[declaration.source]
            return prepare(partial(self._aggregate, declaration.table), self.settings.study)
        return self._aggregate(declaration.table, declaration.source)

    def _aggregate(self, table: str, name: str) -> pl.DataFrame:
        path = self.workspace.aggregate(name)
        if not path.is_file():
            raise RequestError(
                f"{table} is made from {path}, which is not there. Run the job that makes it, or take "
                f"the table out of study.release.tables."
            )
        try:
            return pl.read_parquet(path)
        except pl.exceptions.PolarsError:
            pass
        raise RequestError(f"{path} cannot be read as a table. Run the job that makes it again.")

    def is_there(self, declaration: Declaration) -> bool:
        """Whether the aggregates that a table is made from exist."""
        return all(self.workspace.aggregate(name).is_file() for name in files_of(declaration.source))

    def held_against(self, given: Offer, editions: Sequence[Edition]) -> Offer:
        """An offer with the state of its cells.

        Raises:
            ReleaseError: its periods overlap those of an earlier release.
        """
        source = given.declaration.source
        mine = [edition for edition in editions if edition.source == source]
        if not mine:
            return given
        check_periods(given, mine)
        low, least = self.settings.study.income.low, self.settings.disclosure.minimum_difference
        frame = states(given, mine, self.members(source), low, dict.fromkeys(MEASURES, least))
        return dataclasses.replace(given, frame=frame)

    def released_before(self, ledger: Ledger, offers: Sequence[Offer], editions: Sequence[Edition]) -> list[Offer]:
        """Tables of earlier releases that are not offered now in the same detail: what they showed is still known."""
        self._check_modes(ledger, offers)
        here = {(given.declaration.table, _universe(given.declaration)) for given in offers}
        names = {given.declaration.table for given in offers}
        own = self.workspace.outputs
        found = []
        for record in ledger.records:
            for recorded in record.recorded:
                for table, universe in sorted(recorded.definition["universe"].items()):
                    if table not in declared_tables(own):
                        continue
                    declaration = _as_it_was(load_declaration(table, own=own), universe)
                    one = (table, _universe(declaration))
                    files = map(self.workspace.aggregate, files_of(declaration.source))
                    if one in here or not all(path.is_file() for path in files):
                        continue
                    here.add(one)
                    if table in names:  # of another detail than the one offered under this name
                        declaration = dataclasses.replace(declaration, table=f"{table}_{len(here)}")
                    names.add(declaration.table)
                    given = self.offer(declaration)
                    low, least = self.settings.study.income.low, self.settings.disclosure.minimum_difference
                    mine = [edition for edition in editions if edition.source == declaration.source]
                    members = self.members(declaration.source)
                    frame = states(given, mine, members, low, dict.fromkeys(MEASURES, least))
                    found.append(dataclasses.replace(given, frame=only_public(frame)))
        return found

    def as_they_were(self, ledger: Ledger, known: Sequence[Offer], editions: Sequence[Edition]) -> list[Offer]:
        """Tables of earlier releases as they were, where records have changed since: one system of sums with those of now."""
        own, low, found, rest = self.workspace.outputs, self.settings.study.income.low, [], iter(editions)
        for number, record in enumerate(ledger.records, start=1):
            suffix, together = f"_edition_{number}", []
            for each, edition in zip(record.recorded, rest, strict=False):
                now = [given for given in known if given.declaration.source == each.source]
                members = self.members(each.source) if now else None
                if members is None or edition.members is None:
                    continue
                declared = [
                    _as_it_was(load_declaration(table, own=own), universe)
                    for table, universe in sorted(each.definition["universe"].items())
                    if table in declared_tables(own)
                ]
                made = offers_then(declared, edition, now, members, low, suffix)
                together += [(given, low == edition.low) for given in made]
            names = {given.declaration.table for given, _ in together}
            found += [_beside_its_own(given, suffix, names, is_same=same) for given, same in together]
        return found

    def _check_modes(self, ledger: Ledger, offers: Sequence[Offer]) -> None:
        """Refuse a table in exact numbers that was rounded before, and the other way round."""
        modes = {given.declaration.table: given.declaration.mode for given in offers}
        for record in ledger.records:
            for recorded in record.recorded:
                for table, universe in sorted(recorded.definition["universe"].items()):
                    if modes.get(table, universe["mode"]) != universe["mode"]:
                        raise ReleaseError(
                            f"study.release.modes: {table} was released as {universe['mode']} before. Exact and rounded "
                            "numbers of the same cells tell more than either: keep to its mode. Nothing was written."
                        )


def _beside_its_own(given: Offer, suffix: str, names: set[str], *, is_same: bool) -> Offer:
    """A table of an earlier release with sums to the tables of that release, or of now where these are still the same.

    Of other low classes, cells of now are no sums of those of then.
    """
    kept = []
    for margin in given.declaration.margins:
        then = margin.table + suffix
        if then in names:
            kept.append(dataclasses.replace(margin, table=then))
        elif is_same:
            kept.append(margin)
    return dataclasses.replace(given, declaration=dataclasses.replace(given.declaration, margins=tuple(kept)))


def closed(given: Offer) -> Offer:
    """An offer of which nothing is shown but what is public already."""
    return dataclasses.replace(given, frame=only_public(given.frame))


def universe_of(declaration: Declaration) -> dict[str, Any]:
    """Which rows of the aggregate a table holds, and in which detail, as plain values."""
    return {
        "where": [[column, list(values)] for column, values in declaration.where],
        "recode": [list(each) for each in declaration.recode],
        "mode": declaration.mode,
        "rows": [[[[c, list(v)] for c, v in each.where], list(each.total)] for each in declaration.rows],
    }


def _universe(declaration: Declaration) -> tuple[object, ...]:
    return declaration.where, declaration.recode, declaration.rows


def _as_it_was(declaration: Declaration, universe: dict[str, Any]) -> Declaration:
    def where(given: list[Any]) -> Where:
        return tuple((column, tuple(values)) for column, values in given)

    return dataclasses.replace(
        declaration,
        mode=universe["mode"],
        where=where(universe["where"]),
        recode=tuple((column, how) for column, how in universe["recode"]),
        rows=tuple(Rows(where(kept), tuple(total)) for kept, total in universe["rows"]),
    )
