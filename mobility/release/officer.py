"""For the officer who checks the output, inside the environment only: true counts, reasons, what to look at."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from mobility.disclosure.cells import KEY
from mobility.disclosure.protect import GIVEN_AWAY, MEASURES, Protected
from mobility.disclosure.rules import EARLIER, GROUP, INTERVAL, REASON, SMALL, ZERO
from mobility.release.about import About
from mobility.release.package import numbers_of
from mobility.run.files import make_folder, replacing, write_text

_REASONS = {
    ZERO: "nobody",
    SMALL: "fewer units than the minimum",
    GROUP: "nearly all of a total are alike",
    EARLIER: "withheld, or of nearly the same records, in an earlier release",
    INTERVAL: "would keep another interval tight",
}


def write_check(parts: list[Protected], about: About, folder: Path) -> None:
    """Write `<table>.csv` and `summary.md` into the check folder of the release."""
    make_folder(folder)
    for part in parts:
        with replacing(folder / f"{part.safe.declaration.table}.csv") as temporary:
            part.inside.drop(KEY).write_csv(temporary, line_terminator="\n")
    write_text(folder / "summary.md", _summary(parts, about))


def tell_withheld(part: Protected) -> list[str]:
    """What a planned table would show, and what it would give away were it shown whole; stays inside the environment."""
    inside, table = part.inside, part.safe.declaration.table
    everybody = int(inside["persons"].sum())
    seen = inside.filter(pl.col(REASON).is_null())
    share = int(seen["persons"].sum()) / everybody if everybody else 0.0
    lines = [
        f"{table}: {seen.height:,} of {inside.height:,} cells would be shown, with {share:.0%} of all that they count"
    ]
    for reason, text in _REASONS.items():
        rows = inside.filter(pl.col(REASON) == reason).height
        if rows:
            lines.append(f"  {rows:,} withheld: {text}")
    told = inside.filter(pl.col(GIVEN_AWAY).is_not_null()).group_by(GIVEN_AWAY).len("cells").sort(GIVEN_AWAY)
    for relation, cells in told.rows():
        lines.append(f"  {cells:,} cells would be given away, were no more withheld than by the rules, by: {relation}")
    return lines


def _summary(parts: list[Protected], about: About) -> str:
    profile = about.profile
    lines = [
        f"# Check of {about.study.name}, release {about.release}",
        "",
        "Stays inside the environment: true counts undo the rounding of the tables, and fill their gaps.",
        "",
        f"Profile {profile.profile}: at least {profile.minimum_persons} different persons and "
        f"{profile.minimum_households} different households, group share "
        f"{profile.group_share}. How the numbers of each table are protected stands in the column `numbers`: rounded is random "
        f"rounding to {profile.rounding_base} by cell key; exact is without rounding, with cells left out from which others "
        "could be worked out; additive is small counts rounded to nobody or to the minimum and all else "
        "added up from that, so that "
        "fewer than the minimum can be behind a number.",
        "",
        "| table | numbers | offered | published | "
        + " | ".join(_REASONS.values())
        + " | least persons published | least households published |",
        "|---|---|---|---|" + "---|" * len(_REASONS) + "---|---|",
    ]
    for part in parts:
        inside = part.inside
        published = inside.filter(pl.col(REASON).is_null())
        by_reason = [inside.filter(pl.col(REASON) == reason).height for reason in _REASONS]
        least = [published[name].min() if published.height else "-" for name in MEASURES]
        declaration = part.safe.declaration
        cells = [declaration.table, numbers_of(declaration), inside.height, published.height, *by_reason, *least]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += [
        "",
        "## What to look at first",
        "",
        "1. The smallest published cells: sort `<table>.csv` by `unit_persons` (different persons) where `reason` is empty.",
        "2. Cells withheld as `interval`: they are safe by themselves, but would have kept another cell's "
        "interval tight. `given_away_by` names the sum by which a reader would have narrowed a cell down.",
        "3. Cells withheld as `group`: the total stays visible in another table, the breakdown does not.",
        "4. Cells withheld as `earlier`: an earlier release of the project withheld them, or showed them of records that differ "
        "by too few.",
        "",
    ]
    return "\n".join(lines)
