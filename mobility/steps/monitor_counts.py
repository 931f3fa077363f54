"""The passes of the monitor over the persons and over their moves: what is counted is put down by partition."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import polars as pl

from mobility.indicators.blocks import (
    count_crossings,
    count_percentiles,
    count_residents,
    percentiles_after,
)
from mobility.indicators.passing import count_tenure_moves, dated_moves, tenures_of_moves
from mobility.panel.partitions import Exchange, by_number, exchanged
from mobility.run.engine import work
from mobility.run.progress import Tell
from mobility.settings import Settings
from mobility.steps.monitor_ground import Ground
from mobility.steps.moves import stock_days
from mobility.steps.population import classes_after
from mobility.stocks import take_stocks

_OF_MOVES = (
    *("person", "move_date", "origin_object", "destination_object", "origin_area", "destination_area", "birth_date"),
    *("income_class", "household_size", "is_carrier", "is_whole", "is_administrative"),
)


def count_people(ground: Ground, settings: Settings, tell: Tell) -> None:
    """Put down who lives where on every 1 January."""
    work(partial(_people, ground=ground), ground.shape.partitions, settings.engine, "residents", tell)


def _people(partition: int, ground: Ground) -> None:
    panel, study, shape, frame = ground.panel, ground.study, ground.shape, ground.frame
    persons = panel.read("persons", partition)
    days = stock_days(study, shape.cut_off)
    stocks = take_stocks(panel.read("residence", partition), persons, panel.read("households", partition), days)
    area = stocks.area(panel.objects("area")["area"])
    classes = classes_after(panel, partition, persons.height, shape, study, days)
    percentiles = percentiles_after(
        panel.income(partition), persons.height, shape.income_years, days, study.income.lag_years
    )
    ground.put("residents", partition, count_residents(stocks, area, classes, persons["birth_date"], frame))
    ground.put("percentiles", partition, count_percentiles(stocks, area, percentiles, frame))


def count_moves(ground: Ground, settings: Settings, moves: Path, tell: Tell) -> None:
    """Put down what the moves are to places and tenures."""
    found = pl.scan_parquet(moves / "*.parquet").select(_OF_MOVES)
    rows = int(found.select(pl.len()).collect().item())
    partitions = ground.shape.partitions
    with exchanged([found], rows, by_number("person", partitions), ground.scratch) as exchange:
        work(partial(_moves, ground=ground, exchange=exchange), partitions, settings.engine, "moves", tell)


def _moves(partition: int, ground: Ground, exchange: Exchange) -> None:
    moves = dated_moves(exchange.read(partition).sort("person", "move_date"), ground.study.period.years)
    ground.put("crossings", partition, count_crossings(moves, ground.zones, ground.levels))
    ground.put(
        "buurt_crossings", partition, count_crossings(moves.with_columns(age=pl.lit(0)), ground.zones, ["buurt"])
    )
    tenures = tenures_of_moves(moves, ground.panel.tenure())
    ground.put("tenure_moves", partition, count_tenure_moves(tenures, ground.zones, ground.levels))
