"""Our suppression beside tau-argus and ACRO on the same tables: what each withholds, and what one attacker finds in what is left.

The attacker is a linear program of its own over all cells of a table: nothing of the product. Every peer runs each
table in a fresh
process and folder, since tau-argus keeps state and leaves true counts where it works.

    uv run --group disclosure-peers pytest -m campaign -s tests/benchmarks/test_disclosure_peers.py
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from mobility.disclosure.suppression.engine import suppress
from mobility.disclosure.suppression.system import Sums
from tests.lib.systems import classes, interval, system_of, tabulate

Key = tuple[str, ...]

TAU = """
import json, sys, time
from pytauargus import protect
given = json.load(open("given.json"))
names = [f"k{n}" for n in range(given["ways"])]
rows = [dict(zip(names, key), n=1.0) for key, count in given["inner"] for _ in range(count)]
start = time.process_time()
done = protect(rows, names, response="n", safety_rules="FREQ(10,50)", suppress=sys.argv[1], workdir="work", decimals=0)
seconds = time.process_time() - start
cells = [[[row[name] for name in names], str(row["status"])] for row in done.tables[0].rows]
json.dump({"cells": cells, "seconds": seconds}, open("found.json", "w"))
"""
ACRO = """
import json, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from acro import ACRO
given = json.load(open("given.json"))
rows = pd.DataFrame([key for key, count in given["inner"] for _ in range(count)], columns=["k0", "k1"])
session = ACRO(suppress=True)
start = time.process_time()
table = session.crosstab(rows.k0, rows.k1)
edges = [session.crosstab(rows[name], pd.Series(["Total"] * len(rows), name="all")) for name in ("k0", "k1")]
seconds = time.process_time() - start
cells = [[[row, column], "S" if table.loc[row, column] > 0 else "U"] for row in table.index for column in table.columns]
for place, edge in enumerate(edges):
    for name in edge.index:
        key = ["Total", "Total"]
        key[place] = name
        cells.append([key, "S" if edge.loc[name, "Total"] > 0 else "U"])
json.dump({"cells": cells, "seconds": seconds}, open("found.json", "w"))
"""


def a_table(sizes: tuple[int, ...], seed: int) -> dict[Key, int]:
    """Made-up flows: many small cells, a few large ones, some that nobody is in."""
    dice = np.random.default_rng(seed)
    keys = product(*([f"{'odc'[way]}{n:02}" for n in range(size)] for way, size in enumerate(sizes)))
    return {
        key: int(dice.choice([0, 1, 4, 7, 12, 20, 45, 90], p=[0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.1, 0.1])) for key in keys
    }


@dataclass(frozen=True)
class Result:
    """What one program did with one table.

    Attributes:
        withheld: by cell.
        seconds: of processor.
    """

    withheld: np.ndarray
    seconds: float


def by_peer(code: str, inner: dict[Key, int], names: list[Key], folder: Path, *words: str) -> Result:
    """Run a peer in a folder and a process of its own; a cell that it does not list is not shown, unless nobody is in it."""
    folder.mkdir()
    given = {"ways": len(names[0]), "inner": [[key, count] for key, count in inner.items() if count]}
    (folder / "given.json").write_text(json.dumps(given))
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((folder / "found.json").read_text())
    status = {tuple(key): word for key, word in found["cells"]}
    # tau-argus says U for a cell that breaks the rule, M for one withheld for its sake, S for a safe one, Z for an empty one.
    shown = [status.get(name, "Z" if inner.get(name) == 0 else "U") in ("S", "P", "Z") for name in names]
    return Result(~np.array(shown), found["seconds"])


def ours(counts: np.ndarray, sums: Sums) -> Result:
    small = (counts > 0) & (counts < 10)
    given = system_of(counts, sums, minimum=10, width=5, hidden=small)
    system = dataclasses.replace(given, kept=counts == 0)  # a reader is thought to know which cells nobody is in
    start = time.process_time()
    withheld = suppress(system).withheld
    return Result(withheld, time.process_time() - start)


def found_by_attacker(counts: np.ndarray, sums: Sums, withheld: np.ndarray) -> tuple[int, int]:
    """Small cells that are found exactly, and those that are left fewer than five counts; empty cells are known to be empty."""
    unknown = withheld & (counts > 0)
    exact = narrow = 0
    for cell in np.flatnonzero(unknown & (counts < 10)):
        low, high = interval(counts, sums, unknown, cell, whole=False)
        exact += high - low < 0.5
        narrow += high - low < 4
    return exact, narrow


TABLES = {"6 x 5": ((6, 5), 1), "8 x 6": ((8, 6), 2), "4 x 4 x 3": ((4, 4, 3), 4)}


@pytest.mark.campaign
def test_suppression_beside_its_peers(tmp_path: Path) -> None:
    for name in ("pytauargus", "acro"):
        pytest.importorskip(name, reason="uv run --group disclosure-peers ...")
    print("\n| table | program | small | withheld besides | volume shown | seconds | found exactly | under 5 counts |")
    print("|---|---|---|---|---|---|---|---|")
    for title, (sizes, seed) in TABLES.items():
        inner = a_table(sizes, seed)
        trees = [classes({key[way]: "Total" for key in inner}) for way in range(len(sizes))]
        names, counts, sums = tabulate(inner, trees)
        small = (counts > 0) & (counts < 10)
        folder = tmp_path / title.replace(" ", "")
        results = {"ours": ours(counts, sums)}
        for kind in ("OPT", "MOD"):
            results[f"tau-argus {kind}"] = by_peer(
                TAU, inner, names, folder.with_name(f"{folder.name}_{kind}"), f"{kind}(1)"
            )
        if len(sizes) == 2:
            results["ACRO"] = by_peer(ACRO, inner, names, folder.with_name(f"{folder.name}_acro"))
        besides = {}
        for program, result in results.items():
            besides[program] = int((result.withheld & ~small & (counts > 0)).sum())
            exact, narrow = found_by_attacker(counts, sums, result.withheld)
            share = counts[: len(inner)][~result.withheld[: len(inner)]].sum() / counts[: len(inner)].sum()
            assert not small[~result.withheld].any(), f"{program} shows a small cell"
            print(
                f"| {title} | {program} | {small.sum()} | {besides[program]} | {share:.0%} | {result.seconds:.2f} | "
                f"{exact} | {narrow} |"
            )
            if program == "ours":
                assert (exact, narrow) == (0, 0)
        assert besides["ours"] <= max(1.1 * besides["tau-argus OPT"], besides["tau-argus OPT"] + 1)
