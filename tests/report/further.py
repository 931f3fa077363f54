"""Tables drawn by hand that a release may hold beside those of tests/release, in the columns of schemas/outputs."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

_NUMBERS = ["value", "comparison", "difference", "lower", "upper"]
_ESTIMATES = {
    "difference": (0.09, 0.05, 0.04, 0.012, 0.07),
    "difference_in_differences": (0.03, -0.01, 0.04, -0.005, 0.08),
    "earlier_cohort": (0.09, 0.06, 0.03, 0.002, 0.06),
    "placebo": (0.05, 0.051, -0.001, -0.03, 0.028),
    "away_nowhere": (0.08, 0.05, 0.03, 0.003, 0.06),
    "away_arrived": (0.12, 0.06, 0.06, 0.031, 0.09),
}
_DEFINITIONS = {
    "lead_months": 24, "settled_months": 12, "exit_months": 60, "min_episode_days": 90, "income_years": 3,
    "horizon_months": 36, "free_months": 60, "neighbour_m": 250, "low": "q1",
}  # fmt: skip


def add_further(folder: Path) -> None:
    """Add the tables to a release: what a study that follows original residents and makes indicators may show."""
    regions = sorted(set(pl.read_csv(folder / "tables" / "chains.csv")["region"]) - {"all"})
    tables = {
        "incidence": (_incidence(regions), ["programme", "region", "income_class", "event", "month"]),
        "excess": (_excess(regions), ["programme", "region", "exposure", "destination", "horizon", "estimand"]),
        "sensitivity": (_sensitivity(), ["programme", "estimand", "specification", *_DEFINITIONS]),
        "mirror": (_mirror(regions), ["programme", "region", "flow", "outcome", "year", "income_class"]),
        "balance": (_balance(), ["programme", "region", "period", "arm", "covariate", "value"]),
        "indicators": (_indicators(regions), ["indicator", "place", "level", "cut", "year", "income_class", "detail"]),
    }
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    kinds = {pl.String: "string", pl.Int64: "integer", pl.Float64: "number"}
    for name, (frame, keys) in tables.items():
        if name in {each["name"] for each in package["resources"]}:
            continue
        frame.sort(keys).write_csv(folder / "tables" / f"{name}.csv")
        fields = [{"name": column, "type": kinds[type(kind)]} for column, kind in frame.schema.items()]
        package["resources"].append(
            {
                "name": name,
                "path": f"tables/{name}.csv",
                "titles": {"nl": name, "en": name},
                "descriptions": {"nl": f"wat {name} telt", "en": f"what {name} counts"},
                "relations": {"nl": "-", "en": "-"},
                "numbers": "rounded",
                "schema": {"fields": fields, "primaryKey": keys},
            }
        )
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")


def _rows(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _incidence(regions: list[str]) -> pl.DataFrame:
    steps = {
        "arrival": {24: (20, 0.05), 48: (45, 0.1625), 72: (30, 0.2375)},
        "dead": {36: (15, 0.0375), 72: (20, 0.0875)},
        "away": {60: (15, 0.0375)},
    }
    rows: list[dict[str, object]] = []
    for region in regions:
        for income, factor in (("low", 1), ("not_low", 2)):
            for event in (*steps, "institution"):
                key = {"programme": "synthetic", "region": region, "income_class": income, "event": event}
                rows.append(key | {"month": 0, "persons": 400, "households": 250, "incidence": None})
                for month, (persons, share) in steps.get(event, {}).items():
                    counts = {"persons": persons, "households": persons - 5}
                    rows.append(key | {"month": month} | counts | {"incidence": round(share / factor, 6)})
    return _rows(rows)


def _excess(regions: list[str]) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for place, region in enumerate(["all", *regions]):
        for estimand, numbers in _ESTIMATES.items():
            if place > 1 and estimand == "placebo":
                continue  # not released
            shown = [round(number * (1 - place / 10), 4) for number in numbers]
            if place == len(regions):
                shown[3:] = [None, None]  # too few wijken for an interval
            key = {"programme": "synthetic", "region": region, "exposure": "all", "destination": "all", "horizon": 36}
            counts = {"persons": 300 - 50 * place, "households": 200 - 40 * place}
            rows.append(key | {"estimand": estimand} | counts | dict(zip(_NUMBERS, shown, strict=True)))
    return _rows(rows)


def _sensitivity() -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for number, (lead, horizon) in enumerate([(24, 36), (24, 60), (12, 36), (12, 60), (36, 36), (36, 60)]):
        for estimand in ("difference", "difference_in_differences"):
            shown = [round(value + (number - 2) / 200, 4) for value in _ESTIMATES[estimand]]
            key = {"programme": "synthetic", "estimand": estimand, "specification": "other" if number else "study"}
            chosen = _DEFINITIONS | {"lead_months": lead, "horizon_months": horizon}
            rows.append(key | chosen | {"persons": 300, "households": 200} | dict(zip(_NUMBERS, shown, strict=True)))
    return _rows(rows)


def _mirror(regions: list[str]) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for region in regions:
        key: dict[str, object] = {"programme": "synthetic", "region": region}
        for flow, income in (("R_to_G", "not_low"), ("G_to_R", "low")):
            for outcome, persons, share in (("all", 800, None), ("settled", 40, 0.05)):
                one = {"flow": flow, "outcome": outcome, "year": "-", "income_class": income}
                rows.append(
                    key | one | {"persons": persons, "households": 30, "settled_share": share, "class_share": None}
                )
        for year in ("start-01", "start+00", "start+01"):
            for place, income in enumerate(["q1", "q2", "q3", "q4", "q5"]):
                one = {"flow": "entrants", "outcome": "all", "year": year, "income_class": income}
                counts = {"persons": 60 - 10 * place, "households": 20}
                rows.append(key | one | counts | {"settled_share": None, "class_share": round(0.3 - place / 20, 2)})
    return _rows(rows)


def _balance() -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for covariate, values in (("tenure", ["social_rent", "owner", "all"]), ("age_band", ["23", "35", "all"])):
        for value in values:
            for arm in ("treated", "comparison"):
                is_other = arm == "comparison" and value != "all"
                key = {"programme": "synthetic", "region": "all", "period": "now", "arm": arm, "covariate": covariate}
                rows.append(
                    key
                    | {"value": value, "persons": 150, "households": 90, "share": None if value == "all" else 0.5}
                    | {"share_weighted": 0.48 if is_other else None, "difference": 0.02 if is_other else None}
                )
    return _rows(rows)


def _indicators(regions: list[str]) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for region in regions:
        where = {"place": region, "level": "region", "cut": "total"}
        for year in (2019, 2020, 2021):
            key = {"indicator": "B6", **where, "year": year, "income_class": "low", "detail": "flagged"}
            counts = {
                "persons": 900,
                "households": 600,
                "value": 12.5,
                "numerator": 10 + year - 2019,
                "denominator": 80,
            }
            rows.append(key | counts)
        for income in ("low", "all"):
            for detail in ("in", "out"):
                key = {"indicator": "A1", **where, "year": 2021, "income_class": income, "detail": detail}
                rows.append(
                    key | {"persons": 450, "households": 300, "value": 4.5, "numerator": 450, "denominator": 10000}
                )
    return _rows(rows)
