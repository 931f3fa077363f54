"""Indicators made of what other tables of the release show, and of nothing else. Pure.

Moves, residents and original residents are in tables of their own. Their indicators are computed from the published numbers of
those, so that they tell no more than these do, and are absent where one of the numbers is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

import polars as pl

from mobility.disclosure.ratios import limited, share, supported_digits
from mobility.flows.indices import ALL, LOW, NOT_LOW
from mobility.indicators.selective import ratio_interval
from mobility.indicators.table import INDICATOR_KEYS, TOTAL, not_low
from mobility.indicators.zones import NATIONAL
from mobility.settings import Disclosure

COLUMNS = (*INDICATOR_KEYS, "persons", "households", "value", "numerator", "denominator")
_PLACE = ["level", "year", "place", "income_class"]
_PAIR = ("persons", "households")
_COMPONENTS = ("stock_start", "deaths", "immigration", "emigration", "class_in", "class_out")
_POOLED = 0  # year of all cohorts together


def derived_indicators(
    shown: Mapping[str, pl.DataFrame], low: Collection[str], pairs: Collection[str], profile: Disclosure
) -> pl.DataFrame:
    """Rows of `indicators`: A1 to A6, B1, C1, the share of C2, and D3 of all cohorts together.

    Args:
        shown: the released rows of every table.
        low: the income classes that count as low.
        pairs: `A>B`, the pairs of A5.
        profile: the rules.
    """
    made = _Derived(shown, tuple(low), profile)
    tables = []
    if {"flows", "flows_out", "flows_in", "account"} <= set(shown):
        tables += [*made.rates(), *made.roles(), *made.pairs(tuple(pairs)), *made.burden()]
    if "account" in shown:
        tables += [*made.suburbanisation(), *made.account_of_low()]
    if {"flows", "flows_in", "flows_out", "account"} <= set(shown):
        tables += made.moves_of_low()
    if "chains" in shown:
        tables += made.chains()
    empty = pl.DataFrame(schema=dict.fromkeys(INDICATOR_KEYS, pl.String) | dict.fromkeys(COLUMNS[7:], pl.Int64))
    typed = empty.with_columns(pl.col("year").cast(pl.Int64), pl.col("value").cast(pl.Float64)).select(COLUMNS)
    least = {"persons": profile.minimum_persons, "households": profile.minimum_households}
    return pl.concat([typed, *tables]).filter(
        pl.col("value").is_finite(), *(pl.col(name) >= minimum for name, minimum in least.items())
    )


class _Derived:
    """The published numbers, and what is made of them."""

    def __init__(self, shown: Mapping[str, pl.DataFrame], low: tuple[str, ...], profile: Disclosure) -> None:
        self.shown, self.low, self.profile = shown, low, profile
        # What is left of two numbers is at least the minimum in truth, whatever the rounding.
        self.least = profile.minimum_persons + 2 * profile.rounding_base

    # ---- what is published ------------------------------------------------------------------------------

    def grouped(self, table: pl.DataFrame) -> pl.DataFrame:
        """Counts of low and not low, where every class of them is published; with a column `all` kept as it is."""
        keys = [name for name in table.columns if name not in (*_PAIR, "income_class")]
        parts = [table.filter(income_class=ALL)]
        for name, classes in ((LOW, self.low), (NOT_LOW, not_low(self.low))):
            chosen = table.filter(pl.col("income_class").is_in(classes))
            summed = chosen.group_by(keys).agg(pl.col(_PAIR).sum(), pl.len().alias("classes"))
            whole = summed.filter(pl.col("classes") == len(classes)).with_columns(income_class=pl.lit(name))
            parts.append(whole.select(table.columns))
        return pl.concat(parts).sort([*keys, "income_class"])

    def _events(self, name: str) -> pl.DataFrame:
        return self.grouped(self.shown[name].filter(pl.col("count") == "events").drop("count"))

    @cached_property
    def flows(self) -> pl.DataFrame:
        """Moves between places and within them."""
        return self._events("flows")

    @cached_property
    def within(self) -> pl.DataFrame:
        """Moves within a place."""
        return self.flows.filter(pl.col("origin") == pl.col("destination")).select(*_at("origin"), *_PAIR)

    @cached_property
    def crossings(self) -> dict[str, pl.DataFrame]:
        """Moves out of and into a place: what leaves or arrives less what stays within it."""
        found = {}
        for side, table, end in (("out", "flows_out", "origin"), ("in", "flows_in", "destination")):
            every = self._events(table).select(*_at(end), *_PAIR)
            both = every.join(self.within, on=_PLACE, suffix="_within")
            rest = both.select(*_PLACE, *((pl.col(n) - pl.col(f"{n}_within")).alias(n) for n in _PAIR))
            found[side] = rest.filter(pl.min_horizontal(_PAIR) >= self.least)
        return found

    @cached_property
    def account(self) -> pl.DataFrame:
        """The account by group of classes."""
        return self.grouped(self.shown["account"])

    @cached_property
    def residents(self) -> pl.DataFrame:
        """Residents on 1 January."""
        return self.account.filter(component="stock_start").select(*_PLACE, *_PAIR)

    # ---- what is made -----------------------------------------------------------------------------------

    def rates(self) -> list[pl.DataFrame]:
        """A1, A2 and A3 within."""
        tables = []
        for side, moved in self.crossings.items():
            table = moved.join(self.residents, on=_PLACE, suffix="_there")
            rate = 100 * pl.col("persons") / pl.col("persons_there")
            value = limited(rate, supported_digits(pl.col("persons"), self.profile))
            numbers = {"numerator": "persons", "denominator": "persons_there"}
            tables.append(_rows(table, "A1", side, value, **numbers))
            on = [name for name in _PLACE if name != "income_class"]
            here, others = (table.filter(income_class=name).drop("income_class") for name in (LOW, NOT_LOW))
            both = here.join(others, on=on, suffix="_other").with_columns(income_class=pl.lit(LOW))
            smaller = both.with_columns(pl.min_horizontal(n, f"{n}_other").alias(n) for n in _PAIR)
            digits = supported_digits(pl.col("persons"), self.profile)
            ratio, lower, upper = ratio_interval("persons", "persons_other", "persons_there", "persons_there_other")
            for detail, each in ((side, ratio), (f"{side}_lower", lower), (f"{side}_upper", upper)):
                told = smaller.with_columns(told=both.select(each).to_series())
                tables.append(_rows(told, "A2", detail, limited(pl.col("told"), digits)))
        every = self._events("flows_out").select(*_at("origin"), *_PAIR)
        both = self.within.join(every, on=_PLACE, suffix="_all")
        tables.append(self._share(both, "A3", "within", "persons", "persons_all"))
        return tables

    def roles(self) -> list[pl.DataFrame]:
        """A4."""
        keys = ["year", "income_class"]
        moves = self.flows.filter(pl.col("level") == "role", pl.col("origin") != pl.col("destination"))
        leaving = self.crossings["out"].rename({"place": "origin"})
        table = moves.join(leaving, on=[*keys, "level", "origin"], suffix="_left").rename({"origin": "place"})
        to = pl.concat_str(pl.lit(">"), "destination")
        found = [self._share(table, "A4", pl.lit("share") + to, "persons", "persons_left")]
        back = moves.rename({"origin": "destination", "destination": "place"})
        both = moves.rename({"origin": "place"}).join(back, on=["level", *keys, "place", "destination"], suffix="_back")
        net, gross = (pl.col("persons") - pl.col("persons_back")), (pl.col("persons") + pl.col("persons_back"))
        twice = both.with_columns(net=net, gross=gross, households=pl.col("households") + pl.col("households_back"))
        twice = twice.with_columns(persons="gross")
        effect = limited(100 * pl.col("net") / pl.col("gross"), supported_digits(pl.col("gross"), self.profile))
        found.append(_rows(twice, "A4", pl.lit("net") + to, pl.col("net"), numerator="net"))
        found.append(_rows(twice, "A4", pl.lit("gross") + to, pl.col("gross"), numerator="gross"))
        numbers = {"numerator": "net", "denominator": "gross"}
        found.append(_rows(twice, "A4", pl.lit("effectiveness") + to, effect, **numbers))
        here, others = (table.filter(income_class=name).drop("income_class") for name in (LOW, NOT_LOW))
        compared = here.join(others, on=["level", "year", "place", "destination"], suffix="_other")
        ratio = pl.col("persons") * pl.col("persons_left_other") / (pl.col("persons_other") * pl.col("persons_left"))
        compared = compared.with_columns(income_class=pl.lit(LOW), ratio=ratio)
        smaller = compared.with_columns(pl.min_horizontal(n, f"{n}_other").alias(n) for n in _PAIR)
        value = limited(pl.col("ratio"), supported_digits(pl.col("persons"), self.profile))
        found.append(_rows(smaller, "A4", pl.lit("against") + to, value))
        return found

    def pairs(self, names: tuple[str, ...]) -> list[pl.DataFrame]:
        """A5."""
        between = self.flows.filter(pl.col("level") == "gemeente", pl.col("origin") != pl.col("destination"))
        named = between.with_columns(place=pl.concat_str("origin", "destination", separator=">"))
        ours = named.filter(pl.col("place").is_in(names))
        found = [_rows(ours, "A5", "moves", pl.col("persons"), numerator="persons")]
        for side, end, detail in (
            ("out", "origin", "share_of_outflow"),
            ("in", "destination", "share_of_inflow"),
        ):
            every = self.crossings[side].rename({"place": end})
            both = ours.join(every, on=["level", "year", "income_class", end], suffix="_all")
            found.append(self._share(both, "A5", detail, "persons", "persons_all"))
        turned = named.with_columns(place=pl.concat_str("destination", "origin", separator=">"))
        back = turned.filter(pl.col("place").is_in(names))
        found.append(_rows(back, "A5", "reverse", pl.col("persons"), numerator="persons"))
        if "expected" in self.shown:
            fitted = self.shown["expected"].filter(
                pl.col("level") == "gemeente", pl.col("income_class").is_in(self.low), len(self.low) == 1
            )
            fitted = fitted.with_columns(
                place=pl.concat_str("origin", "destination", separator=">"), income_class=pl.lit(LOW)
            ).filter(pl.col("place").is_in(names), pl.col("expected_doubly_constrained") > 0)
            ratio = pl.col("households") / pl.col("expected_doubly_constrained")
            value = limited(ratio, supported_digits(pl.col("households"), self.profile))
            found.append(_rows(fitted, "A5", "excess", value, numerator="households"))
        return found

    def burden(self) -> list[pl.DataFrame]:
        """A6."""
        out = self.flows.filter(pl.col("level") == "gemeente", pl.col("income_class") == LOW)
        out = out.filter(pl.col("origin") != pl.col("destination"))
        back = out.rename({"origin": "destination", "destination": "origin"})
        both = out.join(back, on=["level", "year", "income_class", "origin", "destination"], suffix="_back")
        with_other = both.rename({"origin": "place"}).with_columns(detail=pl.lit("with>") + pl.col("destination"))
        ends = [self.crossings[side].filter(pl.col("level") == "gemeente", income_class=LOW) for side in ("out", "in")]
        whole = ends[0].join(ends[1], on=_PLACE, suffix="_back").with_columns(detail=pl.lit(ALL))
        table = pl.concat([whole, with_other.select(whole.columns)]).join(self.residents, on=_PLACE, suffix="_there")
        net = pl.col("households") - pl.col("households_back")
        gross = {name: pl.col(name) + pl.col(f"{name}_back") for name in _PAIR}
        told = table.with_columns(net=net, **gross)
        value = 1000 * pl.col("net") / pl.col("households_there")
        value = limited(value, supported_digits(pl.col("households"), self.profile))
        numbers = {"numerator": "net", "denominator": "households_there"}
        return [_rows(told, "A6", pl.col("detail"), value, **numbers)]

    def suburbanisation(self) -> list[pl.DataFrame]:
        """B1."""
        roles = self.residents.filter(level="role").filter(pl.col("place").str.contains("/", literal=True))
        region = pl.col("place").str.split("/").list.first()
        low = roles.filter(income_class=LOW).with_columns(region=region)
        every = self.residents.filter(level="region", income_class=LOW).select(
            "year", region="place", households_region="households"
        )
        table = low.join(every, on=["year", "region"])
        found = [self._share(table, "B1", "share_of_region", "households", "households_region")]
        other = roles.filter(income_class=NOT_LOW).drop("income_class", "households", "level")
        both = low.join(other, on=["year", "place"], suffix="_other")
        both = both.with_columns(known=pl.col("persons") + pl.col("persons_other"))
        found.append(self._share(both, "B1", "low_share", "persons", "known"))
        part = pl.col("households") / pl.col("households_region")
        first = table.filter(pl.col("year") == table["year"].min()).select("place", first=part)
        indexed = table.join(first, on="place").with_columns(index=100 * part / pl.col("first"))
        value = limited(pl.col("index"), supported_digits(pl.col("households"), self.profile))
        return [*found, _rows(indexed, "B1", "index", value)]

    def account_of_low(self) -> list[pl.DataFrame]:
        """C1, the components of which both units are published, and the low share of C2 at both ends of a year."""
        rows = self.account.filter(income_class=LOW).filter(pl.col("component").is_in(_COMPONENTS))
        later = rows.filter(component="stock_start").with_columns(pl.col("year") - 1, component=pl.lit("stock_end"))
        table = pl.concat([rows, later.filter(pl.col("year").is_in(rows["year"].implode()))])
        found = [
            _rows(table, "C1", pl.lit(f"{unit}:") + pl.col("component"), pl.col(unit), numerator=unit) for unit in _PAIR
        ]
        low, other = (self.residents.filter(income_class=name).drop("income_class") for name in (LOW, NOT_LOW))
        both = low.join(other, on=["level", "year", "place"], suffix="_other").with_columns(
            known=pl.col("persons") + pl.col("persons_other"), income_class=pl.lit(LOW)
        )
        found.append(self._share(both, "C2", "start", "persons", "known"))
        after = both.with_columns(pl.col("year") - 1).filter(pl.col("year").is_in(both["year"].implode()))
        return [*found, self._share(after, "C2", "end", "persons", "known")]

    def moves_of_low(self) -> list[pl.DataFrame]:
        """C1, moves out and in."""
        return [
            _rows(moved.filter(income_class=LOW), "C1", f"{unit}:moves_{side}", pl.col(unit), numerator=unit)
            for side, moved in self.crossings.items()
            for unit in _PAIR
        ]

    def chains(self) -> list[pl.DataFrame]:
        """D3 of all cohorts together."""
        everywhere = pl.col("region") == ALL
        table = self.shown["chains"].with_columns(
            year=pl.lit(_POOLED, pl.Int64),
            level=pl.when(everywhere).then(pl.lit(NATIONAL)).otherwise(pl.lit("region")),
            place=pl.when(everywhere).then(pl.lit(NATIONAL)).otherwise("region"),
        )
        whole = table.filter(outcome=ALL).select(*_PLACE, *(pl.col(name).alias(f"{name}_all") for name in _PAIR))
        outcomes = table.filter(pl.col("outcome") != ALL, path=ALL)
        found = [
            self._share(
                outcomes.join(whole, on=_PLACE), "D3", pl.lit("outcome:") + pl.col("outcome"), "persons", "persons_all"
            )
        ]
        chained = outcomes.filter(outcome="chain").select(*_PLACE, persons_chain="persons")
        paths = table.filter(pl.col("outcome") == "chain", pl.col("path") != ALL).join(chained, on=_PLACE)
        return [*found, self._share(paths, "D3", pl.lit("path:") + pl.col("path"), "persons", "persons_chain")]

    def _share(
        self, table: pl.DataFrame, key: str, detail: pl.Expr | str, numerator: str, denominator: str
    ) -> pl.DataFrame:
        """A share of two published numbers, in per cent, where the rest is large enough as well."""
        kept = table.filter(pl.col(denominator) - pl.col(numerator) >= self.least)
        value = 100 * share(pl.col(numerator), pl.col(denominator), self.profile)
        return _rows(kept, key, detail, value, numerator=numerator, denominator=denominator)


def _at(end: str) -> list[pl.Expr]:
    return [pl.col("level"), pl.col("year"), pl.col(end).alias("place"), pl.col("income_class")]


def _rows(
    table: pl.DataFrame,
    key: str,
    detail: pl.Expr | str,
    value: pl.Expr,
    *,
    numerator: str | None = None,
    denominator: str | None = None,
) -> pl.DataFrame:
    numbers = {"numerator": numerator, "denominator": denominator}
    return table.select(
        indicator=pl.lit(key),
        place=pl.col("place"),
        level=pl.col("level"),
        cut=pl.lit(TOTAL),
        year=pl.col("year"),
        income_class=pl.col("income_class"),
        detail=pl.lit(detail) if isinstance(detail, str) else detail,
        persons=pl.col("persons"),
        households=pl.col("households"),
        value=value.cast(pl.Float64).round(9),
        **{
            name: (pl.lit(None) if column is None else pl.col(column)).cast(pl.Int64)
            for name, column in numbers.items()
        },
    ).drop_nulls("value")
