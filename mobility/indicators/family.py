"""F2: whether movers' parents, children, brothers and sisters live near, before and after. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from mobility.indicators.places import with_country
from mobility.indicators.table import Behind, add_up, group_classes, indicator

FAMILY = ("region", "year", "income_class", "relation", "when")
PARENTS, CHILDREN, SIBLINGS = "parents", "children", "siblings"
BEFORE, AFTER = "before", "after"


def relatives(of: pl.Series, parents: pl.DataFrame) -> pl.DataFrame:
    """Parents, children, brothers and sisters of some persons: one row per `person`, `relative`, `relation`.

    Brothers and sisters share at least one known parent.

    Args:
        of: persons.
        parents: `person`, `father`, `mother` (null: not known) of everybody.
    """
    every = pl.concat([parents.select("person", parent=name).drop_nulls() for name in ("father", "mother")])
    ours = of.unique().to_frame("person")
    up = every.join(ours, on="person", how="semi").select("person", relative="parent", relation=pl.lit(PARENTS))
    down = every.join(ours, left_on="parent", right_on="person", how="semi")
    down = down.select(person="parent", relative="person", relation=pl.lit(CHILDREN))
    beside = up.select("person", parent="relative").join(every, on="parent", suffix="_2")
    beside = beside.filter(pl.col("person") != pl.col("person_2"))
    side = beside.select("person", relative="person_2", relation=pl.lit(SIBLINGS))
    return pl.concat([up, down, side]).unique().sort("person", "relation", "relative")


def count_near(
    movers: pl.DataFrame, kin: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame, places: pl.DataFrame,
    near_km: Sequence[int],
) -> pl.DataFrame:  # fmt: skip
    """Movers with a relative elsewhere in the country, and with one near: one row per `FAMILY`.

    `persons` and `households` have at least one relative of the kind in another dwelling on that 1 January; `near_<km>` of the
    persons have one within so many kilometres, in a straight line (`near_<km>_households` of the households).
    Dwellings without coordinates are left out.

    Args:
        movers: `person`, `region`, `year`, `income_class`, `is_reference`.
        kin: of `relatives`.
        before: `person` and `object` on 1 January of the year, of everybody.
        after: the same a year later.
        places: `x_m`, `y_m` of every object (row).
        near_km: distances.
    """

    def is_near(km: int) -> pl.Expr:
        return pl.col("square") <= (1000 * km) ** 2

    tables = []
    for when, where in ((BEFORE, before), (AFTER, after)):
        pairs = (
            kin.join(where, on="person")
            .join(where.rename({"person": "relative", "object": "other"}), on="relative")
            .filter(pl.col("object") != pl.col("other"))
        )
        square = pl.lit(0)
        for name in ("x_m", "y_m"):
            here, there = (pl.lit(places[name].gather(pairs[column])) for column in ("object", "other"))
            square = square + (here - there) ** 2
        nearest = pairs.with_columns(square=square).drop_nulls("square")
        nearest = nearest.group_by("person", "relation").agg(pl.col("square").min())
        found = nearest.join(movers, on="person")
        tables.append(
            found.select(
                *("region", "year", "income_class", "relation"),
                when=pl.lit(when),
                persons=pl.lit(1, pl.Int64),
                households=pl.col("is_reference").cast(pl.Int64),
                **{f"near_{km}": is_near(km).cast(pl.Int64) for km in near_km},
                **{f"near_{km}_households": (is_near(km) & pl.col("is_reference")).cast(pl.Int64) for km in near_km},
            )
        )
    return add_up(tables, FAMILY)


def family_near(counted: pl.DataFrame, names: pl.Series, near_km: Sequence[int], low: Collection[str]) -> pl.DataFrame:
    """F2: of movers with such a relative elsewhere the % with one near, on 1 January before and after the move.

    Details `<relation>:<km>km:<before or after>`.

    Args:
        counted: of `count_near`.
        names: of the regions.
        near_km: distances.
        low: classes that are low.
    """
    keys = ["level", "place", "year", "income_class", "relation", "when"]
    table = add_up([with_country(group_classes(counted, low), names)], keys)
    ends = {km: pl.concat_str(pl.col("relation"), pl.lit(f":{km}km:"), pl.col("when")) for km in near_km}
    wider = {km: ends.get(min((other for other in near_km if other > km), default=0)) for km in near_km}
    return pl.concat(
        [
            indicator(
                table,
                "F2",
                detail=ends[km],
                numerator=f"near_{km}",
                denominator="persons",
                scale=100,
                persons=f"near_{km}",
                households=f"near_{km}_households",
                behind=Behind(
                    "share",
                    pl.format("relatives:{}:{}", "relation", "when"),
                    households="households",
                    part_of=wider[km],
                ),
            )
            for km in near_km
        ]
    )
