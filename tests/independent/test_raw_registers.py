"""The flows, counted a third time: by SQL, from the registers as delivered.

`raw_registers.sql` beside this module reads the Parquet files that the fictitious country was delivered in and counts flows the
way method 1 to 5 say, in another language and by other means than the program; it shares no code with it, nor with the SQL of the
benchmark, which starts from the panel. Every cell must be the same.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

duckdb = pytest.importorskip("duckdb")

ZONING = Path(__file__).resolve().parents[2] / "schemas" / "areas" / "zonings" / "synthetic.yaml"
KEYS = ["level", "count", "year", "origin", "destination", "income_class"]
FILES = {
    "addresses": "Bevolking/GBAADRESOBJECTBUS/*.parquet",
    "households": "Bevolking/GBAHUISHOUDENSBUS/*.parquet",
    "persons": "Bevolking/GBAPERSOONTAB/*/*.parquet",
    "deaths": "Bevolking/GBAOVERLIJDENTAB/*/*.parquet",
    "vslgwb": "BouwenWonen/VSLGWBTAB/*.parquet",
    "nietvslgwb": "BouwenWonen/NIETVSLGWBTAB/*.parquet",
    "coordinates": "BouwenWonen/VSLCOORDTAB/*.parquet",
    "lifecycle": "BouwenWonen/LEVCYCLWOONNIETWOONBUS/*.parquet",
    "incomes": "InkomenBestedingen/INHATAB/INHA*.parquet",
    "links": "InkomenBestedingen/INHATAB/KOPPELPERSOONHUISHOUDEN*.parquet",
}


def count_raw(source: Path, scratch: Path) -> pl.DataFrame:
    given = yaml.safe_load(ZONING.read_text(encoding="utf-8"))
    zoning = [
        (line["code"], f"{region}/{line['role']}", region)
        for region, content in given["regions"].items()
        for line in content["lines"]
    ]
    with duckdb.connect(config={"temp_directory": str(scratch)}) as database:
        database.execute("CREATE TABLE zoning (code VARCHAR, role VARCHAR, region VARCHAR)")
        database.executemany("INSERT INTO zoning VALUES (?, ?, ?)", zoning)
        scratch.mkdir(exist_ok=True)
        database.execute("SET VARIABLE counted = ?", [str(scratch / "flows.parquet")])
        for name, pattern in FILES.items():
            database.execute(f"SET VARIABLE {name} = ?", [[str(path) for path in sorted(source.glob(pattern))]])
        database.execute((Path(__file__).parent / "raw_registers.sql").read_text(encoding="utf-8"))
        assert database.execute("SELECT count(*) FROM renumbered").fetchone()[0] > 0, (
            "no renumbering would prove too little"
        )
        database.execute("COPY flows TO (getvariable('counted')) (FORMAT parquet)")
    return pl.read_parquet(scratch / "flows.parquet")


def compare(root: Path) -> pl.DataFrame:
    measures = ["persons", "households"]
    ours = pl.read_parquet(root / "aggregates" / "flows.parquet").select(*KEYS, *measures)
    theirs = count_raw(root / "source", root / "duckdb.tmp").select(*KEYS, *measures).cast(ours.schema)
    both = ours.join(theirs, on=KEYS, how="full", suffix="_raw", coalesce=True)
    differ = both.filter(
        pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_raw")) for name in ("persons", "households"))
    )
    print(f"\n{ours.height:,} cells, {differ.height} differ; {ours['persons'].sum():,} moves in them")
    assert differ.is_empty(), differ.sort(KEYS).head(10)
    assert theirs.height == ours.height
    return ours


JOBS = ("synthesise", "ingest", "moves", "flows")


@pytest.mark.slow
def test_sql_on_the_raw_registers_of_thirty_thousand_counts_the_same_flows(country):
    flows = compare(country(JOBS, "synthetic.persons=30000", "synthetic.formats=[parquet]", "place.partitions=3"))
    assert set(flows["level"]) == {"buurt", "wijk", "gemeente", "role", "region"}
    assert {"unplaceable", "elsewhere"} <= set(flows["origin"])


@pytest.mark.campaign
def test_sql_on_the_raw_registers_of_a_million_counts_the_same_flows(country):
    compare(country(JOBS, "synthetic.persons=1000000", "synthetic.formats=[parquet]"))
