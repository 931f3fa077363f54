"""A made-up country of any size, as the aggregate `flows`: households move by gravity between places in roles and regions."""

from __future__ import annotations

import numpy as np
import polars as pl

CLASSES = ("q1", "q2", "q3", "q4", "q5", "unknown")
_SHARES = (0.25, 0.22, 0.2, 0.17, 0.12, 0.04)


def gravity_flows(
    places: int, classes: int, years: int, households: int, seed: int = 1
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The aggregate, and the role of every place.

    Args:
        places: number of gemeenten.
        classes: number of income classes.
        years: number of years.
        households: household moves a year, about.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    size = random.lognormal(0.0, 0.9, places)
    site = random.uniform(0.0, 1.0, (places, 2))
    pull = np.outer(size, size) / (np.hypot(*(site[:, None] - site[None]).T) + 0.03) ** 1.5
    np.fill_diagonal(pull, 2 * size * pull.sum() / size.sum() / places)
    share = np.array(_SHARES[:classes])
    expected = households * (pull / pull.sum())[..., None] * (share / share.sum())
    regions = max(2, places // 15)
    region = np.minimum((site[:, 0] * regions).astype(int), regions - 1)
    role = region * 3 + random.integers(0, 3, places)
    parts = []
    for year in range(years):
        count = random.poisson(expected)
        origin, destination, income = np.nonzero(count)
        moved = count[origin, destination, income]
        parts.append(
            pl.DataFrame(
                {
                    "year": np.full(len(moved), 2003 + year),
                    "from": origin,
                    "to": destination,
                    "income": income,
                    "persons": moved + random.poisson(moved),
                    "households": moved,
                    "cell_key": random.integers(0, 1 << 40, len(moved)),
                }
            )
        )
    records = pl.concat(parts)
    gemeente = pl.Series([f"GM{place + 1:04}" for place in range(places)])
    roles = pl.Series([f"r{number // 3:02}/role{number % 3}" for number in role])
    names = {"gemeente": gemeente, "role": roles, "region": roles.str.split("/").list.first()}
    levels = [
        records.select(
            pl.lit(level).alias("level"),
            pl.lit("events").alias("count"),
            "year",
            origin=pl.lit(name).gather(pl.col("from")),
            destination=pl.lit(name).gather(pl.col("to")),
            income_class=pl.lit(pl.Series(CLASSES)).gather(pl.col("income")),
            persons="persons",
            households="households",
            unit_persons="persons",
            unit_households="households",
            cell_key="cell_key",
        )
        for level, name in names.items()
    ]
    keys = ["level", "count", "year", "origin", "destination", "income_class"]
    frame = pl.concat(levels).group_by(keys).agg(pl.all().sum()).sort(keys)
    return frame, dict(zip(gemeente.to_list(), roles.to_list(), strict=True))
