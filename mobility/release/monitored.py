"""The indicators as cells for the gate: numerators and denominators, and which of them add up to which. Pure.

A row of the monitor is a number made of counts. What goes through the gate is the counts: a cell for every numerator, and one for
every denominator, once, however many rows share it. The released value is made of published counts again; see
`disclosure.indicators`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping

import polars as pl

from mobility.catalogue import load_catalogue
from mobility.disclosure.cells import KEY, SET, UNITS, Offer
from mobility.disclosure.declaration import Declaration
from mobility.disclosure.indicators import HIDDEN, PARTS, SHARES, TOTAL_ROW, WHOLE
from mobility.disclosure.members import identity
from mobility.disclosure.nesting import HIDDEN_SET
from mobility.flows.indices import ALL, LOW, NOT_LOW
from mobility.income import CLASSES
from mobility.indicators.table import INDICATOR_KEYS, TOTAL
from mobility.indicators.zones import CUTS, NATIONAL, PROGRAMME
from mobility.places import UNPLACEABLE
from mobility.records import record_hash
from mobility.settings import Study

Read = Callable[[str], pl.DataFrame]

INDICATORS = "indicators"
BESIDE = ("flows_out", "account", "cohort")
"""Tables that hold some of the same cells."""
LEVELS = ("role", "region", NATIONAL, PROGRAMME)
"""Levels at which counts of the monitor are offered: gemeenten overlap with roles, and buurten are too small. Cuts are offered of
regions and of the country, and programme areas for families D and G; classes as low, not_low and all."""
_KEYS = list(INDICATOR_KEYS)
_PAIR = ("persons", "households")
_GROUP = ["indicator", "place", "level", "cut", "year"]
_COUNTED = (*SHARES, WHOLE, TOTAL_ROW, "count", "ratio")
_DIGITS = 2  # of persons and households behind an index, which stand beside other numbers of nearly the same people
_NEARLY = (9, 10)  # a part that is so much of its whole tells of everybody in it
_LEAST = 10


def indicator_cells(read: Read, study: Study) -> pl.DataFrame:  # noqa: ARG001 - same form for every aggregate
    """Every numerator and denominator as a cell: one row per key columns of `indicators`, with counts and `PARTS`.

    A denominator that is no row has the detail `of <name>`. The key of a cell is a hash of its year and its counts, so that the
    same people have the same number in every row.
    """
    rows = _rows(read(INDICATORS).join(read("indicators_behind"), on=_KEYS))
    cells = pl.concat([rows, _wholes(rows)], how="diagonal_relaxed")
    cells = _with_hidden(cells).with_columns(pl.min_horizontal(*_PAIR).alias("households"))
    counts = cells["persons"] * (1 << 24) + cells["households"]
    hashed = record_hash(counts, cells["year"] * 16).alias(KEY)
    units = [pl.col(name).alias(unit) for name, unit in zip(_PAIR, UNITS, strict=True)]
    return cells.with_columns(hashed, *units).select(*_KEYS, *_PAIR, *UNITS, KEY, *PARTS).sort(_KEYS)


def _rows(table: pl.DataFrame) -> pl.DataFrame:
    """The rows of the table that can be offered, with the counts behind numerator and denominator."""
    places = pl.col("level").is_in(LEVELS) & ~pl.col("place").is_in([UNPLACEABLE])
    wide = (pl.col("cut") == TOTAL) | pl.col("level").is_in(["region", NATIONAL])
    followed = (pl.col("level") != PROGRAMME) | pl.col("indicator").str.contains("^[DG]")
    grouped = pl.col("income_class").is_in([LOW, NOT_LOW, ALL]) | (pl.col("rule") == "index")
    only_dwellings = (pl.col("rule") == "dwellings") & pl.col("whole_persons").is_null()
    by_dwelling = pl.col("rule") == "dwellings"
    by_class = pl.col("whole_class").is_not_null() & (pl.col("income_class") == ALL)
    has_whole = pl.col("whole").is_not_null()
    rows = table.filter(places, wide, followed, grouped).with_columns(
        persons=pl.when(only_dwellings).then("numerator").otherwise("persons"),
        households=pl.when(by_dwelling).then("numerator").otherwise("households"),
        whole_persons=pl.when(only_dwellings | ~by_dwelling).then("denominator").otherwise("whole_persons"),
        whole_households=pl.when(by_dwelling).then("denominator").otherwise("whole_households"),
        scale=pl.when(pl.col("indicator") == "F6").then(1000).otherwise(100).cast(pl.Int64),
        whole_class=pl.when(has_whole).then(pl.coalesce("whole_class", "income_class")),
        rule=pl.when(by_class).then(pl.lit(TOTAL_ROW)).otherwise("rule"),
        by_class=pl.col("whole_class").is_not_null(),
    )
    is_result = ~pl.col("rule").is_in(_COUNTED)
    rows = rows.with_columns(pl.when(is_result).then(_coarse(name)).otherwise(name).alias(name) for name in _PAIR)
    rows = rows.drop_nulls(list(_PAIR)).filter(pl.col("persons") > 0)
    details = rows.select(*_GROUP, whole_class="income_class", whole="detail", is_there=pl.lit(value=True))
    rows = rows.join(details, on=[*_GROUP, "whole_class", "whole"], how="left", maintain_order="left")
    by_itself = pl.when(pl.col("is_there").is_null()).then(pl.lit("of ") + pl.col("whole")).otherwise("whole")
    return rows.with_columns(whole=pl.when(has_whole).then(by_itself)).drop("is_there")


def _coarse(name: str) -> pl.Expr:
    """A count cut off to two digits."""
    count = pl.col(name)
    length = count.cast(pl.String).str.len_chars().cast(pl.Int64)
    step = pl.lit(10, pl.Int64).pow((length - _DIGITS).clip(0)).cast(pl.Int64)
    return (count // step * step).alias(name)


def _wholes(rows: pl.DataFrame) -> pl.DataFrame:
    """The denominators that are no row, once each."""
    named = rows.filter(pl.col("rule").is_in(SHARES), pl.col("whole").str.starts_with("of ")).select(
        *_GROUP,
        income_class="whole_class",
        detail="whole",
        persons="whole_persons",
        households="whole_households",
        rule=pl.lit(WHOLE),
        by_class=pl.lit(value=False),
    )
    return named.unique(_KEYS, keep="first", maintain_order=True)


def _with_hidden(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells that no table may show, whatever their size (`is_hidden`).

    Hidden are a part with too small a rest; every part of a whole of which one is nearly all; every class where one is nearly
    all; and the parts of what is hidden.
    """
    is_share = pl.col("rule").is_in(SHARES)
    sides = (("persons", "whole_persons"), ("households", "whole_households"))
    rest = pl.min_horizontal(pl.col(whole) - pl.col(part) for part, whole in sides)
    nearly = _nearly(sides) & is_share
    among = nearly.any().over(*_GROUP, "whole_class", "whole")
    hidden = cells.with_columns(is_hidden=(is_share & (among | (rest < _LEAST))).fill_null(value=False))
    everybody = cells.filter(pl.col("income_class") == ALL).select(
        *_GROUP, "detail", *(pl.col(name).alias(f"{name}_every") for name in _PAIR)
    )
    counted = hidden.join(everybody, on=[*_GROUP, "detail"], how="left", maintain_order="left")
    of_class = _nearly([(name, f"{name}_every") for name in _PAIR]) & (pl.col("income_class") != ALL)
    alike = of_class.fill_null(value=False).any().over(*_GROUP, "detail") & (pl.col("income_class") != ALL)
    is_counted = pl.col("rule").is_in(_COUNTED)
    told = counted.with_columns(is_hidden=(pl.col(HIDDEN) | alike) & is_counted)
    above = told.select(*_GROUP, whole_class="income_class", whole="detail", whole_hidden=HIDDEN)
    named = told.join(above, on=[*_GROUP, "whole_class", "whole"], how="left", maintain_order="left")
    return named.with_columns(is_hidden=pl.col(HIDDEN) | pl.col("whole_hidden").fill_null(value=False))


