"""Which cells add up to which: all that a reader can set beside each other in one release.

Cells are numbered through all tables of the release (`cell`). A relation is a parent and its children. It is
*open* when the parent also holds people in no offered child, and *complete* when every child that can exist has
somebody in it, so that nothing is left to guess about an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import polars as pl

from mobility.disclosure.cells import KEY, SET
from mobility.disclosure.declaration import TOTAL, Declaration, Parts, Rows
from mobility.disclosure.members import IDENTITY, identity
from mobility.disclosure.nesting import BLOCK, block_of, place_columns
from mobility.errors import ReleaseError

CELL = "cell"
MEASURES = ("persons", "households")


@dataclass(frozen=True)
class Table:
    """A declaration and its offered cells, numbered."""

    declaration: Declaration
    frame: pl.DataFrame
    sums: pl.DataFrame | None = None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relations:
    """Relations between cells.

    Attributes:
        links: one row per relation and child: `relation`, `child`, sorted.
        heads: one row per relation: `relation`, `parent`, `open`, `complete`, `at` (the tables and columns it sums), sorted.
    """

    links: pl.DataFrame
    heads: pl.DataFrame


def find_relations(
    tables: Mapping[str, Table], blocks: Mapping[str, str], others: Sequence[pl.DataFrame] = ()
) -> Relations:
    """All relations within and between the tables of a release.

    Args:
        tables: the tables by name.
        blocks: see `nesting.find_blocks`.
        others: relations with what is no cell of a table, one row per parent and child: `parent`, `child`, `open`, `domain`,
            `at`.

    Raises:
        ReleaseError: the true counts of a relation do not add up, so the aggregates or a declaration are at fault.
    """
    found: list[pl.DataFrame] = []
    for table in tables.values():
        found += _totals(table)
        found += _nested(table, blocks)
        for parts in table.declaration.parts:
            found += _parts(table, parts)
        found += _summed(table, tables)
        for margin in table.declaration.margins:
            if margin.table in tables:
                parent = _where(tables[margin.table].frame, margin.where)
                child = Table(table.declaration, _where(table.frame, margin.of))
                at = f"{table.declaration.table} over {', '.join(margin.over)} and {margin.table}"
                found.append(_relate(parent, child, margin.over, at, is_open=margin.is_open))
    heads, links, start = [], [], 0
    for pairs in (*found, *others):
        if pairs.is_empty():
            continue
        numbered = pairs.with_columns((pl.col("parent").rank("dense").cast(pl.Int64) - 1 + start).alias("relation"))
        head = numbered.group_by("relation").agg(
            pl.col("parent", "open").first(), pl.len().alias("size"), pl.col("domain", "at").first()
        )
        heads.append(
            head.select("relation", "parent", "open", pl.col("at"), complete=pl.col("size") >= pl.col("domain"))
        )
        links.append(numbered.select("relation", "child"))
        start += head.height
    if not heads:
        empty = {"relation": pl.Int64, "parent": pl.Int64, "open": pl.Boolean, "complete": pl.Boolean, "at": pl.String}
        return Relations(pl.DataFrame(schema={"relation": pl.Int64, "child": pl.Int64}), pl.DataFrame(schema=empty))
    return Relations(pl.concat(links).sort("relation", "child"), pl.concat(heads).sort("relation"))


def _totals(table: Table) -> list[pl.DataFrame]:
    """A set of rows that sums over more columns than another is its parent, unless the child leaves values out."""
    found = []
    sets = list(enumerate(table.declaration.rows))
    for (upper, parent), (lower, child) in permutations(sets, 2):
        over = tuple(column for column in parent.total if column not in child.total)
        if not over or not set(child.total) <= set(parent.total) or _restricts(child, over):
            continue
        parents = table.frame.filter(pl.col(SET) == upper)
        children = Table(table.declaration, table.frame.filter(pl.col(SET) == lower))
        found.append(_relate(parents, children, over, f"{table.declaration.table}, all of {', '.join(over)}"))
    return found


def _restricts(rows: Rows, over: tuple[str, ...]) -> bool:
    return any(column in over for column, _ in rows.where)


def _nested(table: Table, blocks: Mapping[str, str]) -> list[pl.DataFrame]:
    """Counts of regions are sums of those of roles, by place or by pair of places; gemeenten and roles both add up to blocks."""
    places = place_columns(table.declaration.cells)
    if not places or not table.declaration.nested:
        return []
    region = pl.col(places).str.split("/").list.first()
    to_block = {level: [block_of(place, level, blocks) for place in places] for level in ("gemeente", "role")}
    found = [
        _nest(table, "role", "region", [region]),
        _nest(table, "gemeente", BLOCK, to_block["gemeente"]),
        _nest(table, "role", BLOCK, to_block["role"]),
    ]
    # A block is named after a gemeente or a role; where all its roles are of one region, it lies in that region.
    regions: dict[str, set[str]] = {}
    for place, block in blocks.items():
        if not place.startswith("GM"):
            regions.setdefault(block, set()).add(place.split("/")[0])
    if all(len(within) == 1 for within in regions.values()):
        names = {block: within.pop() for block, within in regions.items()}
        to_region = pl.col(places).replace(list(names), list(names.values()))
        found.append(_nest(table, BLOCK, "region", [to_region]))
    return found


def _nest(table: Table, lower: str, upper: str, places: list[pl.Expr]) -> pl.DataFrame:
    level = pl.col("level")
    shared = [column for column in table.declaration.cells if column != "level"]
    children = table.frame.filter(level == lower).with_columns(places)
    return _pair(
        table.frame.filter(level == upper), children, shared, table, f"{table.declaration.table}, {lower} and {upper}"
    )


def _summed(table: Table, tables: Mapping[str, Table]) -> list[pl.DataFrame]:
    """The further sums of a table (`Offer.sums`). Where the children are fewer than their parent, somebody is in none of them."""
    if table.sums is None:
        return []
    known = [tables[name] for name in table.beside if name in tables]
    named = [one.frame.select(identity(one.declaration), CELL, *one.declaration.measures) for one in (table, *known)]
    cells = pl.concat(named).unique(IDENTITY, keep="first", maintain_order=True)
    pairs = table.sums.join(cells.rename({CELL: "child"}), left_on="child_identity", right_on=IDENTITY)
    upper = cells.rename({CELL: "parent", **{name: f"{name}_whole" for name in MEASURES}})
    pairs = pairs.join(upper, left_on="parent_identity", right_on=IDENTITY)
    set_of = ["family", "parent"]
    rest = [(pl.first(f"{name}_whole") - pl.col(name).sum()).alias(f"{name}_rest") for name in MEASURES]
    told = pairs.group_by(set_of).agg(rest)
    rests = [f"{name}_rest" for name in MEASURES]
    if told.filter(pl.min_horizontal(rests) < 0).height:
        raise ReleaseError(
            f"{table.declaration.table}: the parts add up to more than the whole. Run the aggregates again, with the job monitor."
        )
    is_open = told.select(*set_of, (pl.max_horizontal(rests) > 0).alias("open"))
    at = pl.lit(f"{table.declaration.table} and what it is summed to").alias("at")
    found = (
        pairs.join(is_open, on=set_of).select("family", "parent", "child", "open", "domain", at).sort("parent", "child")
    )
    return [part.drop("family") for part in found.partition_by("family", maintain_order=True)]


def _parts(table: Table, parts: Parts) -> list[pl.DataFrame]:
    whole = pl.col(parts.column) == parts.whole
    shared = [column for column in table.declaration.cells if column != parts.column]
    wholes = table.frame.filter(whole)
    values = table.frame.filter(~whole)[parts.column].unique().sort()
    if parts.adds_up:
        rest = table.frame.filter(~whole)
        pairs = _pair(wholes, rest, shared, table, table.declaration.table, is_open=True, domain=len(values))
        return [_closed_where_equal(pairs, wholes, rest, table.declaration.measures)]
    return [
        _pair(
            wholes,
            table.frame.filter(pl.col(parts.column) == value),
            shared,
            table,
            f"{table.declaration.table}, {value} in {parts.whole}",
            is_open=True,
        )
        for value in values
    ]


def _closed_where_equal(
    pairs: pl.DataFrame, wholes: pl.DataFrame, rest: pl.DataFrame, measures: tuple[str, ...]
) -> pl.DataFrame:
    """Where the parts are fewer than the whole, somebody is in a part that has no row, such as one without an estimate."""
    sums = pairs.join(rest.select(*measures, child=CELL), on="child").group_by("parent").agg(pl.col(measures).sum())
    both = sums.join(wholes.select(*measures, parent=CELL), on="parent", suffix="_whole")
    is_open = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_whole") for name in measures).alias("open")
    opened = both.select("parent", is_open)
    return pairs.drop("open").join(opened, on="parent").select(pairs.columns).sort("parent", "child")


def _where(frame: pl.DataFrame, where: tuple[tuple[str, tuple[str | int, ...]], ...]) -> pl.DataFrame:
    return frame.filter(
        pl.all_horizontal(pl.lit(True), *(pl.col(column).is_in(list(values)) for column, values in where))
    )


def _relate(
    parents: pl.DataFrame, children: Table, over: tuple[str, ...], at: str, *, is_open: bool = False
) -> pl.DataFrame:
    split = [pl.col(column) != TOTAL for column in over if children.frame.schema[column] == pl.String]
    kept = children.frame.filter(pl.all_horizontal(pl.lit(True), *split))
    shared = [column for column in children.declaration.cells if column not in over and column in parents.columns]
    if parents.select(shared).is_duplicated().any():
        raise ReleaseError(
            f"{at}: a margin is declared without saying which cells of the other table it gives; add `where` to it."
        )
    domain = None if is_open else kept.select(over).unique().height
    return _pair(parents, kept, shared, children, at, is_open=is_open, domain=domain)


def _pair(
    parents: pl.DataFrame,
    children: pl.DataFrame,
    shared: list[str],
    table: Table,
    at: str,
    *,
    is_open: bool = False,
    domain: int | None = None,
) -> pl.DataFrame:
    """One row per parent and child: `parent`, `child`, `open`, `domain` (children that can exist), `at`."""
    measures = [*table.declaration.measures, KEY]
    left, right = parents.select(*shared, parent=CELL), children.select(*shared, *measures, child=CELL)
    pairs = left.join(right, on=shared) if shared else left.join(right, how="cross")
    sums = (
        pairs.group_by("parent")
        .agg(pl.col(measures).sum())
        .join(parents, left_on="parent", right_on=CELL, suffix="_whole")
    )
    counts = [name for name in table.declaration.measures if f"{name}_whole" in sums.columns]
    summed = [*counts, KEY] if table.declaration.key == "records" else counts
    wrong = (
        [pl.col(name) > pl.col(f"{name}_whole") for name in counts]
        if is_open
        else [pl.col(name) != pl.col(f"{name}_whole") for name in summed]
    )
    if sums.filter(pl.any_horizontal(wrong)).height:
        raise ReleaseError(
            f"{at}: the parts do not add up to the whole. Run the aggregates again; see `margins` and `rows` "
            f"in schemas/outputs."
        )
    size = children.height + 1 if domain is None else domain
    more = pl.lit(is_open).alias("open"), pl.lit(size, dtype=pl.Int64).alias("domain"), pl.lit(at).alias("at")
    return pairs.select("parent", "child", *more).sort("parent", "child")
