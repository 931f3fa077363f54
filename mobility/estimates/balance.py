"""Are those who are compared like each other? (contract: `balance`; method 6.4 e). Pure."""

from __future__ import annotations

import polars as pl

from mobility.estimates.comparison import CELL, COMPARISON, TREATED
from mobility.estimates.excess import Asked
from mobility.panel.lookup import TENURES

BALANCE_KEYS = ("programme", "area", "region", "period", "covariate", "value")
_AGE, _TENURE, _BAND = "age_band", "tenure", "income_band"
_HOUSEHOLDS = {
    1: "single", 3: "couple_without_children", 5: "couple_with_children", 6: "single_parent", 7: "other", 9: "at_parents",
}  # fmt: skip
_GROUP = ("area", *CELL)


def balance_table(
    counts: pl.DataFrame, asked: list[Asked], age_bands: tuple[int, ...], band_width: int
) -> pl.DataFrame:
    """The treated beside those they are compared with, before and after weighting.

    One row per whose (area, region, all), period, covariate and value: `treated`, `matched` (of the treated: with anybody in
    the same cell to compare with), `compared_with` (all who are eligible), in persons; their shares `share_treated`,
    `share_matched`, `share_compared`, and `share_weighted` (of those compared with, in the cells of the matched and weighing
    as much as they);
    `difference`: standardised, of the weighted from all treated, 0.1 and more being much. Who is weighted equals the matched
    exactly; what is left is what the treated without a match differ in.

    Args:
        counts: of `comparison.count_contrast`, all partitions together.
        asked: whose.
        age_bands: first age of every band but the youngest.
        band_width: percentiles in an income band.
    """
    found = []
    for one in asked:
        own = counts.filter(pl.col("area").is_in(one.numbers))
        for period in own["period"].unique().sort():
            of_groups = _groups(own.filter(period=period))
            for covariate in CELL:
                words = _words(covariate, age_bands, band_width)
                rows = _shares(of_groups, covariate, words)
                keys = {"programme": one.programme, "area": one.area, "region": one.region, "period": period}
                found.append(rows.with_columns(pl.lit(value).alias(name) for name, value in keys.items()))
    table = pl.concat(found) if found else pl.DataFrame(schema=dict.fromkeys(BALANCE_KEYS, pl.String))
    return table.select(*BALANCE_KEYS, pl.exclude(BALANCE_KEYS)).sort(BALANCE_KEYS)


def _groups(counts: pl.DataFrame) -> pl.DataFrame:
    """Persons of both arms in each area and cell."""
    sizes = counts.group_by(_GROUP).agg(
        pl.col("persons").filter(pl.col("arm") == arm).sum().alias(arm) for arm in (TREATED, COMPARISON)
    )
    matched = pl.when(pl.col(COMPARISON) > 0).then(TREATED).otherwise(0)
    return sizes.with_columns(matched=matched)


def _shares(groups: pl.DataFrame, covariate: str, words: dict[int, str]) -> pl.DataFrame:
    counted = groups.group_by(covariate).agg(pl.col(TREATED, COMPARISON, "matched").sum())

    def share(column: str) -> pl.Expr:
        return pl.when(pl.col(column).sum() > 0).then(pl.col(column) / pl.col(column).sum()).round(12)

    shares = counted.with_columns(
        share_treated=share(TREATED),
        share_matched=share("matched"),
        share_compared=share(COMPARISON),
        share_weighted=share("matched"),
    )
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
    )


def _words(covariate: str, age_bands: tuple[int, ...], width: int) -> dict[int, str]:
    if covariate == _TENURE:
        return dict(enumerate(TENURES))
    if covariate == _AGE:
        ages = [f"from {first}" for first in age_bands]
        return dict(enumerate(["younger", *ages]))
    if covariate == _BAND:
        return {place: f"{place * width + 1:02d}-{(place + 1) * width:02d}" for place in range(100 // width)}
    if covariate == "household_type":
        return _HOUSEHOLDS
    return {0: "no", 1: "yes"} if covariate == "in_city" else {0: "0", 1: "1", 2: "2+"}
