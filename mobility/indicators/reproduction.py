"""Family A, the ladder of status: where movers end (A7), where people go over the years (A8) and who stays behind (A9). Pure."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from mobility.flows.indices import ALL
from mobility.indicators.passing import RANK_UNIT
from mobility.indicators.places import with_country
from mobility.indicators.table import Behind, add_up, group_classes, indicator
from mobility.indicators.trajectories import ENTROPY_UNIT, LONGEST, STATES

_PLACE = ["level", "place"]


def status_of_destination(moves: pl.DataFrame, names: pl.Series, low: Collection[str]) -> pl.DataFrame:
    """A7: the status of the buurt that movers go to, by that of the buurt they leave.

    Details `d1>d10` and so on: of the movers out of a decile (1 the lowest) the % into another; `bottom_fifth`: of all the %
    that end in the two lowest deciles; `slope`: of the decile entered on the decile left (1: movers keep their place on the
    ladder).

    Args:
        moves: of `passing.count_status_moves`.
        names: of the regions.
        low: classes that are low.
    """
    keys = [*_PLACE, "year", "income_class"]
    table = add_up([with_country(group_classes(moves.drop("rank_change"), low), names)], [*keys, "left", "entered"])
    leaving = add_up([table.drop("entered")], [*keys, "left"])
    every = add_up([table.drop("entered", "left")], keys)
    bottom = add_up([table.filter(pl.col("entered") < 2).drop("entered", "left")], keys)
    x, y, n = pl.col("left").cast(pl.Int64), pl.col("entered").cast(pl.Int64), pl.col("persons")
    sums = table.select(*keys, "persons", "households", x=n * x, y=n * y, xx=n * x * x, xy=n * x * y)
    line = add_up([sums], keys)
    number = pl.col("persons")
    return pl.concat(
        [
            indicator(
                table.join(leaving, on=[*keys, "left"], suffix="_left"),
                "A7",
                detail=pl.format("d{}>d{}", pl.col("left") + 1, pl.col("entered") + 1),
                numerator="persons",
                denominator="persons_left",
                scale=100,
                behind=Behind(
                    "share",
                    pl.format("moves/d{}", pl.col("left") + 1),
                    households="households_left",
                    part_of=pl.when(pl.col("entered") < 2).then(pl.lit("bottom_fifth")),
                ),
            ),
            indicator(
                every.join(bottom, on=keys, how="left", suffix="_bottom").fill_null(0),
                "A7",
                detail="bottom_fifth",
                numerator="persons_bottom",
                denominator="persons",
                scale=100,
                persons="persons_bottom",
                households="households_bottom",
                behind=Behind("share", "moves", households="households"),
            ),
            indicator(
                line,
                "A7",
                detail="slope",
                value=(number * pl.col("xy") - pl.col("x") * pl.col("y")).cast(pl.Float64)
                / (number * pl.col("xx") - pl.col("x") ** 2),
                behind=Behind("estimate", degrees=pl.col("households") - 2),
            ),
        ]
    )


def rank_change(moves: pl.DataFrame, names: pl.Series, low: Collection[str]) -> pl.DataFrame:
    """F5, status: mean change of movers' rank on the ladder, in percentage points (100: from the lowest to the highest)."""
    keys = [*_PLACE, "year", "income_class"]
    table = with_country(group_classes(moves.drop("left", "entered"), low), names)
    return indicator(
        add_up([table], keys),
        "F5",
        detail="status_rank",
        value=100 * pl.col("rank_change") / (pl.col("persons") * RANK_UNIT),
        behind=Behind("estimate", degrees=pl.col("households") - 1),
    )


