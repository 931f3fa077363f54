"""Linear programs over changes of cells that leave every sum as it is, by HiGHS, in one thread."""

from __future__ import annotations

import highspy
import numpy as np

from mobility.disclosure.suppression.system import Reals, Whole
from mobility.errors import ReleaseError

FAR = highspy.kHighsInf
_SLACK = 1e-6
_NODES = 2000
_NOTHING = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kSolutionLimit)


class Program:
    """Changes of the cells of a block that leave its relations as they are.

    Args:
        relation: the relation, numbered from 0, by entry.
        cell: the place of the cell in the block, by entry.
        sign: the sign, by entry.
        low: the least change, by cell.
        high: the most.
    """

    def __init__(self, relation: Whole, cell: Whole, sign: Whole, low: Reals, high: Reals) -> None:
        columns = len(low)
        order = np.lexsort((relation, cell))
        start = np.zeros(columns + 1, np.int32)
        np.cumsum(np.bincount(cell, minlength=columns), out=start[1:])
        rows = int(relation.max(initial=-1)) + 1
        given = highspy.HighsLp()
        given.num_col_, given.num_row_ = columns, rows
        given.col_cost_ = np.zeros(columns)
        given.col_lower_, given.col_upper_ = low, high
        given.row_lower_, given.row_upper_ = np.zeros(rows), np.zeros(rows)
        given.sense_ = highspy.ObjSense.kMinimize
        given.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        given.a_matrix_.start_ = start
        given.a_matrix_.index_ = relation[order].astype(np.int32)
        given.a_matrix_.value_ = sign[order].astype(np.float64)
        self._columns = np.arange(columns, dtype=np.int32)
        self._solver = highspy.Highs()
        # The number of threads is left alone: HiGHS refuses another one than the first program of the process had.
        for option, value in (("output_flag", False), ("parallel", "off"), ("random_seed", 1)):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(given)

    def least(self, cost: Reals) -> Reals | None:
        """The change that costs least, or None where there is none within the bounds or, in whole numbers, none was found.

        Raises:
            ReleaseError: the solver failed.
        """
        self._solver.changeColsCost(len(self._columns), self._columns, cost)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return np.array(self._solver.getSolution().col_value)
        if status in _NOTHING:
            return None
        raise ReleaseError(f"The solver of linear programs failed ({status.name}). Nothing was written.")

    def ask_whole(self) -> None:
        """From now on changes are whole numbers; the search is given up after so many steps, whatever the machine."""
        kinds = np.full(len(self._columns), highspy.HighsVarType.kInteger)
        self._solver.changeColsIntegrality(len(self._columns), self._columns, kinds)
        self._solver.setOptionValue("mip_max_nodes", _NODES)
        self._solver.setOptionValue("mip_rel_gap", 0.05)


def as_whole(values: Reals) -> Whole | None:
    """The values as whole numbers, or None where they are not."""
    nearest = np.rint(values)
    if (np.abs(values - nearest) > _SLACK).any():
        return None
    return nearest.astype(np.int64)
