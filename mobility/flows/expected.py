"""Flows that sizes and distances of places lead one to expect, and the flows above them (method 5). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.errors import RequestError
from mobility.flows.fitting import Marks, NotEstimableError, Numbers, fit_flows
from mobility.flows.significance import LEAST_EXPECTED, find_excess
from mobility.places import UNPLACEABLE

QUASI_INDEPENDENCE, DOUBLY_CONSTRAINED = "quasi_independence", "doubly_constrained"
MODELS = (QUASI_INDEPENDENCE, DOUBLY_CONSTRAINED)
EXPECTED_KEYS = ("level", "year", "income_class", "model", "origin", "destination")
FIT_KEYS = ("level", "year", "income_class", "model")
FITTED, NOT_ESTIMABLE = "fitted", "not_estimable"
MOST_PLACES = 2000  # work grows with the third power of it: seconds for gemeenten, a quarter of a minute here
_DIGITS = 10  # of an expected flow: fewer than the fit has, so that the number of threads cannot show
_SCHEMA = pl.Schema(
    {
        "level": pl.String,
        "year": pl.Int64,
        "income_class": pl.String,
        "model": pl.String,
        "origin": pl.String,
        "destination": pl.String,
        "observed": pl.Int64,
        "expected": pl.Float64,
        "residual": pl.Float64,
        "q_value": pl.Float64,
    }
)
_FIT_SCHEMA = pl.Schema(
    {
        "level": pl.String,
        "year": pl.Int64,
        "income_class": pl.String,
        "model": pl.String,
        "status": pl.String,
        "reason": pl.String,
        "households": pl.Int64,
        "without_distance": pl.Int64,
        "cells": pl.Int64,
        "degrees": pl.Int64,
        "beta": pl.Float64,
        "dispersion": pl.Float64,
    }
)
_NONE = pl.DataFrame(schema={name: kind for name, kind in _SCHEMA.items() if name not in FIT_KEYS})
_WORTH_A_ROW = (pl.col("observed") > 0) | (pl.col("expected") >= LEAST_EXPECTED)

Whole = npt.NDArray[np.int64]
_Told = dict[str, object]


@dataclass(frozen=True)
class ExpectedFlows:
    """Two tables.

    Attributes:
        cells: one row per `EXPECTED_KEYS`: `observed` household moves, `expected`, `residual` (z), `q_value`.
        fits: one row per `FIT_KEYS`: `status` (fitted, not_estimable) and its `reason`; `households` that the model is fitted
            on and those left out `without_distance`; `cells`, `degrees` of freedom, `beta`, `dispersion` (phi).
    """

    cells: pl.DataFrame
    fits: pl.DataFrame


def expected_flows(
    households: pl.DataFrame,
    distances: pl.DataFrame | None = None,
    structural_zeros: pl.DataFrame | None = None,
    *,
    every_cell: bool = False,
) -> ExpectedFlows:
    """Expected household moves between places, within level, year and class, and how far the observed ones are above them.

    Two models. `quasi_independence`: what the sizes of outflow and inflow alone lead to. `doubly_constrained`: as well as
    log distance. Both margins of the fit equal those observed. Moves within a place and to or from `unplaceable` take no part;
    neither do structural zeros nor, in the second model, pairs without a distance. A cell in which nothing moved and fewer than
    5 moves are expected has no row unless `every_cell`. Cells with an expectation below 5 have no `q_value`; without degrees of
    freedom there is no `residual` either. A model without a fit has no cells and says why in `fits`.

    Args:
        households: `level`, `year`, `income_class`, `origin`, `destination`, `households` (household moves).
        distances: `level`, `origin`, `destination`, `distance`, in any unit; one direction of a pair will do.
        structural_zeros: `level`, `origin`, `destination` between which no move is possible; a pair of two rows.
        every_cell: also rows for empty cells with a small expectation.

    Raises:
        RequestError: a distance is not positive; moves are counted in a structural zero.
    """
    between = households.filter(
        pl.col("origin") != pl.col("destination"),
        ~pl.any_horizontal(pl.col("origin", "destination") == UNPLACEABLE),
        pl.col("households") > 0,
    )
    if distances is not None and (wrong := distances.filter(~(pl.col("distance") > 0)).height):
        raise RequestError(f"distances: {wrong} of {distances.height} are not above 0. Leave pairs without one out.")
    if structural_zeros is not None:
        pair = ["level", "origin", "destination"]
        broken = structural_zeros.unique(pair).join(between, on=pair, how="semi").height
        if broken:
            raise RequestError(
                f"structural_zeros: people moved between {broken} of the pairs. Take these off the list."
            )
    tables, fits = [pl.DataFrame(schema=_SCHEMA)], []
    for level in households["level"].unique().sort():
        system = _System(level, between, distances, structural_zeros)
        groups = households.filter(level=level).select("year", "income_class").unique().sort("year", "income_class")
        for (year, income_class), model in product(groups.rows(), MODELS):
            cells, told = system.fit(year, income_class, model, every_cell=every_cell)
            key: _Told = dict(zip(FIT_KEYS, (level, year, income_class, model), strict=True))
            fits.append(key | told)
            tables.append(
                cells.with_columns(pl.lit(part).alias(name) for name, part in key.items())
                .select(*_SCHEMA)
                .cast(_SCHEMA)
            )
    fitted = pl.DataFrame(fits, schema=_FIT_SCHEMA).with_columns(pl.col("beta").round_sig_figs(_DIGITS))
    return ExpectedFlows(pl.concat(tables).sort(EXPECTED_KEYS), fitted.sort(FIT_KEYS))


class _System:
    """The places of one level, as matrices of origins x destinations."""

    def __init__(
        self, level: str, between: pl.DataFrame, distances: pl.DataFrame | None, zeros: pl.DataFrame | None
    ) -> None:
        self.moves = between.filter(level=level)
        self.places = pl.concat([self.moves["origin"], self.moves["destination"]]).unique().sort()
        if len(self.places) > MOST_PLACES:
            return
        self.possible = ~np.eye(len(self.places), dtype=bool)
        if zeros is not None:
            self.possible[self._pairs(zeros.filter(level=level))[1]] = False
        self.log_distance = np.full(self.possible.shape, np.nan)
        if distances is not None:
            given, pairs = self._pairs(distances.filter(level=level))
            self.log_distance[pairs] = np.log(given["distance"].to_numpy())
            self.log_distance = np.where(np.isnan(self.log_distance), self.log_distance.T, self.log_distance)

    def _pairs(self, table: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Whole, Whole]]:
        """The rows of a table between places of this level, and where they are in a matrix."""
        number = pl.DataFrame({"place": self.places, "row": np.arange(len(self.places))})
        known = table.join(number, left_on="origin", right_on="place", maintain_order="left").join(
            number.rename({"row": "column"}), left_on="destination", right_on="place", maintain_order="left"
        )
        return known, (known["row"].to_numpy(), known["column"].to_numpy())

    def fit(self, year: int, income_class: str, model: str, *, every_cell: bool) -> tuple[pl.DataFrame, _Told]:
        """The cells of one model (none without a fit), and what `fits` tells of it."""
        rows, pairs = self._pairs(self.moves.filter(year=year, income_class=income_class))
        told: _Told = {"households": rows["households"].sum(), "without_distance": 0}
        if len(self.places) > MOST_PLACES:
            return _NONE, told | {"status": NOT_ESTIMABLE, "reason": f"more than {MOST_PLACES} places"}
        observed = np.zeros(self.possible.shape)
        np.add.at(observed, pairs, rows["households"].to_numpy())
        possible, covariate = self.possible, None
        if model == DOUBLY_CONSTRAINED:
            covariate = self.log_distance
            possible = possible & np.isfinite(covariate)
            told["without_distance"] = int(observed[~possible].sum())
            observed = np.where(possible, observed, 0.0)
            told["households"] = int(observed.sum())
            if told["without_distance"] and not told["households"]:
                return _NONE, told | {"status": NOT_ESTIMABLE, "reason": "no distances"}
        try:
            fit = fit_flows(observed, possible, covariate)
        except NotEstimableError as fault:
            return _NONE, told | {"status": NOT_ESTIMABLE, "reason": str(fault)}
        degrees = fit.cells - fit.parameters
        cells, dispersion = self._cells(observed, possible, fit.expected, degrees)
        told |= {"cells": fit.cells, "degrees": degrees, "beta": fit.beta, "dispersion": dispersion}
        told |= {"status": FITTED, "reason": "" if degrees > 0 else "no degrees of freedom, so no residuals"}
        return cells if every_cell else cells.filter(_WORTH_A_ROW), told

    def _cells(
        self, observed: Numbers, possible: Marks, expected: Numbers, degrees: int
    ) -> tuple[pl.DataFrame, float | None]:
        rows, columns = np.nonzero(possible)
        cells = pl.DataFrame(
            {
                "origin": self.places.gather(rows),
                "destination": self.places.gather(columns),
                "observed": observed[possible],
                "expected": expected[possible],
            }
        ).with_columns(pl.col("expected").round_sig_figs(_DIGITS))
        excess = find_excess(cells["observed"].to_numpy(), cells["expected"].to_numpy(), degrees)
        found = pl.DataFrame({"residual": excess.residual, "q_value": excess.q_value}).fill_nan(None)
        return cells.hstack(found), None if np.isnan(excess.dispersion) else excess.dispersion