def band_change(moves: pl.DataFrame, names: pl.Series, low: Collection[str]) -> pl.DataFrame:
    """F5, corporations: mean change of movers' band of corporation share, in bands (of 20 percentage points)."""
    keys = [*_PLACE, "year", "income_class"]
    change = (pl.col("entered").cast(pl.Int64) - pl.col("left").cast(pl.Int64)) * pl.col("persons")
    table = with_country(group_classes(moves.with_columns(change=change).drop("left", "entered"), low), names)
    return indicator(
        add_up([table], keys),
        "F5",
        detail="corporation_band",
        numerator="change",
        denominator="persons",
        behind=Behind("estimate", degrees=pl.col("households") - 1),
    )


def repeated_exposure(
    transitions: pl.DataFrame, times: pl.DataFrame, exposures: pl.DataFrame, first_year: int, stocks: int,
    names: pl.Series, low: Collection[str],
) -> pl.DataFrame:  # fmt: skip
    """A8: programme areas lived in, and the way of residents through the fifths of status.

    Details `programme_areas:<n>` (% of the residents of the first day that lived in so many from then on; 3 is 3 or more);
    `<state>><state>` (% of the residents of a state who are in another a year later); and of those present on every stock day
    `time:<state>` (mean share of the time, %) and `entropy` (mean entropy of their time over the states). All but the
    transitions stand in the first year.

    Args:
        transitions: of `trajectories.count_transitions`.
        times: of `trajectories.count_times`.
        exposures: of `trajectories.count_exposures`.
        first_year: of the study.
        stocks: number of stock days.
        names: of the regions.
        low: classes that are low.
    """
    keys = [*_PLACE, "income_class"]
    steps = add_up([with_country(group_classes(transitions, low), names)], [*keys, "year", "left", "entered"])
    leaving = add_up([steps.drop("entered")], [*keys, "year", "left"])
    state = dict(enumerate(STATES))

    def named(column: str) -> pl.Expr:
        return pl.col(column).cast(pl.Int64).replace_strict(state, return_dtype=pl.String)

    begun = pl.lit(first_year).alias("year")
    lived = add_up([with_country(group_classes(exposures, low), names)], [*keys, "areas"])
    everybody = add_up([lived.drop("areas")], keys)
    spent = add_up([with_country(group_classes(times, low), names)], [*keys, "state"])
    return pl.concat(
        [
            indicator(
                steps.join(leaving, on=[*keys, "year", "left"], suffix="_left"),
                "A8",
                detail=pl.concat_str(named("left"), named("entered"), separator=">"),
                numerator="persons",
                denominator="persons_left",
                scale=100,
                behind=Behind("share", pl.lit("residents/") + named("left"), households="households_left"),
            ),
            indicator(
                lived.join(everybody, on=keys, suffix="_all").with_columns(begun),
                "A8",
                detail=pl.format("programme_areas:{}", "areas"),
                numerator="persons",
                denominator="persons_all",
                scale=100,
                behind=Behind("share", "programme_areas", households="households_all"),
            ),
            indicator(
                spent.with_columns(begun),
                "A8",
                detail=pl.lit("time:") + named("state"),
                numerator="years",
                denominator=pl.col("persons") * stocks,
                scale=100,
                # As many persons as would have lived there, or elsewhere, all the time.
                behind=Behind(
                    "estimate",
                    degrees=pl.min_horizontal("years", pl.col("persons") * stocks - pl.col("years")) // stocks,
                ),
            ),
            indicator(
                spent.filter(pl.col("state") == 0).with_columns(begun),
                "A8",
                detail="entropy",
                value=pl.col("entropy") / (pl.col("persons") * ENTROPY_UNIT),
                behind=Behind("estimate", degrees=pl.col("households") - 1),
            ),
        ]
    )


