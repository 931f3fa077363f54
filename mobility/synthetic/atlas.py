"""The country as arrays, one element per buurt, and the codes its buurten had in earlier divisions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from mobility.synthetic.days import Floats, Ints
from mobility.synthetic.geography import CELL_M, CHARACTER, REGIONS, gemeenten

MERGER_YEAR = 2009  # before it, the merged gemeente was two
BOUNDARY_YEAR = 2007  # before it, one wijk belonged to the neighbouring gemeente
CORE_CODE_YEAR = 2015  # before it, one growth core had another code


@dataclass(frozen=True)
class Map:
    """The country as arrays; one element per buurt unless the name says otherwise.

    Attributes:
        buurt_codes: eight digits.
        wijk_of, gemeente_of: index of the wijk and the gemeente of each buurt.
        share: part of the country's dwellings.
        social, private: share of social and private rent.
        appeal: attractiveness, roughly in standard deviations.
        west, south, width: rectangle of the buurt in metres (its height is that of a wijk).
        gemeente_region: index of the region of each gemeente, -1 outside.
        gemeente_role: role of each gemeente, a key of the zoning ("elsewhere" outside the regions).
        gemeente_share: part of the country's dwellings of each gemeente.
    """

    buurt_codes: tuple[str, ...]
    wijk_of: Ints
    gemeente_of: Ints
    share: Floats
    social: Floats
    private: Floats
    appeal: Floats
    west: Floats
    south: Floats
    width: Floats
    gemeente_region: Ints
    gemeente_role: tuple[str, ...]
    gemeente_share: Floats


@cache
def load_map() -> Map:
    """The country as arrays."""
    codes: list[str] = []
    wijk_of: list[int] = []
    gemeente_of: list[int] = []
    columns: list[tuple[float, ...]] = []
    wijk_number = -1
    for gemeente_number, gemeente in enumerate(gemeenten()):
        for wijk in gemeente.wijken:
            wijk_number += 1
            social, private, appeal = CHARACTER[wijk.kind]
            width = CELL_M / wijk.buurten
            for number in range(wijk.buurten):
                tilt = number / (wijk.buurten - 1) - 0.5  # buurten of one wijk differ: from less to more social rent
                codes.append(f"{wijk.code}{number + 1:02d}")
                wijk_of.append(wijk_number)
                gemeente_of.append(gemeente_number)
                columns.append(
                    (
                        wijk.share / wijk.buurten,
                        min(social * (1 + 0.4 * tilt), 0.92),
                        private * (1 - 0.4 * tilt),
                        appeal - 0.3 * tilt,
                        wijk.west + number * width,
                        wijk.south,
                        width,
                    )
                )
    share, social_of, private_of, appeal_of, west, south, width_of = np.array(columns).T
    places = np.array(gemeente_of, dtype=np.int32)
    regions = list(REGIONS)
    return Map(
        buurt_codes=tuple(codes),
        wijk_of=np.array(wijk_of, dtype=np.int32),
        gemeente_of=places,
        share=share / share.sum(),
        social=social_of,
        private=private_of,
        appeal=appeal_of,
        west=west,
        south=south,
        width=width_of,
        gemeente_region=np.array([regions.index(g.region) if g.region else -1 for g in gemeenten()], dtype=np.int32),
        gemeente_role=tuple(g.role or "elsewhere" for g in gemeenten()),
        gemeente_share=np.bincount(places, weights=share / share.sum()).astype(np.float64),
    )


def buurt_codes_in(year: int) -> list[str]:
    """The code each buurt had in the division of a year.

    One merger and one boundary change (quirk 19) and one growth core under a new code (24) move nobody.
    """
    return [_code_in(code, year) for code in load_map().buurt_codes]


def _code_in(code: str, year: int) -> str:
    if code.startswith("9404") and year < MERGER_YEAR:
        former = "9481" if code[4:6] in ("01", "02") else "9482"
        return former + code[4:]
    if code.startswith("920503") and year < BOUNDARY_YEAR:
        return "920190" + code[6:]
    if code.startswith("9302") and year < CORE_CODE_YEAR:
        return "9392" + code[4:]
    return code