def _nearly(sides: Collection[tuple[str, str]]) -> pl.Expr:
    part_of, whole_of = _NEARLY
    return pl.any_horizontal(
        (pl.col(part) > 0) & (whole_of * pl.col(part) >= part_of * pl.col(whole)) for part, whole in sides
    )


def with_sums(given: Offer, anchors: Mapping[str, Offer], low: Collection[str]) -> Offer:
    """The offered indicators with what a reader can set beside each other, and with the cells that no table may show marked.

    A cell with the counts of the cell of another table that it is a part of is the same people: it takes over that cell's key,
    and so its number.

    Args:
        given: of `cells.offer`.
        anchors: the offers of `BESIDE` that the study releases.
        low: the income classes that count as low.
    """
    sums = pl.concat([_within(given, low), *_beside(given, anchors, low)], how="diagonal_relaxed")
    keys = {name: one.frame.select(identity(one.declaration), KEY, *_PAIR) for name, one in anchors.items()}
    frame = given.frame.with_columns(pl.when(HIDDEN).then(HIDDEN_SET).otherwise(SET).cast(pl.Int64).alias(SET))
    if keys:
        theirs = pl.concat(list(keys.values())).rename({"identity": "parent_identity", KEY: "their_key"})
        links = sums.join(theirs, on="parent_identity").select("child_identity", "their_key", *_PAIR)
        named = frame.with_columns(identity(given.declaration)).join(
            links.unique("child_identity", keep="first", maintain_order=True),
            left_on=["identity", *_PAIR],
            right_on=["child_identity", *_PAIR],
            how="left",
            maintain_order="left",
        )
        frame = named.with_columns(pl.coalesce("their_key", KEY).alias(KEY)).drop("identity", "their_key")
    # The cohort has no years: beside it, every year of the release would be protected in one piece. Its number is taken over, and
    # what is withheld there for its size or for its classes is withheld here by the same rules.
    return dataclasses.replace(
        given, frame=frame, sums=sums, beside=tuple(name for name in anchors if name != "cohort")
    )


