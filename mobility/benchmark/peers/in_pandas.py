"""The question answered by pandas: the whole panel in memory, whole columns at a time, days as whole numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mobility.benchmark.peers.question import CLASSES, FOREVER, LEVELS, Question

_EPOCH = dt.date(1970, 1, 1)
_OPEN = (FOREVER - _EPOCH).days
_UNKNOWN = CLASSES.index("unknown")
_PAIR = ["origin", "destination"]


def answer(question: Question) -> None:
    """Write `flows.parquet`."""
    persons = _read(question.parts("persons"), ["person", "birth_date", "death_date"])
    persons["place"] = np.arange(len(persons))
    registrations = _read(question.parts("registrations"), ["person", "start_date", "end_date", "object"])
    registrations["end_date"] = registrations["end_date"].fillna(_OPEN).astype(np.int64)
    households = _read(question.parts("households"), ["person", "start_date", "end_date", "household_type"])
    households["end_date"] = households["end_date"].fillna(_OPEN).astype(np.int64)
    households = households.sort_values(["person", "start_date"], ignore_index=True)
    # Partitions follow each other, and persons are sorted within each; from here on they are sorted throughout.
    spells = _bridge(_untangle(registrations.sort_values(["person", "start_date", "end_date", "object"])), question)
    moves = pd.concat([_events(spells, question), _transitions(spells, households, persons, question)])
    moves = moves.merge(persons, on="person")
    moves = moves[(moves["death_date"].isna()) | (moves["move_date"] <= moves["death_date"])]
    moves["income_class"] = _classes(moves, question)
    objects = _read([question.panel / "objects.parquet"], ["area", "x_m", "y_m", "demolished_date"])
    renumbered = _renumbered(moves, spells, persons, households, objects, question)
    marked = moves.merge(renumbered, on=_PAIR, how="left", indicator=True)
    real = marked[marked["_merge"] == "left_only"]
    flows = _count(real, objects["area"].to_numpy(), _places(question))
    flows.to_parquet(question.folder / "flows.parquet", index=False)


def _read(files: Sequence[Path], columns: list[str]) -> pd.DataFrame:
    """Tables one after the other; dates as days since 1970."""
    table = pa.concat_tables([pq.read_table(path, columns=columns) for path in files])
    for number, field in enumerate(table.schema):
        if pa.types.is_date32(field.type):
            table = table.set_column(number, field.name, table[field.name].cast(pa.int32()))
        elif pa.types.is_unsigned_integer(field.type) and table[field.name].null_count == 0:
            table = table.set_column(number, field.name, table[field.name].cast(pa.int64()))
    return table.to_pandas()


def _untangle(registrations: pd.DataFrame) -> pd.DataFrame:
    """One registration at a time: started last, then ends last, then the smallest object; sorted by person and start."""
    same = registrations["person"] == registrations["person"].shift()
    crowded = registrations.loc[same & (registrations["start_date"] < registrations["end_date"].shift()), "person"]
    is_crowded = registrations["person"].isin(crowded.unique())
    claims = registrations[is_crowded]
    edges = pd.concat(
        [claims[["person", "start_date"]].rename(columns={"start_date": "day"}),
         claims[["person", "end_date"]].rename(columns={"end_date": "day"})]
    ).drop_duplicates().sort_values(["person", "day"])  # fmt: skip
    edges["until"] = edges["day"].shift(-1)
    stretches = edges[edges["person"] == edges["person"].shift(-1)]
    claimed = stretches.merge(claims, on="person")
    claimed = claimed[(claimed["start_date"] <= claimed["day"]) & (claimed["day"] < claimed["end_date"])]
    won = claimed.sort_values(
        ["person", "day", "start_date", "end_date", "object"], ascending=[True, True, False, False, True]
    ).drop_duplicates(["person", "day"])
    untangled = pd.DataFrame(
        {
            "person": won["person"],
            "start_date": won["day"],
            "end_date": won["until"].astype(np.int64),
            "object": won["object"],
        }
    )
    both = pd.concat([registrations[~is_crowded], untangled])
    return both.sort_values(["person", "start_date"], ignore_index=True)


def _bridge(spells: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Short holes filled: the person still lives at the first object."""
    next_start = spells["start_date"].shift(-1)
    hole = (next_start - spells["end_date"]).where(spells["person"] == spells["person"].shift(-1))
    short = hole.between(1, question.slack_days)
    return spells.assign(end_date=spells["end_date"].mask(short, next_start).astype(np.int64))


