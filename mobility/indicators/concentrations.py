"""B6: areas outside every programme in which low incomes come together (new concentrations, 'putjes'). Pure.

Shares of low incomes move together within a region and jump more from year to year than chance would have it, most in small
areas. So a trend is compared with those of all areas of the region: their median is what the region did, and their spread (by
the median, so that the concentrations themselves do not widen it) is what an ordinary trend may be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.flows.indices import LOW
from mobility.flows.significance import benjamini_hochberg, t_upper_tail
from mobility.indicators.segregation import Numbers
from mobility.indicators.table import Behind, empty, indicator
from mobility.settings import Concentrations

MOST_Q = 0.05  # false discovery rate at which an area is flagged
_LEAST_AREAS = 10  # of a region, for a spread
_NORMAL = 0.6744897501960817  # median of the absolute value of a standard normal variable


@dataclass(frozen=True)
class Trends:
    """Trends of the areas of one region over one window of years.

    Attributes:
        slope: of the low share, per year.
        z: how far above that of the region, in measured standard deviations.
        q: Benjamini-Hochberg, one-sided.
    """

    slope: Numbers
    z: Numbers
    q: Numbers


def find_trends(low: Numbers, known: Numbers) -> Trends:
    """Which low shares rose more than those of the region.

    The slope is that of least squares. With s the mean share and n the mean number of residents of an area, v = s (1 - s) /
    n is the variance of its share by chance; r = (slope - median slope) / sqrt(v); z = r / (median of |r| / 0.674), with p
    from
    t(areas - 1). An area in which nobody or everybody is low has z 0.

    Args:
        low: low residents, areas by years.
        known: residents with a percentile, areas by years; nowhere 0.
    """
    years = np.arange(low.shape[1]) - (low.shape[1] - 1) / 2
    slope = ((low / known) * years).sum(axis=1) / (years**2).sum()
    share = low.sum(axis=1) / known.sum(axis=1)
    variance = share * (1 - share) / known.mean(axis=1)
    ordinary = variance > 0
    from_median = slope - np.median(slope)
    r = np.divide(from_median, np.sqrt(variance), out=np.zeros_like(slope), where=ordinary)
    spread = float(np.median(np.abs(r[ordinary]))) / _NORMAL if ordinary.any() else 0.0
    z = r / spread if spread > 0 else np.zeros_like(r)
    return Trends(slope, z, benjamini_hochberg(t_upper_tail(z, max(1, len(z) - 1))))


def new_concentrations(
    low: Numbers, known: Numbers, households: Numbers, net: Numbers, region: pl.Series, outside: Numbers, years: range,
    names: pl.Series, least: int, rules: Concentrations,
) -> pl.DataFrame:  # fmt: skip
    """B6, for every buurt outside programmes and every window of years that fits.

    Details: `slope` (percentage points a year), `z`, `q_value`, `inflow_share` (net moves of low incomes into the buurt
    during the window, over the rise of its low residents), `location_quotient` (low share over that of the region, at the
    end) and
    `flagged`,
    1 where the share rises, q is at most 0.05 and the two others reach what the study asks; at level `region`, `flagged` counts
    them among the `denominator` buurten looked at (`persons` and `households`: low incomes living in those).
    A region with fewer than ten buurten is not looked at.

    Args:
        low: low residents, areas by years.
        known: residents with a percentile.
        households: low households.
        net: low residents moving in less those moving out, areas by years.
        region: of every area; null: none.
        outside: whether each area is a buurt outside programmes.
        years: of the columns.
        names: of the buurten.
        least: residents with a percentile that a buurt must have in every year of the window.
        rules: of the study.
    """
    tables = []
    for end in range(rules.years, len(years)):
        window = slice(end - rules.years, end + 1)
        large = (known[:, window].min(axis=1) >= max(least, 1)) & (outside > 0)
        for place in region.unique().drop_nulls().sort().to_list():
            inside = (region == place).fill_null(False).to_numpy()
            chosen = np.flatnonzero(large & inside)
            if len(chosen) < _LEAST_AREAS:
                continue
            trends = find_trends(low[chosen, window], known[chosen, window])
            rise = low[chosen, end] - low[chosen, end - rules.years]
            # Moves during the years from one 1 January to the next: the last year of the window is not yet lived.
            came = net[chosen, end - rules.years : end].sum(axis=1)
            whole = low[inside, end].sum() / known[inside, end].sum()
            tables.append(
                pl.DataFrame(
                    {
                        "place": names.gather(chosen),
                        "region": pl.Series([place]).new_from_index(0, len(chosen)),
                        "year": pl.Series([years[end]], dtype=pl.Int64).new_from_index(0, len(chosen)),
                        "slope": 100 * trends.slope,
                        "z": trends.z,
                        "q_value": trends.q,
                        "inflow_share": np.divide(came, rise, out=np.full(len(chosen), np.nan), where=rise > 0),
                        "location_quotient": low[chosen, end] / known[chosen, end] / whole,
                        "persons": low[chosen, end].astype(np.int64),
                        "households": households[chosen, end].astype(np.int64),
                    }
                )
            )
    return _told(pl.concat(tables), rules) if tables else empty()


def _told(found: pl.DataFrame, rules: Concentrations) -> pl.DataFrame:
    is_new = (
        (pl.col("slope") > 0)
        & (pl.col("q_value") <= MOST_Q)
        & (pl.col("inflow_share") >= rules.inflow_share)
        & pl.col("inflow_share").is_finite()
        & (pl.col("location_quotient") >= rules.location_quotient)
    )
    marked = found.with_columns(flagged=is_new.cast(pl.Int64))
    details = ("slope", "z", "q_value", "inflow_share", "location_quotient", "flagged")
    rows = [
        indicator(marked, "B6", detail=name, value=pl.col(name), level="buurt", income_class=LOW) for name in details
    ]
    counted = marked.group_by("region", "year").agg(
        pl.col("persons", "households").sum(),
        flagged=pl.col("flagged").sum(),
        looked=pl.len().cast(pl.Int64),
        largest=pl.col("persons").max(),
    )
    rows.append(
        indicator(
            counted.rename({"region": "place"}),
            "B6",
            detail="flagged",
            value=pl.col("flagged"),
            numerator="flagged",
            denominator="looked",
            level="region",
            income_class=LOW,
            behind=Behind("index", areas="looked", largest="largest"),
        )
    )
    return pl.concat(rows)
