"""The words that may stand in a released table: everything else may be an identifier, or free text."""

from __future__ import annotations

from typing import get_args

from mobility.areas import ProgrammeArea, Zoning
from mobility.chains.cohort import INCOME_BAND
from mobility.chains.outcome import OUTCOMES
from mobility.chains.programmes import AWAY, DEAD, HOME, INSTITUTION, OTHER_REGION, SAME_CITY
from mobility.disclosure.declaration import TOTAL
from mobility.estimates.balance import covariate_words
from mobility.flows.dimensions import words_of
from mobility.income import CLASSES
from mobility.places import ELSEWHERE, LEVELS, UNPLACEABLE
from mobility.quality import COVERAGES
from mobility.settings import Dimension

_PATHS = ("direct", "stepwise", "-")
_COUNTS = ("events", "transitions")
_EXPOSURES = ("dwelling", "sold", "area", "unknown")
_STATES = (HOME, SAME_CITY, OTHER_REGION, INSTITUTION, AWAY, DEAD)


def vocabulary(
    zoning: Zoning, programmes: list[ProgrammeArea], age_bands: tuple[int, ...], compared: tuple[int, ...] = ()
) -> frozenset[str]:
    """Every word a study can put in a table, beside codes of places.

    Args:
        zoning: of the study.
        programmes: of the study.
        age_bands: of the flows.
        compared: age bands within which people are compared.
    """
    places = {place for line in zoning.lines for place in (line.region, f"{line.region}/{line.role}", line.role)}
    areas = {word for one in programmes for word in (one.programme, one.area)}
    fixed = {TOTAL, "every", "low", "not_low", "national", "population", ELSEWHERE, UNPLACEABLE}
    listed = (*CLASSES, *OUTCOMES, *LEVELS, *COVERAGES, *_PATHS, *_COUNTS, *_EXPOSURES, *_STATES)
    values = {word for dimension in get_args(Dimension) for word in words_of(dimension, age_bands)}
    covariates = set(covariate_words(compared, INCOME_BAND))
    return frozenset(places | areas | fixed | values | covariates | set(listed))
