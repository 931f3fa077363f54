"""Indicators of spatial sorting: count once, by partition; then every indicator from the counts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import polars as pl

from mobility.areas import load_programme, load_zoning
from mobility.catalogue import absent_registers, by_register, chosen
from mobility.indicators.table import collected, empty, told_and_behind
from mobility.panel.store import Panel
from mobility.run.files import make_folder, remove_folder, write_json, write_parquet
from mobility.run.progress import Tell
from mobility.run.steps import files_below
from mobility.settings import Settings
from mobility.steps import chains, flows
from mobility.steps.job import Job, Told, workspace
from mobility.steps.monitor_counts import count_moves, count_people, fields_of
from mobility.steps.monitor_dwellings import count_dwellings
from mobility.steps.monitor_families import make_indicators
from mobility.steps.monitor_further import put_distances
from mobility.steps.monitor_ground import ground_of, registers_there

BEHIND = "indicators_behind"  # what a release must know of the rows
_AGGREGATES = ("flows", "account", "expected", "chains", "incidence", "excess")


def _asked(settings: Settings) -> dict[str, Any]:
    study = settings.study
    return {
        "monitor": study.monitor,
        "indicators": chosen(study.monitor.indicators),
        "period": study.period,
        "income": study.income,
        "chains": study.chains,
        "zoning": load_zoning(study.geography.zoning),
        "programmes": [load_programme(name) for name in study.programmes],
    }


def _inputs(settings: Settings) -> list[Path]:
    space = workspace(settings)
    return files_below(space.panel, space.moves, space.root / "cohort", *map(space.aggregate, _AGGREGATES))


def _outputs(settings: Settings, told: Told) -> list[Path]:  # noqa: ARG001 - same form for every step
    space = workspace(settings)
    return [space.aggregate("indicators"), space.aggregate(BEHIND), space.quality / "monitor.json"]


def _run(settings: Settings, tell: Tell) -> Told:
    space = workspace(settings)
    scratch = space.root / "monitor.tmp"
    remove_folder(scratch)
    panel = Panel(space.panel)
    asked = chosen(settings.study.monitor.indicators)
    absent = absent_registers(registers_there(panel, panel.shape()))
    wanted = tuple(key for key in asked if key not in absent)
    ground = ground_of(settings, wanted, make_folder(scratch))
    if ground.wants("F3", "F6"):
        put_distances(ground)
    began = time.perf_counter()
    count_people(ground, settings, tell)
    fields = fields_of(ground)
    count_moves(ground, fields, settings, space.moves, tell)
    if ground.wants("E2", "E3", "E5", "E6", "E7"):
        count_dwellings(ground, settings, fields.first_used, tell)
    counted = time.perf_counter() - began
    tables, seconds = make_indicators(ground, wanted, fields, settings, tell)
    table = collected([empty(), *tables])
    cuts = [*settings.study.monitor.cuts, "total"]
    table = table.filter(pl.col("cut").is_in(cuts))
    told_table, behind = told_and_behind(table)
    write_parquet(told_table, space.aggregate("indicators"))
    write_parquet(behind, space.aggregate(BEHIND))
    remove_folder(scratch)
    made = set(table["indicator"].unique())
    told: Told = {
        "rows": table.height,
        "made": sorted(made),
        "absent": {key: list(absent[key]) for key in asked if key in absent},
        "empty": [key for key in wanted if key not in made],
        # Seconds of each family, and of the counts that all of them are made of.
        "families": {name: round(each, 3) for name, each in (seconds | {"counts": counted}).items()},
    }
    # Not the seconds: the same data give the same bytes.
    write_json(space.quality / "monitor.json", {name: each for name, each in told.items() if name != "families"})
    return told


def _closing(settings: Settings, told: Told) -> list[str]:
    lines = [
        f"{told['rows']:,} rows of {len(told['made'])} indicators, in {workspace(settings).aggregate('indicators')}"
    ]
    lines.append("seconds: " + ", ".join(f"{name} {each:.1f}" for name, each in told["families"].items()))
    lacking = by_register(told["absent"])
    lines += [f"not available, since this study reads no {names}: {', '.join(keys)}" for names, keys in lacking.items()]
    if told["empty"]:
        lines.append(f"nothing to tell in these years and places: {', '.join(told['empty'])}")
    return lines


JOB = Job(
    name="monitor",
    does="indicators of spatial sorting",
    asked=_asked,
    inputs=_inputs,
    outputs=_outputs,
    run=_run,
    closing=_closing,
    after=lambda settings: (flows.JOB, *([chains.JOB] if settings.study.programmes else [])),
)