def _events(spells: pd.DataFrame, question: Question) -> pd.DataFrame:
    moved = (
        (spells["person"] == spells["person"].shift())
        & (spells["start_date"] == spells["end_date"].shift())
        & (spells["object"] != spells["object"].shift())
        & _year(spells["start_date"]).between(question.first_year, question.last_year)
    )
    origin = spells["object"].shift()[moved].astype(np.int64)
    there = spells[moved]
    return pd.DataFrame(
        {
            "count": "events",
            "person": there["person"],
            "move_date": there["start_date"],
            "before_date": there["start_date"] - 1,
            "origin": origin,
            "destination": there["object"],
        }
    )


def _transitions(
    spells: pd.DataFrame, households: pd.DataFrame, persons: pd.DataFrame, question: Question
) -> pd.DataFrame:
    """Stock after stock: those in two consecutive ones, at different objects, in a private household at both."""
    cut_off = (question.cut_off - _EPOCH).days
    stocks = []
    years = range(question.first_year - 1, question.last_year + 1)
    days = [min((dt.date(year, 12, 31) - _EPOCH).days, cut_off) for year in years]
    for day in days:
        there = spells.loc[(spells["start_date"] <= day) & (spells["end_date"] > day), ["person", "object"]]
        death = persons["death_date"].to_numpy()[_place(persons, there["person"])]
        there = there[death != day]
        kind = _household_type(households, there["person"], np.full(len(there), day))
        stocks.append(there[(kind >= 1) & (kind <= 7)].set_index("person")["object"])
    found = []
    for before, after, earlier, day in zip(stocks, stocks[1:], days, days[1:], strict=False):
        both = pd.concat([before.rename("origin"), after.rename("destination")], axis=1, join="inner").reset_index()
        moved = both[both["origin"] != both["destination"]]
        found.append(moved.assign(count="transitions", move_date=day, before_date=earlier))
    return pd.concat(found)


def _household_type(households: pd.DataFrame, persons: pd.Series, days: np.ndarray) -> np.ndarray:
    """Type of the household of each person on a day; 0 without one. A binary search in person and start, packed."""
    starts = (households["person"].to_numpy() << 20) + households["start_date"].to_numpy() + (1 << 19)
    row = np.searchsorted(starts, (persons.to_numpy() << 20) + days + (1 << 19), side="right") - 1
    row = np.maximum(row, 0)
    covered = (
        (households["person"].to_numpy()[row] == persons.to_numpy())
        & (households["start_date"].to_numpy()[row] <= days)
        & (households["end_date"].to_numpy()[row] > days)
    )
    return np.where(covered, households["household_type"].to_numpy()[row], 0)


def _classes(moves: pd.DataFrame, question: Question) -> np.ndarray:
    """Place in CLASSES of the income of the year before: a look-up in the dense table."""
    income = _read(question.parts("income"), ["percentile", "population"])
    percentile, population = income["percentile"].fillna(0).to_numpy(), income["population"].to_numpy()
    fifth = (percentile.astype(np.int64) - 1) // 20
    classes = np.select(
        [population == 2, np.isin(population, (3, 8)), percentile == 0],
        [CLASSES.index("student"), CLASSES.index("institutional"), _UNKNOWN],
        fifth,
    )
    year = _year(moves["move_date"]).to_numpy() - question.lag_years - question.first_income_year
    known = (year >= 0) & (year < question.income_span)
    row = moves["place"].to_numpy() * question.income_span + year
    return np.where(known, classes[np.where(known, row, 0)], _UNKNOWN)


def _renumbered(
    moves: pd.DataFrame,
    spells: pd.DataFrame,
    persons: pd.DataFrame,
    households: pd.DataFrame,
    objects: pd.DataFrame,
    question: Question,
) -> pd.DataFrame:
    """Pairs of objects of which the second is only the new number of the first."""
    events = moves[moves["count"] == "events"]
    kind = _household_type(households, events["person"], events["before_date"].to_numpy())
    pairs = (
        events.assign(institutional=kind == 8)
        .groupby(["move_date", *_PAIR], as_index=False)
        .agg(movers=("person", "size"), institutional=("institutional", "any"))
    )
    here, there = objects.loc[pairs["origin"]].reset_index(), objects.loc[pairs["destination"]].reset_index()
    distance = (here["x_m"] - there["x_m"]) ** 2 + (here["y_m"] - there["y_m"]) ** 2
    likely = (
        (here["area"] == there["area"])
        & (here["area"] > 0)
        & here["demolished_date"].isna()
        & ~pairs["institutional"]
        & (distance <= question.max_distance_m**2)
    )
    pairs = pairs.assign(area=here["area"])[likely]
    use = _use(spells, persons, pd.unique(pairs[_PAIR].to_numpy().ravel()))
    pairs = pairs.merge(use, left_on="origin", right_index=True)
    pairs = pairs.merge(use, left_on="destination", right_index=True, suffixes=("", "_there"))
    pairs = pairs[
        (pairs["last_end"] == pairs["move_date"])
        & (pairs["departures"] == pairs["movers"])
        & (pairs["first_start_there"] == pairs["move_date"])
        & (pairs["arrivals_there"] == pairs["movers"])
    ]
    bundle = pairs.groupby(["move_date", "area"])["movers"].transform("size")
    return pairs.loc[bundle >= question.min_objects, _PAIR].drop_duplicates()


