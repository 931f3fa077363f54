"""Which indicator is made of which counts; what several need is added up once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import polars as pl

from mobility.indicators import drivers, selective
from mobility.indicators.blocks import CROSSINGS, RESIDENTS
from mobility.indicators.passing import TENURE_MOVES
from mobility.indicators.table import TOTAL, add_up
from mobility.indicators.zones import at_places
from mobility.run.progress import Tell
from mobility.run.workspace import Workspace
from mobility.steps.monitor_ground import Ground


def make_indicators(ground: Ground, wanted: tuple[str, ...], space: Workspace, tell: Tell) -> list[pl.DataFrame]:
    """The tables of the indicators that are wanted, in their order."""
    made, tables = Made(ground, space), []
    makers = made.makers()
    for number, key in enumerate(wanted):
        tell("indicators", number, len(wanted))
        tables.append(makers[key]())
    tell("indicators", len(wanted), len(wanted))
    return tables


class Made:
    """Counts and aggregates, read and added up when first asked for."""

    def __init__(self, ground: Ground, space: Workspace) -> None:
        self.ground, self.space, self.low = ground, space, ground.low

    def makers(self) -> dict[str, Callable[[], pl.DataFrame]]:
        """How each indicator is made."""
        low = self.low
        return {
            "A1": lambda: selective.rates(self.crossings, self.stocks, low),
            "A2": lambda: selective.selectivity(self.crossings, self.stocks, low),
            "A3": lambda: selective.through_flow(self.crossings, self.tenures, low),
            "A4": lambda: selective.between_roles(self.events("role"), low),
            "A5": lambda: selective.overflow_pairs(
                self.events("gemeente"), self.expected, self.ground.study.monitor.pairs, low
            ),
            "A6": lambda: selective.shifted_burden(self.events("gemeente"), self.account, low),
            "C1": lambda: drivers.low_account(self.account, low),
            "C2": lambda: drivers.share_change(self.account, low),
        }

    # ---- aggregates of earlier steps -------------------------------------------------------------------

    @cached_property
    def account(self) -> pl.DataFrame:
        """The account of the study's levels and of the country."""
        levels = [*self.ground.study.monitor.levels, "national"]
        return self._aggregate("account").filter(pl.col("level").is_in(levels)).collect()

    def events(self, level: str) -> pl.DataFrame:
        """Moves between the places of a level."""
        chosen = (pl.col("count") == "events") & (pl.col("level") == level)
        return self._aggregate("flows").filter(chosen).collect()

    @cached_property
    def expected(self) -> pl.DataFrame:
        """Expected flows between gemeenten; without rows where they were not fitted."""
        if not self.space.aggregate("expected").is_file():
            return pl.DataFrame()
        return self._aggregate("expected").filter(pl.col("level") == "gemeente").collect()

    def _aggregate(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.space.aggregate(name))

    # ---- counts of this step ---------------------------------------------------------------------------

    @cached_property
    def residents(self) -> pl.DataFrame:
        """Residents by year, area, class and age."""
        return self.ground.block("residents", RESIDENTS)

    @cached_property
    def stocks(self) -> pl.DataFrame:
        """Residents by place, cut (with the total), year, class and age."""
        return at_places(self.residents, self.ground.zones, self.ground.levels, ("year", "income_class", "age"))

    @cached_property
    def crossings(self) -> pl.DataFrame:
        """Moves out of, into and within places, with the cut `total`."""
        return _with_total(self.ground.block("crossings", CROSSINGS), CROSSINGS)

    @cached_property
    def tenures(self) -> pl.DataFrame:
        """Moves by tenure left and entered, with the cut `total`."""
        return _with_total(self.ground.block("tenure_moves", TENURE_MOVES), TENURE_MOVES)


def _with_total(counts: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    return add_up([counts, counts.with_columns(cut=pl.lit(TOTAL))], keys)
