"""Made-up records of moves and of original residents, summed into the aggregates that a release starts from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from mobility.areas import load_zoning
from mobility.release.zoning import roles_of_gemeenten

YEARS = range(2012, 2024)
CLASSES = ["q1", "q2", "q3", "q4", "q5", "student", "institutional", "unknown"]
OUTCOMES = {
    "stayed": 0.36,
    "left": 0.28,
    "chain": 0.13,
    "returned": 0.05,
    "temporary": 0.04,
    "dead": 0.07,
    "late": 0.03,
    "censored": 0.02,
    "away": 0.02,
}
_RANK = [0.24, 0.20, 0.17, 0.13, 0.10, 0.11, 0.01, 0.04]


def _keys(random: np.random.Generator, count: int) -> np.ndarray:
    return random.integers(0, 1 << 36, count)


def _count(records: pl.DataFrame, by: list[str], extra: list[pl.Expr] | None = None) -> pl.DataFrame:
    measures = [
        pl.col("persons").sum(),
        pl.len().cast(pl.Int64).alias("households"),
        pl.col("persons").sum().alias("unit_persons"),
        pl.len().cast(pl.Int64).alias("unit_households"),
        *(extra or []),
        pl.col("cell_key").sum(),
    ]
    return records.group_by(by).agg(measures).sort(by)


def moves(seed: int = 1, per_year: int = 2600) -> pl.DataFrame:
    """Household moves: one row per household and year, with places at every level."""
    random = np.random.default_rng(seed)
    places = []
    for gemeente, roles in roles_of_gemeenten(load_zoning("synthetic")).items():
        weight = 9.0 if len(roles) > 1 else 2.5 if any("growth_core" in role for role in roles) else 0.8
        places += [(gemeente, role, role.split("/")[0], weight / len(roles)) for role in sorted(roles)]
    places += [(f"GM99{n:02}", "elsewhere", "elsewhere", 0.7) for n in range(1, 8)]
    weights = np.array([place[3] for place in places])
    region = np.array([place[2] for place in places])
    pull = weights[None, :] * np.where(region[:, None] == region[None, :], 1.0, 0.05)
    pull[np.arange(len(places)), np.arange(len(places))] *= 3
    joint = (weights[:, None] * pull / pull.sum(axis=1, keepdims=True)).ravel()
    count = per_year * len(YEARS)
    pair = random.choice(len(joint), count, p=joint / joint.sum())
    origin, destination = pair // len(places), pair % len(places)
    records = pl.DataFrame(
        {
            "year": np.repeat(np.array(YEARS, np.int64), per_year),
            "income_class": np.array(CLASSES)[random.choice(len(CLASSES), count, p=_RANK)],
            "persons": random.choice([1, 2, 3, 4, 5], count, p=[0.48, 0.26, 0.11, 0.1, 0.05]),
            "cell_key": _keys(random, count),
        }
    )
    for name, picks in (("origin", origin), ("destination", destination)):
        for at, level in enumerate(("gemeente", "role", "region")):
            records = records.with_columns(
                pl.Series(f"{name}_{level}", np.array([place[at] for place in places])[picks])
            )
    return records


def flows(records: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for level in ("gemeente", "role", "region"):
        for count, kept in (("events", records), ("transitions", records.filter(pl.col("cell_key") % 20 != 0))):
            part = kept.select(
                pl.lit(level).alias("level"), pl.lit(count).alias("count"), "year", pl.col(f"origin_{level}").alias("origin"),
                pl.col(f"destination_{level}").alias("destination"), "income_class", "persons", "cell_key",
            )  # fmt: skip
            parts.append(_count(part, ["level", "count", "year", "origin", "destination", "income_class"]))
    return pl.concat(parts)


def residents(seed: int = 2, per_area: int = 150) -> pl.DataFrame:
    """Original residents by household: one row per household, with its outcome."""
    random = np.random.default_rng(seed)
    rows = []
    regions = {
        "merenland": ("91", ["GM9102", "GM9103"]),
        "duinkant": ("92", ["GM9202", "GM9203"]),
        "venstreek": ("93", ["GM9302", "GM9303"]),
    }
    for region, (stem, cores) in regions.items():
        for area in range(1, 9):
            for _ in range(per_area):
                low = random.random() < 0.55
                shares = np.array(list(OUTCOMES.values())) * np.where(
                    np.array(list(OUTCOMES)) == "chain", 1.0 if low else 0.5, 1.0
                )
                outcome = str(random.choice(list(OUTCOMES), p=shares / shares.sum()))
                arrives = outcome in ("chain", "late")
                path = ("stepwise" if random.random() < 0.3 else "direct") if arrives else "-"
                stepwise = path == "stepwise"
                rows.append(
                    {
                        "programme": "synthetic",
                        "area": f"WK{stem}01{area:02}",
                        "region": region,
                        "cohort_year": 2012 + area % 4,
                        "exposure": str(random.choice(["dwelling", "sold", "area"])),
                        "income_class": "q1" if low else f"q{random.integers(2, 6)}",
                        "outcome": outcome,
                        "path": path,
                        "stops": int(stepwise),
                        "stop_states": "city" if stepwise else "-",
                        "destination": str(random.choice(cores)) if arrives else "-",
                        "arrival_tenure": "rent" if arrives else "-",
                        "arrival_class": "q1" if arrives else "-",
                        "repeat_exposure": 0,
                        "persons": int(random.choice([1, 2, 3], p=[0.55, 0.4, 0.05])),
                    }
                )
    return pl.DataFrame(rows).with_columns(pl.Series("cell_key", _keys(random, len(rows))))


def quality(seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    rows = []
    for year in YEARS:
        persons, households, key = (
            63_000 + 137 * (year - 2012),
            29_500 + 71 * (year - 2012),
            int(random.integers(1 << 50)),
        )
        for measure, share in (
            ("population", 1.0),
            ("with_geography", 0.999),
            ("with_household", 0.996),
            ("with_income_class", 0.95),
        ):
            rows.append((measure, year, round(persons * share), round(households * share), key + round(1e6 * share)))
    names = ["measure", "year", "persons", "households", "cell_key"]
    frame = pl.DataFrame(rows, schema=names, orient="row").sort("measure", "year")
    return frame.with_columns(unit_persons="persons", unit_households="households")


def write_workspace(root: Path, label: str | None) -> None:
    """Write the aggregates and the list of sources."""
    people = residents()
    weight = [pl.col("persons").cast(pl.Float64).sum().alias("household_weight")]
    keys = ["programme", "area", "region", "cohort_year", "exposure", "income_class"]
    ends = [
        "outcome",
        "path",
        "stops",
        "stop_states",
        "destination",
        "arrival_tenure",
        "arrival_class",
        "repeat_exposure",
    ]
    folder = root / "aggregates"
    folder.mkdir(parents=True)
    flows(moves()).write_parquet(folder / "flows.parquet")
    _count(people, keys, weight).write_parquet(folder / "cohort.parquet")
    _count(people, keys + ends, weight).write_parquet(folder / "chains.parquet")
    quality().write_parquet(folder / "quality.parquet")
    addresses = "Bevolking/GBAADRESOBJECTBUS/GBAADRESOBJECT2023BUSV1.sav"
    files = [{"register": "GBAADRESOBJECTBUS", "year": 2023, "file": addresses, "sha256": "0" * 64, "rows": 94_117}]
    for year in range(2011, 2024):
        income = f"InkomenBestedingen/INHATAB/INHA{year}TABV1.sav"
        files.append({"register": "INHATAB", "year": year, "file": income, "sha256": "1" * 64, "rows": 61_003})
    (root / "registers").mkdir()
    (root / "registers" / "sources.json").write_text(json.dumps({"label": label, "files": files}), encoding="utf-8")
