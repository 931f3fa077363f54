"""Are those who are compared like each other? (contract: `balance`; method 6.4 e). Pure."""

from __future__ import annotations

import polars as pl

from mobility.chains.programmes import Followed
from mobility.estimates.comparison import CELL, COMPARISON, NOW, TREATED
from mobility.estimates.excess import Asked
from mobility.estimates.support import SUPPORT, Behind, dates_of
from mobility.panel.lookup import TENURES

BALANCE_KEYS = ("programme", "area", "region", "period", "covariate", "value")
_AGE, _TENURE, _BAND = "age_band", "tenure", "income_band"
_HOUSEHOLDS = {
    1: "single", 3: "couple_without_children", 5: "couple_with_children", 6: "single_parent", 7: "other", 9: "at_parents",
}  # fmt: skip
_GROUP = ("area", *CELL)
_BEHIND = ("least_areas", "largest_area", "least_persons", "least_households")


def balance_table(
    counts: pl.DataFrame, asked: list[Asked], followed: list[Followed], age_bands: tuple[int, ...], band_width: int
) -> pl.DataFrame:
    """The treated beside those they are compared with, before and after weighting.

    One row per whose (area, region, all), period, covariate and value: `treated`, `matched` (of the treated: with anybody in
    the same cell to compare with), `compared_with` (all who are eligible), in persons; their shares `share_treated`,
    `share_matched`, `share_compared`, and `share_weighted` (of those compared with, in the cells of the matched and weighing
    as much as they);
    `difference`: standardised, of the weighted from all treated, 0.1 and more being much. Who is weighted equals the matched
    exactly; what is left is what the treated without a match differ in. And who stands behind it: `treated_households`,
    `compared_households` (at least so many), `unit_compared`, `unit_compared_households` (so many different ones, at least;
    others are compared with once for every area), `least_areas`, `largest_area`, `least_persons`, `least_households` (over both
    arms), `least_events` (the fewest in the value, or not in it, of treated, matched and compared with).

    Args:
        counts: of `comparison.count_contrast`, all partitions together.
        asked: whose.
        followed: the programme areas.
        age_bands: first age of every band but the youngest.
        band_width: percentiles in an income band.
    """
    found = []
    for one in asked:
        own = counts.filter(pl.col("area").is_in(one.numbers))
        for period in own["period"].unique().sort():
            of_period = own.filter(period=period)
            of_groups = _groups(of_period)
            behind = Behind.of(of_period.with_columns(period=pl.lit(NOW)), dates_of(followed)).support("difference")
            for covariate in CELL:
                words = _words(covariate, age_bands, band_width)
                rows = _shares(of_groups, covariate, words).with_columns(
                    pl.lit(number, pl.Int64).alias(name)
                    for name, number in zip(SUPPORT, behind, strict=True)
                    if name in _BEHIND
                )
                keys = {"programme": one.programme, "area": one.area, "region": one.region, "period": period}
                found.append(rows.with_columns(pl.lit(value).alias(name) for name, value in keys.items()))
    table = pl.concat(found) if found else pl.DataFrame(schema=dict.fromkeys(BALANCE_KEYS, pl.String))
    return table.select(*BALANCE_KEYS, pl.exclude(BALANCE_KEYS)).sort(BALANCE_KEYS)


def _groups(counts: pl.DataFrame) -> pl.DataFrame:
    """Persons and households of both arms in each area and cell."""
    sizes = counts.group_by(_GROUP).agg(
        pl.col(unit).filter(pl.col("arm") == arm).sum().alias(name)
        for arm, names in (
            (TREATED, (TREATED, "treated_households")),
            (COMPARISON, (COMPARISON, "compared_households")),
        )
        for unit, name in zip(("persons", "households"), names, strict=True)
    )
    matched = pl.when(pl.col(COMPARISON) > 0).then(TREATED).otherwise(0)
    return sizes.with_columns(matched=matched)


def _shares(groups: pl.DataFrame, covariate: str, words: dict[int, str]) -> pl.DataFrame:
    # Others are compared with once for every programme area; different ones are at least as many as for one of them.
    units = pl.col(COMPARISON, "compared_households")
    sizes = groups.group_by("area").agg(pl.col(COMPARISON).sum()).sort(COMPARISON, "area", descending=[True, False])
    of_one = groups.with_columns(pl.when(pl.col("area") == sizes["area"][0]).then(units).otherwise(0).name.keep())
    of_area = of_one.group_by(covariate).agg(units.sum().name.prefix("unit_"))
    counted = (
        groups.group_by(covariate)
        .agg(pl.col(TREATED, COMPARISON, "matched", "treated_households", "compared_households").sum())
        .join(of_area, on=covariate, maintain_order="left")
    )

    def share(column: str) -> pl.Expr:
        return pl.when(pl.col(column).sum() > 0).then(pl.col(column) / pl.col(column).sum()).round(12)

    shares = counted.with_columns(
        share_treated=share(TREATED),
        share_matched=share("matched"),
        share_compared=share(COMPARISON),
        share_weighted=share("matched"),
    )
    parts = [pl.col(name) for name in (TREATED, f"unit_{COMPARISON}", "matched")]
    spread = (
        pl.col("share_treated") * (1 - pl.col("share_treated"))
        + pl.col("share_compared") * (1 - pl.col("share_compared"))
    ) / 2
    return shares.select(
        covariate=pl.lit(covariate),
        value=pl.col(covariate).replace_strict(words, default="unknown", return_dtype=pl.String),
        treated=TREATED,
        matched="matched",
        compared_with=COMPARISON,
        share_treated="share_treated",
        share_matched="share_matched",
        share_compared="share_compared",
        share_weighted="share_weighted",
        difference=pl.when(spread > 0)
        .then((pl.col("share_weighted") - pl.col("share_treated")) / spread.sqrt())
        .round(12),
        treated_households="treated_households",
        compared_households="compared_households",
        unit_compared=f"unit_{COMPARISON}",
        unit_compared_households="unit_compared_households",
        least_events=pl.min_horizontal(*parts, *(part.sum() - part for part in parts)),
    )


def covariate_words(age_bands: tuple[int, ...], band_width: int) -> list[str]:
    """Every value that a covariate can have."""
    return sorted(
        {word for covariate in CELL for word in _words(covariate, age_bands, band_width).values()} | {"unknown"}
    )


def _words(covariate: str, age_bands: tuple[int, ...], width: int) -> dict[int, str]:
    if covariate == _TENURE:
        return dict(enumerate(TENURES))
    if covariate == _AGE:
        ages = [f"from {first}" for first in age_bands]
        return dict(enumerate(["younger", *ages]))
    if covariate == _BAND:
        return {place: f"percentile {place * width + 1:02d}-{(place + 1) * width:02d}" for place in range(100 // width)}
    if covariate == "household_type":
        return _HOUSEHOLDS
    return {0: "no", 1: "yes"} if covariate == "in_city" else {0: "none", 1: "one", 2: "two_or_more"}