def _within(given: Offer, low: Collection[str]) -> pl.DataFrame:
    """Sums of cells of the table itself: cuts, places, classes, denominators, what is a part of another row, and twins."""
    counted = given.frame.filter(pl.col("rule").is_in(_COUNTED))
    additive = [name for name, one in load_catalogue().items() if one.additive]
    single = [name for name in CLASSES if name.startswith("q")]
    group = pl.col("income_class").replace_strict(
        {name: LOW if name in low else NOT_LOW for name in single}, default=None, return_dtype=pl.String
    )
    # A part of another row is a part of the same whole through that row, and not once more by itself.
    above = counted.select(*_GROUP, "income_class", part_of="detail", whole_above="whole").unique(
        [*_GROUP, "income_class", "part_of"], keep="first", maintain_order=True
    )
    counted = counted.join(above, on=[*_GROUP, "income_class", "part_of"], how="left", maintain_order="left")
    slashed = pl.col("detail").str.contains("/") & pl.col("detail").str.starts_with("of ")
    ways: dict[str, tuple[pl.DataFrame, dict[str, pl.Expr], int]] = {
        "cut": (counted.filter(pl.col("cut") != TOTAL), {"cut": pl.lit(TOTAL)}, len(CUTS)),
        "region": (
            counted.filter(level="role").filter(pl.col("indicator").is_in(additive)),
            {"level": pl.lit("region"), "place": pl.col("place").str.split("/").list.first()},
            0,
        ),
        "country": (counted.filter(level="region"), {"level": pl.lit(NATIONAL), "place": pl.lit(NATIONAL)}, 0),
        "group": (counted.filter(pl.col("income_class").is_in(single)), {"income_class": group}, 0),
        "groups": (
            counted.filter(pl.col("income_class").is_in([LOW, NOT_LOW])),
            {"income_class": pl.lit(ALL)},
            0,
        ),
        "classes": (counted.filter(pl.col("income_class").is_in(CLASSES)), {"income_class": pl.lit(ALL)}, 0),
        "part": (counted.drop_nulls("part_of"), {"detail": pl.col("part_of")}, 0),
        "whole": (
            counted.drop_nulls("whole").filter(
                pl.col("income_class") == pl.col("whole_class"),
                pl.col("detail") != pl.col("whole"),
                pl.col("part_of").is_null()
                | (pl.col("whole").str.contains("/") & pl.col("whole").ne_missing(pl.col("whole_above"))),
            ),
            {"detail": pl.col("whole")},
            0,
        ),
        "wholes": (counted.filter(slashed), {"detail": pl.col("detail").str.split("/").list.first()}, 0),
    }
    named = [_pairs(family, given.declaration, *way) for family, way in ways.items()]
    twins = (
        counted.filter(pl.col("rule").is_in([WHOLE, TOTAL_ROW]))
        .select(*_KEYS, identity(given.declaration), *_PAIR)
        .with_columns(first=pl.col("identity").first().over("place", "level", "cut", "year", "income_class", *_PAIR))
    )
    same = twins.filter(pl.col("first") != pl.col("identity")).select(
        family=pl.concat_str(pl.lit("twin"), pl.col("identity").cum_count().over("first").cast(pl.String)),
        parent_identity="first",
        child_identity="identity",
        domain=pl.lit(1, pl.Int64),
    )
    return pl.concat([*named, same])


