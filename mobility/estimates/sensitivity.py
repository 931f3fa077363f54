"""The same question under other definitions, side by side (contract: `sensitivity`; method 6.4). Pure."""

from __future__ import annotations

import polars as pl

from mobility.estimates.incidence import ALL, LOW
from mobility.estimates.support import SUPPORT
from mobility.settings import Chains, Estimates

SPECIFICATION = (
    "lead_months", "settled_months", "exit_months", "exit_scope", "min_episode_days", "income_years", "horizon_months",
    "free_months", "neighbour_m", "low",
)  # fmt: skip
WORDS = ("exit_scope", "low")
SENSITIVITY_KEYS = ("programme", "estimand", *SPECIFICATION)
MEASURES = ("value", "comparison", "difference", "lower", "upper", "persons", "wijken", "interval", *SUPPORT)
CHAINS = "chains"  # per person at risk, beside the estimands of the excess


def one_specification(
    excess: pl.DataFrame, rates: pl.DataFrame, chains: Chains, rules: Estimates, low: tuple[str, ...]
) -> pl.DataFrame:
    """What one run found for all areas of each programme together.

    One row per programme and estimand (those of `excess`, and `chains`: the share of the low-income cohort that made a chain):
    the measures, and the definitions they were made with.

    Args:
        excess: of `excess.excess_table`.
        rates: of `leaving.chain_rates`.
        chains: cohort, itinerary and outcome.
        rules: the comparison.
        low: the classes that count as low.
    """
    everywhere = (pl.col("area") == ALL) & (pl.col("region") == ALL) & (pl.col("exposure") == ALL)
    found = excess.filter(everywhere).select("programme", "estimand", *MEASURES)
    made = rates.filter(everywhere, pl.col("rate") == "chain", pl.col("income_class") == LOW).select(
        "programme",
        estimand=pl.lit(CHAINS),
        value=(pl.col("value") / 1000).round(12),
        comparison=pl.lit(None, pl.Float64),
        difference=pl.lit(None, pl.Float64),
        lower=pl.lit(None, pl.Float64),
        upper=pl.lit(None, pl.Float64),
        persons="at_risk",
        wijken=pl.lit(None, pl.Int64),
        interval=pl.lit("none: a count"),
        households="households_at_risk",
        **dict.fromkeys(SUPPORT[1:], pl.lit(None, pl.Int64)),
    )
    numbers = {
        name: getattr(chains if hasattr(chains, name) else rules, name) for name in SPECIFICATION if name != "low"
    }
    return pl.concat([found, made]).select(
        "programme",
        "estimand",
        *(pl.lit(value, pl.String if name in WORDS else pl.Int64).alias(name) for name, value in numbers.items()),
        pl.lit("+".join(low)).alias("low"),
        *MEASURES,
    )


def beside(known: pl.DataFrame | None, found: pl.DataFrame) -> pl.DataFrame:
    """The rows of one specification beside those of others; of the same specification the new rows stand.

    Args:
        known: of earlier runs on the same panel; None: this is the first.
        found: of `one_specification`.
    """
    if known is not None and known.schema == found.schema:
        keys = list(SENSITIVITY_KEYS)
        found = pl.concat([known.join(found, on=keys, how="anti"), found])
    return found.sort(SENSITIVITY_KEYS)
