"""The question answered by DuckDB: the SQL files beside this module, in the order they are meant to run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from mobility.benchmark.peers.question import TABLES, Question

_HERE = Path(__file__).parent


def answer(question: Question) -> None:
    """Write `flows.parquet` and `account.parquet`. Partitions of persons are worked through side by side, one on each thread."""
    scratch = question.folder / "duckdb.tmp"
    database = duckdb.connect(
        config={
            "threads": question.threads,
            "preserve_insertion_order": True,  # the SQL relies on the sort order of the panel
            "memory_limit": f"{question.memory_mb}MiB",
            "temp_directory": str(scratch),
        }
    )
    zoning = question.folder / "zoning.csv"
    lines = [",".join(line) + "\n" for line in (("code", "region", "role"), *question.zoning)]
    zoning.write_text("".join(lines), encoding="utf-8")
    with database:
        _set(database, _variables(question))
        # The classes of a person, four bits a year, in the smallest number that holds them.
        packed = "UBIGINT" if question.income_span <= 16 else "UHUGEINT"
        database.execute(f"CREATE TYPE packed AS {packed}")
        database.execute(_sql("definitions.sql"))
        lanes = min(question.threads, question.partitions)
        with ThreadPoolExecutor(lanes) as pool:
            running = [pool.submit(_lane, database.cursor(), question, number, lanes) for number in range(lanes)]
            for lane in running:
                lane.result()
        database.execute(_sql("areas.sql"))
        database.execute(_sql("account.sql"))


def _lane(connection: duckdb.DuckDBPyConnection, question: Question, first: int, step: int) -> None:
    _set(connection, _variables(question))
    sql = _sql("persons.sql") + _sql("account_of_persons.sql")
    for partition in range(first, question.partitions, step):
        _set(connection, {table: str(question.part(table, partition)) for table in (*TABLES, "gbamigratiebus")})
        connection.execute(sql)


def _variables(question: Question) -> dict[str, Any]:
    return {
        **{f"all_{table}": [str(path) for path in question.parts(table)] for table in TABLES},
        "objects": str(question.panel / "objects.parquet"),
        "areas": str(question.panel / "areas.parquet"),
        "zoning": str(question.folder / "zoning.csv"),
        "flows": str(question.folder / "flows.parquet"),
        "account": str(question.folder / "account.parquet"),
        "cut_off": question.cut_off,
        "first_day": question.first_day,
        "last_day": question.last_day,
        **question.definitions,
    }


def _set(connection: duckdb.DuckDBPyConnection, variables: dict[str, Any]) -> None:
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])


def _sql(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
