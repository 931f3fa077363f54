"""A researcher's own table, through the same gate."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from mobility.errors import ReleaseError, RequestError
from mobility.release.gate import release
from mobility.release.own import count_records, protect
from mobility.settings import Settings
from tests.lib.tables import assert_table, table
from tests.release.test_gate import CANARY, only

NOTHING = {"nl": "-", "en": "-"}


def test_rows_of_ones_own_are_counted_in_both_units() -> None:
    rows = table("""
        person | household | year | kind
        1      | 7         | 2020 | x
        2      | 7         | 2020 | y
        1      | 7         | 2021 | x
        3      | 8         | 2021 | x
    """)
    # household 7 counts once a year, with person 1; persons and households are new once
    assert_table(
        count_records(rows, ["kind"]).drop("cell_key"),
        """
        kind | persons | households | unit_persons | unit_households
        x    | 3       | 3          | 2            | 2
        y    | 1       | 0          | 1            | 0
    """,
    )
    with pytest.raises(RequestError, match="no column household"):
        count_records(rows.drop("household"), ["kind"])


def income_of_groups(groups: list[tuple[str, int, int]]) -> pl.DataFrame:
    """Households of one person; the first has the given income, every other 10."""
    rows = pl.DataFrame(
        [(name, 1000 * at + n, 2020) for at, (name, count, _) in enumerate(groups) for n in range(count)],
        schema=["group", "person", "year"],
        orient="row",
    ).with_columns(household="person")
    first = pl.DataFrame(groups, schema=["group", "count", "largest"], orient="row")
    values = first.select(
        "group",
        "largest",
        total=10 * (pl.col("count") - 1) + pl.col("largest"),
        second=pl.lit(10),
        top="largest",
        middle=pl.lit(12_345),
        below=pl.col("count") // 2,
        above=pl.col("count") // 2,
    )
    return count_records(rows, ["group"]).join(values, on="group")


def declare(folder: Path, name: str = "income_of_groups", **changes: object) -> Path:
    given = {
        "table": name, "title": NOTHING, "population": NOTHING, "relation": NOTHING, "from": f"own_{name}",
        "cells": ["group"], "measures": ["persons", "households"], "rule": "counts", "mode": "round",
        "words": ["even", "one_rich", "few"],
        "values": {
            "mean_income": {"rule": "mean", "total": "total", "largest": "largest", "second": "second", "top": "top"},
            "median_income": {"rule": "quantile", "value": "middle", "below": "below", "above": "above", "width": 1000},
        },
        "variables": dict.fromkeys(["group", "persons", "households", "mean_income", "median_income"], NOTHING),
    }  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(given | changes, sort_keys=False), encoding="utf-8")
    return path


GROUPS = [("even", 1000, 10), ("one_rich", 200, 5000), ("few", 9, 10)]


def test_a_table_of_ones_own_passes_the_gate(settings: Settings, tmp_path: Path) -> None:
    looked = protect(income_of_groups(GROUPS), declare(tmp_path), settings)
    assert (looked.written, looked.tables[0].offered, looked.tables[0].published) == (False, 3, 2)
    assert "  1 withheld: fewer units than the minimum" in looked.told
    assert not settings.place.export.exists()
    done = release(only(settings, "income_of_groups"))
    shown = pl.read_csv(done.folder / "tables" / "income_of_groups.csv")
    # one household holds 5000 of 6990: no mean; a median is the lower end of its bin
    assert shown.rows() == [("even", 1000, 1000, 10.0, 12000), ("one_rich", 200, 200, None, 12000)]
    page = (done.folder / "dossier" / "income_of_groups.md").read_text(encoding="utf-8")
    assert "nobody holds more than 50 per cent of the sum" in page
    form = (done.folder / "dossier" / "control_form.md").read_text(encoding="utf-8")
    assert "income_of_groups.mean_income" in form


def test_a_share_is_made_of_published_numbers(settings: Settings, tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {"person": range(200), "household": range(200), "year": 2020, "answer": ["yes"] * 60 + ["no"] * 140}
    )
    path = declare(
        tmp_path,
        "answers",
        cells=["answer"],
        rows=[{}, {"total": ["answer"]}],
        words=["yes", "no"],
        values={"part": {"rule": "share", "of": "answer"}},
        variables=dict.fromkeys(["answer", "persons", "households", "part"], NOTHING),
    )
    protect(count_records(rows, ["answer"]), path, settings)
    shown = pl.read_csv(release(only(settings, "answers")).folder / "tables" / "answers.csv")
    # three of 200 is 0.015, so steps of 0.02; all counts are multiples of five
    assert shown.select("answer", "part").rows() == [("all", None), ("no", 0.7), ("yes", 0.3)]


def test_incidence_steps_once_a_year(settings: Settings, tmp_path: Path) -> None:
    followed = pl.DataFrame({"person": range(400), "month": [0] * 400})
    events = pl.DataFrame({"person": range(100), "month": [3] * 20 + [15] * 5 + [30] * 75})
    rows = pl.concat([followed, events]).with_columns(household="person", year=pl.lit(2020), group=pl.lit("even"))
    path = declare(
        tmp_path,
        "curve",
        cells=["group", "month"],
        recode={"month": "steps"},
        values={"part": {"rule": "incidence"}},
        variables=dict.fromkeys(["group", "month", "persons", "households", "part"], NOTHING),
    )
    protect(count_records(rows, ["group", "month"], apart=("month",)), path, settings)
    shown = pl.read_csv(release(only(settings, "curve")).folder / "tables" / "curve.csv")
    # the five of the second year go with the third
    assert shown.rows() == [("even", 0, 400, 400, None), ("even", 12, 20, 20, 0.05), ("even", 36, 80, 80, 0.25)]


def test_what_is_not_allowed_is_refused_with_a_sentence(settings: Settings, tmp_path: Path) -> None:
    aggregate = income_of_groups(GROUPS)
    with pytest.raises(RequestError, match="there is a table flows"):
        protect(aggregate, declare(tmp_path, "flows"), settings)
    with pytest.raises(RequestError, match="from: write own_income_of_groups"):
        protect(aggregate, declare(tmp_path, **{"from": "flows"}), settings)
    with pytest.raises(ReleaseError, match="has no column largest"):
        protect(aggregate.drop("largest"), declare(tmp_path), settings)
    hidden = aggregate.with_columns(group=pl.when(pl.col("group") == "even").then(pl.lit(CANARY)).otherwise("group"))
    with pytest.raises(ReleaseError, match="may be an identifier") as caught:
        protect(hidden, declare(tmp_path), settings)
    assert CANARY not in str(caught.value)
    for word in (CANARY, "RIN 123456789"):
        with pytest.raises(RequestError, match="words"):
            protect(aggregate, declare(tmp_path, words=[word]), settings)
    twice = pl.concat([aggregate, aggregate])
    with pytest.raises(RequestError, match="cannot be added up"):
        protect(twice, declare(tmp_path), settings)
    with pytest.raises(RequestError, match=r"values\.mean_income\.rule: choose from"):
        protect(aggregate, declare(tmp_path, values={"mean_income": {"rule": "maximum"}}), settings)