def _use(spells: pd.DataFrame, persons: pd.DataFrame, objects: np.ndarray) -> pd.DataFrame:
    """First start and last end at each object, and the spells on those days; an end that is open is the day _OPEN."""
    there = spells[spells["object"].isin(objects)]
    death = persons["death_date"].to_numpy()[_place(persons, there["person"])]
    death = np.where(np.isnan(death), _OPEN, death)
    alive = there["start_date"].to_numpy() <= death
    there = there.assign(end_date=np.minimum(there["end_date"], death + 1))[alive]
    by_object = there.groupby("object")
    first, last = by_object["start_date"].transform("min"), by_object["end_date"].transform("max")
    return (
        there.assign(arrivals=there["start_date"] == first, departures=there["end_date"] == last)
        .groupby("object")
        .agg(
            first_start=("start_date", "min"),
            arrivals=("arrivals", "sum"),
            last_end=("end_date", "max"),
            departures=("departures", "sum"),
        )
    )


def _place(persons: pd.DataFrame, wanted: pd.Series) -> np.ndarray:
    """Row of each person."""
    known = persons["person"].to_numpy()
    order = np.argsort(known, kind="stable")
    row: np.ndarray = order[np.searchsorted(known[order], wanted.to_numpy())]
    return row


def _places(question: Question) -> pd.DataFrame:
    """Areas with their place at every level; the most specific line of the zoning decides."""
    areas = _read([question.panel / "areas.parquet"], ["gemeente", "wijk", "buurt"])
    region = {code: region for code, region, _ in question.zoning}
    role = {code: f"{region}/{role}" for code, region, role in question.zoning}
    atom = pd.Series(None, index=areas.index, dtype=object)
    for level in ("gemeente", "wijk", "buurt"):
        atom = areas[level].where(areas[level].isin(region), atom)
    rest = np.where((areas["gemeente"] == "unplaceable") & atom.isna(), "unplaceable", "elsewhere")
    rest = pd.Series(rest, index=areas.index)
    return areas.assign(role=atom.map(role).fillna(rest), region=atom.map(region).fillna(rest))


def _count(real: pd.DataFrame, area: np.ndarray, places: pd.DataFrame) -> pd.DataFrame:
    """Persons and household moves at every level; the oldest mover, then the smallest person, carries the household."""
    ordered = real.sort_values(["count", "move_date", *_PAIR, "birth_date", "person"], na_position="last")
    cells = pd.DataFrame(
        {
            "count": ordered["count"],
            "year": _year(ordered["move_date"]),
            "origin_area": area[ordered["origin"]],
            "destination_area": area[ordered["destination"]],
            "income_class": ordered["income_class"],
            "persons": 1,
            "households": (~ordered.duplicated(["count", "move_date", *_PAIR])).astype(np.int64),
        }
    )
    keys = ["count", "year", "origin_area", "destination_area", "income_class"]
    counted = cells.groupby(keys, as_index=False, observed=True).sum()
    tables = []
    for level in LEVELS:
        place = places[level].astype("category")
        named = counted.assign(
            level=level,
            origin=place.array[counted["origin_area"]],
            destination=place.array[counted["destination_area"]],
        )
        keys = ["level", "count", "year", "origin", "destination", "income_class"]
        table = named.groupby(keys, as_index=False, observed=True)[["persons", "households"]].sum()
        tables.append(table.astype({"origin": str, "destination": str}))
    flows = pd.concat(tables)
    flows["income_class"] = np.array(CLASSES)[flows["income_class"]]
    return flows.sort_values(["level", "count", "year", "origin", "destination", "income_class"], ignore_index=True)


def _year(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days, unit="D").dt.year
