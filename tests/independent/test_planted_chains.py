"""Wegsijpel chains against the truth that lies beside a fictitious country.

The life histories are judged before any register is written (`truth/chains.parquet`); the program judges the same people from
the registers alone. In clean files it must find every chain and nothing else; in files with flaws nearly so.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import yaml

from mobility.income import CLASSES

PROGRAMME = Path(__file__).resolve().parents[2] / "schemas" / "areas" / "programmes" / "synthetic.yaml"
JOBS = ("synthesise", "ingest", "moves", "chains")
COHORT_KEYS = ["programme", "area", "region", "cohort_year", "exposure", "income_class"]


def programme_areas():
    return yaml.safe_load(PROGRAMME.read_text(encoding="utf-8"))["areas"]


def planted(root):
    """Who belongs to which cohort and what became of them, by the life histories: `area` by its name, as the program has it."""
    names = {area["codes"][0]: area["area"] for area in programme_areas()}
    truth = pl.read_parquet(root / "source" / "truth" / "chains.parquet")
    truth = truth.with_columns(pl.col("area").replace(names), pl.col("destination").fill_null("-"))
    return by_member(truth)


def found(root):
    """The same by the program, from the person-level cohort in the secure workspace."""
    cohorts = [
        pl.read_parquet(root / "cohort" / f"{number:03d}" / "part-*.parquet").with_columns(
            pl.lit(area["area"]).alias("area"),
            pl.col("income_class").map_elements(lambda place: CLASSES[place], pl.String),
            # The state somebody ended in is no destination of a chain.
            pl.when(pl.col("arrival_date").is_null()).then(pl.lit("-")).otherwise(
                pl.col("destination").str.strip_prefix("growth_core:")
            ).alias("destination"),
        )
        for number, area in enumerate(programme_areas())
    ]  # fmt: skip
    return by_member(pl.concat(cohorts))


def by_member(table):
    columns = ("income_class", "outcome", "path", "destination", "exit_date", "arrival_date")
    return {(row["area"], row["person"]): {name: row[name] for name in columns} for row in table.iter_rows(named=True)}


def print_confusions(truth, seen):
    pairs = Counter(
        (truth.get(member, {}).get("outcome", "(no member)"), seen.get(member, {}).get("outcome", "(no member)"))
        for member in truth.keys() | seen.keys()
    )
    print(f"\n{'life history':<14}{'program':<14}members")
    for (planted_outcome, found_outcome), members in sorted(pairs.items()):
        note = "" if planted_outcome == found_outcome else "   <- differs"
        print(f"{planted_outcome:<14}{found_outcome:<14}{members:>7}{note}")


def precision_and_recall(truth, seen):
    """Share of the program's chains that were planted, and share of the planted chains that the program found."""
    planted_chains = {member for member, row in truth.items() if row["outcome"] == "chain"}
    found_chains = {member for member, row in seen.items() if row["outcome"] == "chain"}
    both = len(planted_chains & found_chains)
    precision, recall = both / len(found_chains), both / len(planted_chains)
    print(f"settled chains: {len(planted_chains)} planted, precision {precision:.4f}, recall {recall:.4f}")
    return precision, recall


def differences(truth, seen, column):
    """Members in both cohorts of whom the two readings say something else."""
    return [(member, truth[member][column], seen[member][column]) for member in truth.keys() & seen.keys()
            if truth[member][column] != seen[member][column]]  # fmt: skip


def chains_add_up_to_the_cohort(root):
    """Whatever became of the members of a cohort, together they are the cohort: persons, households and household weight."""
    cohort = pl.read_parquet(root / "aggregates" / "cohort.parquet").sort(COHORT_KEYS)
    chains = pl.read_parquet(root / "aggregates" / "chains.parquet")
    sums = chains.group_by(COHORT_KEYS).agg(pl.col("persons", "households", "household_weight").sum()).sort(COHORT_KEYS)
    assert sums.select(COHORT_KEYS).equals(cohort.select(COHORT_KEYS))
    assert sums["persons"].to_list() == cohort["persons"].to_list()
    assert sums["households"].to_list() == cohort["households"].to_list()
    assert sums["household_weight"].to_list() == pytest.approx(cohort["household_weight"].to_list(), abs=1e-6)


def chains_count_every_member_once(root, seen):
    """The table of chains is the cohort counted: per area and outcome as many persons as there are members."""
    chains = pl.read_parquet(root / "aggregates" / "chains.parquet")
    counted = chains.group_by("area", "outcome").agg(pl.col("persons").sum())
    expected = Counter((area, row["outcome"]) for (area, _), row in seen.items())
    assert {(area, outcome): persons for area, outcome, persons in counted.iter_rows()} == expected


def judge_clean_files(root):
    truth, seen = planted(root), found(root)
    print_confusions(truth, seen)
    assert precision_and_recall(truth, seen) == (1, 1)
    assert seen.keys() == truth.keys()
    for column in ("income_class", "outcome", "path", "destination", "exit_date", "arrival_date"):
        assert differences(truth, seen, column) == [], column
    chains_add_up_to_the_cohort(root)
    chains_count_every_member_once(root, seen)
    return truth


def test_a_small_country_without_flaws_gives_back_every_planted_chain(country):
    root = country(JOBS, "synthetic.effect=excess", "synthetic.flaws=none", "synthetic.persons=4500")
    truth = judge_clean_files(root)
    assert sum(row["outcome"] == "chain" for row in truth.values()) >= 5, "too few to say anything"


@pytest.mark.slow
def test_thirty_thousand_persons_without_flaws_give_back_every_planted_chain_and_every_other_outcome(country):
    root = country(JOBS, "synthetic.effect=excess", "synthetic.flaws=none", "synthetic.persons=30000")
    truth = judge_clean_files(root)
    judged = {row["outcome"] for row in truth.values()}
    assert judged >= {
        "chain",
        "late",
        "temporary",
        "returned",
        "reversed",
        "left",
        "stayed",
        "dead",
        "away",
        "institution",
    }
    assert {row["path"] for row in truth.values() if row["outcome"] == "chain"} == {"direct", "stepwise"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_flaws_of_real_files_hide_hardly_any_chain(country, seed):
    root = country(JOBS, "synthetic.effect=excess", "synthetic.flaws=quirks", "synthetic.persons=30000",
                   f"synthetic.seed={seed}", "place.partitions=2")  # fmt: skip
    truth, seen = planted(root), found(root)
    print_confusions(truth, seen)
    precision, recall = precision_and_recall(truth, seen)
    assert precision >= 0.99
    assert recall >= 0.99
    chains_add_up_to_the_cohort(root)
    chains_count_every_member_once(root, seen)
