"""Shares, means, indices and quantiles: which may be shown, and in how many digits. Pure.

They are made of numbers that were published already, or are so coarse that they say no more than those do.
"""

from __future__ import annotations

import polars as pl

from mobility.settings import Disclosure

_STEPS = [factor * 10**power for power in range(7) for factor in (1, 2, 5)]  # in millionths, up to the whole


def share_step(denominator: pl.Expr, profile: Disclosure) -> pl.Expr:
    """How coarse a share of this denominator is, in millionths: so that `share_numerators` numerators fit in one step.

    Steps are 1, 2 and 5 times a power of ten; a denominator for which none is coarse enough has none (null).
    """
    fits = [
        pl.when(denominator * step >= profile.share_numerators * 1_000_000).then(pl.lit(step, pl.Int64))
        for step in _STEPS
        if step < 1_000_000
    ]
    return pl.coalesce(fits)


def share(numerator: pl.Expr, denominator: pl.Expr, profile: Disclosure) -> pl.Expr:
    """A share from 0 to 1, of published counts, to the nearest step of `share_step`, and at most 1."""
    step = share_step(denominator, profile)
    nearest = (2 * 1_000_000 * numerator + step * denominator) // (2 * step * denominator) * step
    return pl.min_horizontal(nearest, pl.lit(1_000_000)) / 1_000_000


def in_steps(value: pl.Expr, denominator: pl.Expr, profile: Disclosure) -> pl.Expr:
    """A difference of shares, or what is made of shares, to the nearest step of `share_step`; of either sign."""
    step = share_step(denominator, profile)
    return (value * 1_000_000 / step).round() * step / 1_000_000


def may_be_share(numerator: pl.Expr, denominator: pl.Expr, profile: Disclosure) -> pl.Expr:
    """Whether a share may be shown, by true counts of units: numerator and complement are large enough."""
    least = profile.minimum_numerator
    return (numerator >= least) & (denominator - numerator >= least)


def supported_digits(count: pl.Expr, profile: Disclosure) -> pl.Expr:
    """How many significant digits a result of a published count has: those of the count in units of the rounding base, less one.

    The first digits of 120 rounded to fives are 24 units: one digit. Of 25,000 they are 5,000 units: three digits.
    """
    units = (count // profile.rounding_base).cast(pl.String).str.len_chars().cast(pl.Int64)
    return pl.max_horizontal(units - 1, pl.lit(1, pl.Int64))


def limited(value: pl.Expr, digits: pl.Expr) -> pl.Expr:
    """A value in so many significant digits."""
    most = 8
    places = [pl.when(digits == number).then(value.round_sig_figs(number)) for number in range(1, most)]
    return pl.coalesce(*places, value.round_sig_figs(most))


def may_be_index(areas: pl.Expr, largest: pl.Expr, whole: pl.Expr, profile: Disclosure) -> pl.Expr:
    """Whether an index of areas may be shown: enough areas, none of which holds most of what is counted."""
    return (areas >= profile.minimum_areas) & (largest <= profile.largest_share * whole)


def may_be_estimate(degrees: pl.Expr, profile: Disclosure) -> pl.Expr:
    """Whether the result of a model or a test may be shown: it has enough degrees of freedom."""
    return degrees >= profile.minimum_degrees


def may_be_effect(
    areas: pl.Expr,
    largest: pl.Expr,
    persons: pl.Expr,
    households: pl.Expr,
    events: pl.Expr,
    whole: pl.Expr,
    profile: Disclosure,
) -> pl.Expr:
    """Whether the comparison of two arms may be shown, by the least of each number over its arms.

    There are enough areas, one of them being spent on the estimate, and none holds most of an arm; enough persons and
    households; and of persons with the event, and without it, enough for a share.
    """
    return (
        may_be_index(areas, largest, whole, profile)
        & (areas - 1 >= profile.minimum_degrees)
        & (persons >= profile.minimum_persons)
        & (households >= profile.minimum_households)
        & (events >= profile.minimum_numerator)
    )


def quantile(value: pl.Expr, below: pl.Expr, above: pl.Expr, width: int, profile: Disclosure) -> pl.Expr:
    """A quantile as the lower end of its bin; null where fewer units than the profile asks lie below or above it."""
    enough = (below >= profile.quantile_units) & (above >= profile.quantile_units)
    return pl.when(enough).then((value // width).cast(pl.Int64) * width)