def staying_behind(stays: pl.DataFrame, names: pl.Series, low: Collection[str]) -> pl.DataFrame:
    """A9: the hazard of leaving the bottom fifth of buurten, by length of stay, and the median stay it leads to.

    Details `hazard:<years>` (% of those at risk that live outside the bottom fifth a year later; 10 is 10 or more),
    `shifted` (% that
    live in another buurt of the bottom fifth) and `median_stay`: the length of stay by which half of those who came would have
    left, at the hazards of the year; from 10 on the last hazard holds. A length of stay without anybody at risk ends the table.

    Args:
        stays: of `trajectories.count_stays`.
        names: of the regions.
        low: classes that are low.
    """
    keys = [*_PLACE, "year", "income_class"]
    table = add_up([with_country(group_classes(stays, low), names)], [*keys, "duration"])
    every = add_up([table.drop("duration")], keys)
    medians = (
        table.sort([*keys, "duration"])
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col("duration", "persons", "left").implode(),
            least=pl.col("persons").sum(),
            households=pl.col("households").sum(),
            exits=pl.col("left_households").sum(),
        )
    )
    rows = []
    for row in medians.iter_rows(named=True):
        duration, risk, left = (_flat(row[name]) for name in ("duration", "persons", "left"))
        rows.append(median_stay(duration, risk, left))
    timed = medians.select(*keys, "exits", persons="least", households="households").with_columns(
        median=pl.Series(rows, dtype=pl.Float64)
    )
    return pl.concat(
        [
            indicator(
                table,
                "A9",
                detail=pl.format("hazard:{}", "duration"),
                numerator="left",
                denominator="persons",
                scale=100,
                persons="left",
                households="left_households",
                behind=Behind("share", pl.format("at_risk/{}", "duration"), households="households"),
            ),
            indicator(
                every,
                "A9",
                detail="shifted",
                numerator="shifted",
                denominator="persons",
                scale=100,
                persons="shifted",
                households="shifted_households",
                behind=Behind("share", "at_risk", households="households"),
            ),
            indicator(
                timed,
                "A9",
                detail="median_stay",
                value=pl.col("median"),
                behind=Behind("estimate", degrees="exits"),
            ),
        ]
    )


def _flat(values: list[int] | list[list[int]]) -> list[int]:
    return [one for each in values for one in (each if isinstance(each, list) else [each])]


def median_stay(duration: list[int], risk: list[int], left: list[int]) -> float | None:
    """Years until half has left, from hazards by completed year of stay; linear within a year; None when it cannot be told."""
    known = dict(zip(duration, zip(risk, left, strict=True), strict=True))
    stays, length = 1.0, 0
    while True:
        at_risk, exits = known.get(min(length, LONGEST), (0, 0))
        if not at_risk or (length >= LONGEST and not exits):
            return None
        after = stays * (1 - exits / at_risk)
        if after <= 0.5:
            return length + (stays - 0.5) / (stays - after)
        stays, length = after, length + 1


_EXITS = {1: "new", 2: "existing"}


def climbers(climbs: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """E4: of residents of corporation-heavy buurten who have risen, and of the others, the % that leave such buurten in a year.

    Details `climbers`, `others`, and by newness of the dwelling they go to `climbers:new`, `climbers:existing` (and so for
    others).

    Args:
        climbs: of `trajectories.count_climbs`.
        names: of the regions.
    """
    keys = [*_PLACE, "year", "climber"]
    table = add_up([with_country(climbs, names)], [*keys, "exit"])
    every = add_up([table.drop("exit")], keys)
    who = pl.when(pl.col("climber") == 1).then(pl.lit("climbers")).otherwise(pl.lit("others"))
    exits = table.filter(pl.col("exit") > 0)
    rows = []
    newness = pl.col("exit").cast(pl.Int64).replace_strict(_EXITS, default="", return_dtype=pl.String)
    for part, detail, upper in (
        (add_up([exits.drop("exit")], keys), who, None),
        (exits, pl.concat_str(who, newness, separator=":"), who),
    ):
        rows.append(
            indicator(
                part.join(every, on=keys, suffix="_risk"),
                "E4",
                detail=detail,
                numerator="persons",
                denominator="persons_risk",
                scale=100,
                income_class=ALL,
                behind=Behind("share", pl.lit("at_risk/") + who, households="households_risk", part_of=upper),
            )
        )
    return pl.concat(rows)
