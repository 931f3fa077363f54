"""The passes of the monitor over the persons and over their moves: what is counted is put down by partition."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.indicators.blocks import (
    PERCENTILES,
    count_crossings,
    count_distances,
    count_percentiles,
    count_residents,
    count_squares,
    count_tenures,
    percentiles_after,
)
from mobility.indicators.corporations import bands_of
from mobility.indicators.outcomes import NO_OUTCOME, count_gaps
from mobility.indicators.passing import (
    count_band_moves,
    count_distances_moved,
    count_social_moves,
    count_status_moves,
    count_tenure_moves,
    dated_moves,
    tenures_of_moves,
)
from mobility.indicators.segregation import Numbers
from mobility.indicators.services import count_closures, count_service_moves
from mobility.indicators.status import FIFTHS, NO_STATUS, Ladder, ladder_of
from mobility.indicators.trajectories import (
    Years,
    count_climbs,
    count_exposures,
    count_stays,
    count_times,
    count_transitions,
    stay_lengths,
)
from mobility.panel.partitions import Exchange, by_number, exchanged
from mobility.run.engine import work
from mobility.run.files import make_folder
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Settings
from mobility.steps import monitor_dwellings as dwellings
from mobility.steps.monitor_further import (
    CARE,
    INCOME,
    distances,
    outcomes_at,
    put_whereabouts,
    squares_of,
    with_source,
)
from mobility.steps.monitor_ground import BIN_M, Ground
from mobility.steps.population import classes_of, stock_days
from mobility.stocks import Ints, Stocks, take_stocks

NEW_YEARS = 5  # a dwelling is new in so many years after it is first lived in
LATER = 9999  # a year in which no object was lived in yet

_OF_MOVES = (
    *("person", "move_date", "origin_object", "destination_object", "origin_area", "destination_area", "birth_date"),
    *("income_class", "household_size", "is_carrier", "is_whole", "is_administrative"),
)


@dataclass(frozen=True)
class Fields:
    """What is known of every area and object once the residents are counted.

    Attributes:
        ladders: status of the buurten, by year.
        fifths: fifth of every area (row) on every stock day (column).
        bands: band of corporation share of every area, by year.
        heavy: 1 for areas heavy with corporation dwellings (row) on every stock day (column).
        first_used: year in which each object was first lived in.
    """

    ladders: dict[int, Ladder]
    fifths: Ints
    bands: dict[int, Ints]
    heavy: Numbers
    first_used: npt.NDArray[np.int16]


def count_people(ground: Ground, settings: Settings, tell: Tell) -> None:
    """Put down who lives where on every 1 January."""
    work(partial(_people, ground=ground), ground.shape.partitions, settings.engine, "residents", tell)


def _people(partition: int, ground: Ground) -> None:
    panel, frame = ground.panel, ground.frame
    persons, stocks, classes, percentiles = _stocks(partition, ground)
    objects = panel.objects("area", "x_m", "y_m")
    area = stocks.area(objects["area"])
    ground.put("residents", partition, count_residents(stocks, area, classes, persons["birth_date"], frame))
    ground.put("percentiles", partition, count_percentiles(stocks, area, percentiles, frame))
    ground.put("tenure_residents", partition, count_tenures(stocks, area, classes, panel.tenure(), frame))
    if ground.shape.has_coordinates:
        metres, region = ground.centre_distances(objects)
        ground.put("distances", partition, count_distances(stocks, classes, metres, region, BIN_M, frame))
    if ground.wants("E2", "E3", "E5", "E6", "E7"):
        dwellings.put_people(partition, ground, persons, stocks, classes)
    squares = squares_of(panel) if ground.wants("B4") else {}
    if squares:
        region = ground.zones.place("region", objects["area"])
        ground.put("squares", partition, count_squares(stocks, classes, squares, region, frame.years))
    lived = panel.read("residence", partition).drop_nulls("object")
    used = np.full(objects.height, LATER, dtype=np.int16)
    np.minimum.at(used, lived["object"].to_numpy(), lived["start_date"].dt.year().cast(pl.Int16).to_numpy())
    np.save(make_folder(ground.scratch / "first_used") / f"part-{partition:03d}.npy", used)


def _stocks(partition: int, ground: Ground) -> tuple[pl.DataFrame, Stocks, Ints, Ints]:
    """Persons of a partition, and their stocks, classes and percentiles."""
    panel, study, shape = ground.panel, ground.study, ground.shape
    persons = panel.read("persons", partition)
    days = stock_days(study, shape.cut_off)
    stocks = take_stocks(panel.read("residence", partition), persons, panel.read("households", partition), days)
    known = classes_of(panel, partition, shape, study, persons)
    classes = known.in_years([(day + dt.timedelta(days=1)).year for day in days]).astype(np.int64)
    percentiles = percentiles_after(
        panel.income(partition), persons.height, shape.income_years, days, study.income.lag_years
    )
    return persons, stocks, classes, percentiles


def fields_of(ground: Ground) -> Fields:
    """What the second pass knows of areas and objects."""
    study, areas, years = ground.study, ground.areas.height, ground.study.period.years
    persons = percentile_tables(ground)
    ladders = {year: ladder_of(table, ground.buurten, study.monitor.status_persons) for year, table in persons.items()}
    nothing = np.full(areas, NO_STATUS, dtype=np.int64)
    fifths = [ladders[year].of_areas(areas, FIFTHS) if len(ladders[year].area) else nothing for year in years]
    # The last stock has no year of its own: it stands on the ladder of the year before.
    columns = np.stack([*fifths, fifths[-1]], axis=1)
    owned = ground.dwellings()
    bands = {year: bands_of(*counts) for year, counts in owned.items()}
    is_heavy = ground.heavy_areas()
    # The last stock is nobody's start.
    columns_heavy = np.concatenate([is_heavy, np.zeros((areas, 1))], axis=1)
    first_used = np.full(ground.panel.objects("area").height, LATER, dtype=np.int16)
    for path in files_below(ground.scratch / "first_used"):
        first_used = np.minimum(first_used, np.load(path))
    return Fields(ladders, columns, bands, columns_heavy, first_used)


def percentile_tables(ground: Ground) -> dict[int, Numbers]:
    """Residents by area (row) and percentile 0 to 100 (column), by year."""
    counted, tables = ground.block("percentiles", PERCENTILES), {}
    for year in ground.study.period.years:
        rows = counted.filter(pl.col("year") == year)
        table = np.zeros((ground.areas.height, 101))
        table[rows["area"].to_numpy(), rows["percentile"].to_numpy()] = rows["persons"].to_numpy()
        tables[year] = table
    return tables


def count_moves(ground: Ground, fields: Fields, settings: Settings, moves: Path, tell: Tell) -> None:
    """Put down what the moves are to places, tenures and status, and how residents go from year to year."""
    found = pl.scan_parquet(moves / "*.parquet").select(_OF_MOVES)
    rows = int(found.select(pl.len()).collect().item())
    partitions = ground.shape.partitions
    with exchanged([found], rows, by_number("person", partitions), ground.scratch) as exchange:
        task = partial(_moves, ground=ground, fields=fields, exchange=exchange)
        work(task, partitions, settings.engine, "moves and years", tell)


def _moves(partition: int, ground: Ground, fields: Fields, exchange: Exchange) -> None:
    panel, study, zones = ground.panel, ground.study, ground.zones
    region = zones.levels["region"].of_area
    persons, stocks, classes, percentiles = _stocks(partition, ground)
    moves = dated_moves(exchange.read(partition).sort("person", "move_date"), study.period.years)
    ground.put("crossings", partition, count_crossings(moves, zones, ground.levels))
    whole = moves.with_columns(age=pl.lit(0, pl.UInt8))
    ground.put("buurt_crossings", partition, count_crossings(whole, zones, ["buurt"]))
    tenures = tenures_of_moves(moves, panel.tenure())
    ground.put("tenure_moves", partition, count_tenure_moves(tenures, zones, ground.levels))
    if ground.wants("E1"):
        tenures = with_source(ground.panel, partition, tenures)
    ground.put("social_moves", partition, count_social_moves(tenures, zones, ground.levels))
    ground.put("band_moves", partition, count_band_moves(moves, fields.bands, region))
    if ground.shape.has_coordinates:
        objects = panel.objects("x_m", "y_m")
        ground.put("distances_moved", partition, count_distances_moved(moves, objects, ground.areas, region, BIN_M))
    if ground.wants("F3"):
        ground.put("service_moves", partition, count_service_moves(moves, distances(ground), region))
    row = persons["person"].search_sorted(moves["person"]).to_numpy()
    own = percentiles[row, moves["year"].to_numpy() - study.period.first_year]
    status = count_status_moves(moves, own, fields.ladders, region)
    ground.put("status_moves", partition, status)
    _years(partition, ground, fields, persons, stocks, classes, percentiles)


def _years(
    partition: int,
    ground: Ground,
    fields: Fields,
    persons: pl.DataFrame,
    stocks: Stocks,
    classes: Ints,
    percentiles: Ints,
) -> None:
    panel, study = ground.panel, ground.study
    residence, area = panel.read("residence", partition), panel.objects("area")["area"]
    region = ground.zones.levels["region"].of_area.to_numpy().astype(np.int64)
    years = range(study.period.first_year, study.period.first_year + len(stocks.days) - 1)
    lived = Years(stocks, stocks.area(area), classes, fields.fifths, region, years)
    if ground.wants("F2"):
        put_whereabouts(partition, ground, persons["person"], stocks, lived.area, classes)
    if ground.wants("F6"):
        near = distances(ground)
        lost = count_closures(stocks, lived.area, classes, near, region, study.period.years, study.monitor.far_m)
        ground.put("closures", partition, lost)
    if ground.wants("G2"):
        _gaps(partition, ground, persons["person"], lived, percentiles)
    ground.put("transitions", partition, count_transitions(lived))
    ground.put("times", partition, count_times(lived))
    programme = ground.programmes.gather(area)
    ground.put("exposures", partition, count_exposures(lived, residence, persons["person"], programme))
    lengths = stay_lengths(residence, area, persons["person"], stocks)
    ground.put("stays", partition, count_stays(lived, lengths))
    rules = study.monitor.climbers
    climbs = count_climbs(lived, percentiles, fields.heavy, fields.first_used, rules.rise, rules.held_years, NEW_YEARS)
    ground.put("climbs", partition, climbs)


def _gaps(partition: int, ground: Ground, persons: pl.Series, lived: Years, percentiles: Ints) -> None:
    """Put down outcomes of who stays, leaves and comes: the percentile of the class, and costs of care of the year begun."""
    levels = ground.study.monitor.levels
    costs = outcomes_at(ground.panel, partition, CARE, persons, range(lived.years.start, lived.years.stop + 1))
    known = np.where(percentiles > 0, percentiles, NO_OUTCOME)
    for name, outcome in ((INCOME, known), (CARE, costs)):
        counted = count_gaps(lived.stocks, lived.area, outcome, name, ground.zones, levels, lived.years)
        ground.put(f"gaps/{name}", partition, counted)