def _pairs(
    family: str, declaration: Declaration, table: pl.DataFrame, upper: Mapping[str, pl.Expr], domain: int
) -> pl.DataFrame:
    keys = table.drop_nulls("indicator").select(_KEYS)
    child = keys.select(identity(declaration).alias("child_identity"))
    parent = table.with_columns(**upper).select(identity(declaration).alias("parent_identity"))
    most = table.height + 1 if domain == 0 else domain
    return pl.concat([parent, child], how="horizontal").select(
        pl.lit(family).alias("family"), "parent_identity", "child_identity", pl.lit(most, pl.Int64).alias("domain")
    )


def _beside(given: Offer, anchors: Mapping[str, Offer], low: Collection[str]) -> list[pl.DataFrame]:
    """Denominators that are parts of cells of other tables: moves of residents, residents, original residents."""
    wholes = given.frame.filter(rule=WHOLE, cut=TOTAL)
    found: list[pl.DataFrame] = []
    if len(low) == 1:
        wholes = wholes.with_columns(pl.col("income_class").replace({LOW: next(iter(low))}))
    single = wholes.filter(pl.col("income_class").is_in(CLASSES), pl.col("level").is_in(["role", "region"]))
    if "flows_out" in anchors:
        ways = (
            ("A3", single.filter(pl.col("indicator") == "A3")),
            *((key, single.filter(indicator=key, detail="of moves")) for key in ("A7", "B7")),
        )
        for key, table in ways:
            upper = table.with_columns(count=pl.lit("events"), origin="place")
            found.append(_links(key, given.declaration, table, anchors["flows_out"].declaration, upper, low))
    if "account" in anchors:
        residents = single.filter(pl.col("detail").str.starts_with("of residents/"))
        areas = single.filter(pl.col("detail") == "of programme_areas")
        parts = [
            (f"F6{end}", residents.filter(indicator="F6").filter(pl.col("detail") == f"of residents/{end}"))
            for end in residents.filter(indicator="F6")["detail"].str.strip_prefix("of residents/").unique().sort()
        ]
        for key, table in (("A8", residents.filter(indicator="A8")), ("A8_areas", areas), *parts):
            upper = table.with_columns(component=pl.lit("stock_start"))
            found.append(_links(key, given.declaration, table, anchors["account"].declaration, upper, low))
    if "cohort" in anchors:
        theirs = anchors["cohort"].frame.select("programme", "area", "region", year="cohort_year")
        table = given.frame.filter(rule=WHOLE, indicator="D1", level=PROGRAMME)
        upper = table.join(theirs.unique(), left_on=["place", "year"], right_on=["area", "year"], how="inner")
        upper = upper.with_columns(area="place", cohort_year="year")
        for horizon in upper["detail"].unique().sort():
            one = upper.filter(detail=horizon)
            found.append(_links(f"D1{horizon}", given.declaration, one, anchors["cohort"].declaration, one, ()))
    return found


def _links(
    family: str,
    mine: Declaration,
    table: pl.DataFrame,
    theirs: Declaration,
    upper: pl.DataFrame,
    low: Collection[str],
) -> pl.DataFrame:
    named = table
    if len(low) == 1:
        named = table.with_columns(pl.col("income_class").replace({next(iter(low)): LOW}))
    return pl.concat(
        [
            upper.select(pl.lit(family).alias("family"), identity(theirs).alias("parent_identity")),
            named.select(identity(mine).alias("child_identity"), pl.lit(table.height + 1, pl.Int64).alias("domain")),
        ],
        how="horizontal",
    )
