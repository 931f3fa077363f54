"""Registers of places: codes of all objects, coordinates, squares of the national grid."""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.settings import Synthetic
from mobility.synthetic.atlas import buurt_codes_in
from mobility.synthetic.country import MOST_OBJECTS, Country
from mobility.synthetic.days import AnyInts, Bools
from mobility.synthetic.flaws import RATES, duplicate
from mobility.synthetic.numbers import object_texts

FIRST_CODE_YEAR = 1999
NO_SQUARE_RATE = 0.004  # objects whose square is not known
OTHER_OBJECT_SHARE = 0.03  # shops and the like, in which nobody lives
_LEVELS = (("gem", 4), ("wc", 6), ("bc", 8))


def code_columns(buurten: AnyInts, last_year: int, codes_from: AnyInts, gemeente_only: Bools) -> list[pl.Series]:
    """Columns `gem`, `wc` and `bc` of every year for objects in these buurten, dashes where there is no code.

    Args:
        buurten: buurt of each object.
        last_year: last year with columns.
        codes_from: first year in which each object has codes.
        gemeente_only: objects that have neither wijk nor buurt.
    """
    columns: list[pl.Series] = []
    for year in range(FIRST_CODE_YEAR, last_year + 1):
        full = pl.Series(buurt_codes_in(year))
        for name, width in _LEVELS:
            texts = pl.concat([full.str.slice(0, width), pl.Series(["-" * width])])
            missing = (codes_from > year) | (gemeente_only & (name != "gem"))
            places = np.where(missing, len(full), buurten)
            columns.append(texts.gather(places.astype(np.uint32)).alias(f"{name}{year}"))
    return columns


def codes(country: Country, settings: Synthetic) -> pl.DataFrame:
    """VSLGWBTAB: gemeente, wijk and buurt of every object but those of type D, in the division of every year."""
    rng = country.stream(settings, 4)
    objects = country.objects
    known = np.flatnonzero(~objects.is_other)
    others = rng.integers(0, len(objects.buurt), int(OTHER_OBJECT_SHARE * len(known)))
    buurt = np.concatenate([objects.buurt[known], objects.buurt[others]])
    extra = object_texts(np.arange(len(others)) + country.block * MOST_OBJECTS + 2**31, settings.seed)
    rows = pl.DataFrame(
        {
            "object_type": pl.concat([objects.kind.gather(known), pl.Series(["B"] * len(others), dtype=pl.String)]),
            "object_number": pl.concat([objects.number.gather(known), extra]),
        }
    )
    quirks = settings.flaws == "quirks"
    # Without codes before some year; objects in which nobody lives may lack them in every year.
    codes_from = np.where(rng.random(len(buurt)) < RATES["no_code"], rng.integers(2001, 2012, len(buurt)), 0)
    codes_from[len(known) :] = np.where(rng.random(len(others)) < RATES["no_code"], 9999, codes_from[len(known) :])
    if not quirks:
        codes_from[:] = 0
    rows = rows.with_columns(code_columns(buurt, settings.last_year, codes_from, np.zeros(len(buurt), dtype=bool)))
    if quirks:
        country.planted["no_code"] += int(((codes_from > 0) & (codes_from <= settings.last_year)).sum())
        before, rows = rows.height, duplicate(rows, RATES["duplicate_object"], rng)
        country.planted["repeated_object"] += rows.height - before
    return rows.sort("object_number", "object_type")


def coordinates(country: Country, settings: Synthetic) -> pl.DataFrame:
    """VSLCOORDTAB."""
    objects = country.objects
    has_coordinate = ~objects.is_other
    if settings.flaws == "quirks":
        draw = country.stream(settings, 5).random(len(has_coordinate))
        # Without its coordinates nobody could tell that a building was renumbered.
        has_coordinate &= (draw >= RATES["no_coordinate"]) | objects.is_renumbered
        country.planted["no_coordinate"] += int((~has_coordinate & ~objects.is_other).sum())
    known = np.flatnonzero(has_coordinate)
    rows = pl.DataFrame(
        {
            "object_type": objects.kind.gather(known),
            "object_number": objects.number.gather(known),
            "x_m": objects.east[known],
            "y_m": objects.north[known],
        }
    )
    return rows.sort("object_number", "object_type")


def other_codes(country: Country, last_year: int) -> pl.DataFrame:
    """NIETVSLGWBTAB: the objects of type D, but for the few that no register places (quirk 7)."""
    objects = country.objects
    known = np.flatnonzero(objects.is_other & ~objects.is_unknown)
    rows = pl.DataFrame(
        {"object_type": objects.kind.gather(known), "object_number": objects.number.gather(known)},
        schema={"object_type": pl.String, "object_number": pl.String},
    )
    columns = code_columns(
        objects.buurt[known], last_year, np.zeros(len(known), dtype=np.int64), objects.has_gemeente_only[known]
    )
    return rows.with_columns(columns).sort("object_number")


def squares(country: Country, rng: np.random.Generator, quirks: bool) -> pl.DataFrame:
    """VSLVIERKANTTAB: the square of 100 and of 500 metres of every object but those of type D."""
    objects = country.objects
    known = np.flatnonzero(~objects.is_other)
    east, north = objects.east[known], objects.north[known]
    missing = pl.Series(rng.random(len(known)) < (NO_SQUARE_RATE if quirks else 0.0))
    rows = pl.DataFrame(
        {
            "object_type": objects.kind.gather(known),
            "object_number": objects.number.gather(known),
            "square_100m": _squares(east, north, 1).set(missing, "-" * 10),
            "VIERKANT500M": _squares(east, north, 5).set(missing, "-" * 10),
        }
    )
    return rows.sort("object_number", "object_type")


def _squares(east: AnyInts, north: AnyInts, hundreds: int) -> pl.Series:
    """`E` and `N` with the south-west corner in hundreds of metres."""
    parts = [pl.Series(metres // (100 * hundreds) * hundreds).cast(pl.String).str.zfill(4) for metres in (east, north)]
    return "E" + parts[0] + "N" + parts[1]
