"""Which indicator is made of which counts; what several need is added up once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

import numpy as np
import polars as pl

from mobility.income import CLASSES
from mobility.indicators import (
    after,
    corporations,
    drivers,
    dwellings,
    family,
    housing_stock,
    living,
    outcomes,
    reproduction,
    residents,
    selective,
    services,
    sorting,
)
from mobility.indicators.blocks import CROSSINGS, DISTANCES, RESIDENTS, SQUARES, TENURE_RESIDENTS
from mobility.indicators.concentrations import new_concentrations
from mobility.indicators.passing import BAND_MOVES, DISTANCES_MOVED, SOCIAL_MOVES, STATUS_MOVES, TENURE_MOVES
from mobility.indicators.segregation import Numbers
from mobility.indicators.table import empty
from mobility.indicators.trajectories import CLIMBS, EXPOSURES, STAYS, TIMES, TRANSITIONS
from mobility.indicators.zones import CUTS, INSIDE, NATIONAL, at_places, with_total
from mobility.panel.lookup import TENURES
from mobility.places import UNPLACEABLE
from mobility.run.progress import Tell
from mobility.settings import Settings
from mobility.steps.job import workspace
from mobility.steps.monitor_counts import Fields, percentile_tables
from mobility.steps.monitor_dwellings import History
from mobility.steps.monitor_further import count_family
from mobility.steps.monitor_ground import BIN_M, Ground
from mobility.steps.monitor_residents import OriginalResidents, count_original_residents


def make_indicators(
    ground: Ground, wanted: tuple[str, ...], fields: Fields, settings: Settings, tell: Tell
) -> tuple[list[pl.DataFrame], dict[str, float]]:
    """The tables of the indicators that are wanted, in their order, and the seconds that each family took.

    What several indicators need is made for the first of them, and in its family's seconds.
    """
    made, tables = Made(ground, fields, settings, tell), []
    makers, seconds = made.makers(ground.low), dict.fromkeys((key[0] for key in wanted), 0.0)
    for number, key in enumerate(wanted):
        tell("indicators", number, len(wanted))
        began = time.perf_counter()
        tables.append(makers[key]())
        seconds[key[0]] += time.perf_counter() - began
    tell("indicators", len(wanted), len(wanted))
    return tables, seconds


class Made:
    """Counts and aggregates, read and added up when first asked for."""

    def __init__(self, ground: Ground, fields: Fields, settings: Settings, tell: Tell) -> None:
        self.settings, self.tell, self.space = settings, tell, workspace(settings)
        self.fields = fields
        self.ground, self.low, self.monitor = ground, ground.low, ground.study.monitor
        # Levels wide enough to hold several buurten.
        self.wide = [name for name in (*self.monitor.levels, NATIONAL) if name in ("gemeente", "region", NATIONAL)]

    def makers(self, low: tuple[str, ...]) -> dict[str, Callable[[], pl.DataFrame]]:
        """How each indicator is made.

        Args:
            low: classes that are low.
        """
        return {
            "A1": lambda: selective.rates(self.crossings, self.stocks, low),
            "A2": lambda: selective.selectivity(self.crossings, self.stocks, low),
            "A3": lambda: selective.through_flow(self.crossings, self.tenures, low),
            "A4": lambda: selective.between_roles(self.events("role"), low),
            "A5": lambda: selective.overflow_pairs(
                self.events("gemeente"), self.expected, self.ground.study.monitor.pairs, low
            ),
            "A6": lambda: selective.shifted_burden(self.events("gemeente"), self.account, low),
            "A7": lambda: reproduction.status_of_destination(self.status_moves, self.ground.regions, low),
            "A8": self._repeated_exposure,
            "A9": lambda: reproduction.staying_behind(self._block("stays", STAYS), self.ground.regions, low),
            "B1": lambda: living.suburbanisation(self.roles, low),
            "B2": lambda: living.distance_to_centre(
                self._block("distances", DISTANCES), self.ground.regions, BIN_M, low
            ),
            "B3": lambda: sorting.segregated(
                self.units, percentile_tables(self.ground), self.ground.zones, self.wide, low, self.monitor.permutations
            ),
            "B4": self._at_scales,
            "B5": lambda: sorting.what_changed(self.units, self.ground.zones, self.wide),
            "B6": self._new_concentrations,
            "B7": lambda: corporations.concentration(
                self.ground.dwellings(),
                self._block("tenure_residents", TENURE_RESIDENTS),
                self.band_moves,
                self.ground.zones.levels["region"].of_area,
                self.ground.regions,
                low,
            ),
            "C1": lambda: drivers.low_account(self.account, low),
            "C2": lambda: drivers.share_change(self.account, low),
            "D1": lambda: residents.where_now(self._original_residents.states, low),
            "D2": lambda: self._from_chains("incidence", residents.came_back),
            "D3": lambda: pl.concat(
                [
                    self._from_chains("chains", residents.seeped_away),
                    self._from_chains("excess", residents.more_than_expected),
                ]
            ),
            "D4": lambda: residents.replaced_by(
                self.crossings, {one.area: one.start.year for one in self.ground.followed}, low
            ),
            "E1": self._entrants,
            "E2": lambda: dwellings.successors(*self.history.vacated(), low),
            "E3": lambda: dwellings.vacancy_chains(self.history.chains(), self.history.filled()),
            "E4": lambda: reproduction.climbers(self._block("climbs", CLIMBS), self.ground.regions),
            "E5": lambda: housing_stock.stock_flows(self._with_total("stock_flows", housing_stock.STOCK_FLOWS)),
            "E6": lambda: housing_stock.crowding(
                self._with_total("crowding", housing_stock.CROWDING), self._with_total("kinds", housing_stock.CROWDING)
            ),
            "E7": lambda: dwellings.new_tenancies(self.history.begun_social(), low),
            "F1": self._distances_moved,
            "F2": lambda: family.family_near(
                count_family(self.ground, self.tell), self.ground.regions, self.monitor.near_km, low
            ),
            "F3": lambda: services.service_changes(
                self._block("service_moves", services.SERVICE_MOVES), self.ground.regions, low
            ),
            "F5": lambda: pl.concat(
                [
                    reproduction.rank_change(self.status_moves, self.ground.regions, low),
                    reproduction.band_change(self.band_moves, self.ground.regions, low),
                ]
            ),
            "F6": lambda: services.closures(self._block("closures", services.CLOSURES), self.ground.regions, low),
            "G1": self._by_trajectory,
            "G2": lambda: outcomes.area_gap(self._block("gaps", outcomes.GAPS)),
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

    def _from_chains(self, name: str, make: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
        """Of an aggregate of the step `chains`, which is not there in a study without programmes."""
        is_there = self.ground.followed and self.space.aggregate(name).is_file()
        return make(self._aggregate(name).collect()) if is_there else empty()

    def _aggregate(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.space.aggregate(name))

    # ---- indicators of several counts ------------------------------------------------------------------

    def _repeated_exposure(self) -> pl.DataFrame:
        period = self.ground.study.period
        transitions = self._block("transitions", TRANSITIONS)
        stocks = len(period.years) + 1
        return reproduction.repeated_exposure(
            transitions,
            self._block("times", TIMES),
            self._block("exposures", EXPOSURES),
            period.first_year,
            stocks,
            self.ground.regions,
            self.low,
        )

    def _by_trajectory(self) -> pl.DataFrame:
        counted = self._original_residents.outcomes
        return outcomes.by_trajectory(counted, self.low) if counted.height else empty()

    def _distances_moved(self) -> pl.DataFrame:
        moved = self._block("distances_moved", DISTANCES_MOVED)
        found = [after.distance_moved(moved, self.ground.regions, BIN_M, self.low)]
        if self.ground.followed:
            found.append(after.distance_by_trajectory(self._original_residents.distances, BIN_M, self.low))
        return pl.concat(found)

    def _at_scales(self) -> pl.DataFrame:
        nested = sorting.at_scales(self.units, self.ground.zones)
        if not (self.ground.scratch / "squares").is_dir():
            return nested
        return pl.concat([nested, sorting.at_squares(self._block("squares", SQUARES), self.ground.regions)])

    def _new_concentrations(self) -> pl.DataFrame:
        ground, years = self.ground, self.ground.study.period.years
        shape = (ground.areas.height, len(years))
        low = [CLASSES.index(name) for name in self.low]
        known = self.residents.filter(pl.col("income_class") < CLASSES.index("student"))
        ours = known.filter(pl.col("income_class").is_in(low))
        crossed = self._block("buurt_crossings", CROSSINGS).filter(pl.col("income_class").is_in(low))
        area_of = {code: number for number, code in enumerate(ground.buurten) if code is not None}
        crossed = crossed.with_columns(
            area=pl.col("place").replace_strict(area_of, default=None, return_dtype=pl.UInt32)
        ).drop_nulls("area")
        regions = ground.areas.select(pl.when(~pl.col("region").is_in([UNPLACEABLE])).then("region")).to_series()
        outside = (ground.zones.cut != CUTS.index(INSIDE)) & ground.buurten.is_not_null()
        return new_concentrations(
            _dense(ours, "persons", shape, years),
            _dense(known, "persons", shape, years),
            _dense(ours, "households", shape, years),
            _dense(crossed.filter(side="in"), "persons", shape, years)
            - _dense(crossed.filter(side="out"), "persons", shape, years),
            regions,
            outside.to_numpy().astype(np.float64),
            years,
            ground.buurten,
            self.monitor.unit_persons,
            self.monitor.concentrations,
        )

    @cached_property
    def _original_residents(self) -> OriginalResidents:
        return count_original_residents(self.ground, self.space.root / "cohort", self.settings, self.tell)

    def _entrants(self) -> pl.DataFrame:
        living = self._block("tenure_residents", TENURE_RESIDENTS).filter(pl.col("tenure") == TENURES.index("social"))
        sitting = at_places(living.drop("tenure"), self.ground.zones, self.ground.levels, ("year", "income_class"))
        moves = self._with_total("social_moves", SOCIAL_MOVES)
        return corporations.entrants(moves, sitting, self.low)

    # ---- counts of this step ---------------------------------------------------------------------------

    def _block(self, name: str, keys: tuple[str, ...]) -> pl.DataFrame:
        return self.ground.block(name, keys)

    def _with_total(self, name: str, keys: tuple[str, ...]) -> pl.DataFrame:
        return with_total(self._block(name, keys), keys)

    @cached_property
    def history(self) -> History:
        """The tenancies of all dwellings."""
        return History(self.ground, workspace(self.settings).moves, self.fields.first_used)

    @cached_property
    def status_moves(self) -> pl.DataFrame:
        """Moves between deciles of status."""
        return self._block("status_moves", STATUS_MOVES)

    @cached_property
    def band_moves(self) -> pl.DataFrame:
        """Moves between bands of corporation share."""
        return self._block("band_moves", BAND_MOVES)

    @cached_property
    def units(self) -> list[living.Units]:
        """Buurten large enough for a measure of segregation."""
        return living.units_of(self.residents, self.ground.zones, self.ground.areas.height, self.monitor.unit_persons)

    @cached_property
    def roles(self) -> pl.DataFrame:
        """Residents by role, whatever levels are asked for."""
        return at_places(self.residents, self.ground.zones, ["role"], ("year", "income_class", "age"))

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
        return self._with_total("crossings", CROSSINGS)

    @cached_property
    def tenures(self) -> pl.DataFrame:
        """Moves by tenure left and entered, with the cut `total`."""
        return self._with_total("tenure_moves", TENURE_MOVES)


def _dense(counts: pl.DataFrame, measure: str, shape: tuple[int, int], years: range) -> Numbers:
    """Counts as areas by years."""
    table = np.zeros(shape)
    cell = (counts["area"].to_numpy(), counts["year"].to_numpy() - years.start)
    np.add.at(table, cell, counts[measure].to_numpy())
    return table
