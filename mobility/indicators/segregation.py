"""Measures of segregation, on counts of groups in units. Pure numpy; natural logarithms.

A table has units in rows and groups in columns. Sums run in the order of the rows, so that the same table gives the same bytes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
_FITTED = 1e-12  # relative difference of margins at which a table counts as fitted
_ROUNDS = 5000


def dissimilarity(group: Numbers, other: Numbers) -> float:
    """D: half the sum of the differences between where two groups live (Duncan and Duncan 1955); 0 to 1."""
    return float(0.5 * np.abs(group / group.sum() - other / other.sum()).sum())


def isolation(group: Numbers, other: Numbers) -> float:
    """xPx: the mean share of the own group in the unit of a member (Lieberson 1981); 0 to 1."""
    whole = group + other
    return float((group / group.sum() * _over(group, whole)).sum())


def interaction(group: Numbers, other: Numbers) -> float:
    """xPy: the mean share of the other group in the unit of a member (exposure); with two groups 1 - isolation."""
    whole = group + other
    return float((group / group.sum() * _over(other, whole)).sum())


def location_quotients(group: Numbers, other: Numbers) -> Numbers:
    """Share of the group in each unit over its share in all of them."""
    whole = group + other
    quotients: Numbers = _over(group, whole) / (group.sum() / whole.sum())
    return quotients


def entropy(counts: Numbers) -> float:
    """Entropy of a distribution."""
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def mutual_information(table: Numbers) -> float:
    """M: how much the unit tells of the group (Mora and Ruiz-Castillo 2011); from 0 to the entropy of the groups."""
    total = table.sum()
    share = table / total
    expected = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    known = share > 0
    return max(0.0, float((share[known] * np.log(share[known] / expected[known])).sum()))


def theil(table: Numbers) -> float:
    """H: M over the entropy of the groups (Theil and Finizza 1971); 0 to 1. NaN with one group."""
    spread = entropy(table.sum(axis=0))
    return mutual_information(table) / spread if spread > 0 else float("nan")


def local_scores(table: Numbers) -> Numbers:
    """Of every group, how unlike the distribution over units its own is; weighted by the groups' shares they add up to M."""
    of_group = _over(table, table.sum(axis=0, keepdims=True))
    of_all = table.sum(axis=1, keepdims=True) / table.sum()
    ratio = np.divide(of_group, of_all, out=np.ones_like(of_group), where=(of_group > 0) & (of_all > 0))
    scores: Numbers = (of_group * np.log(ratio)).sum(axis=0)
    return scores


def gathered(table: Numbers, into: npt.NDArray[np.int64]) -> Numbers:
    """The table of larger units: rows added up by the number of the larger unit of each."""
    larger = np.zeros((int(into.max()) + 1, table.shape[1]))
    np.add.at(larger, into, table)
    inhabited: Numbers = larger[larger.sum(axis=1) > 0]
    return inhabited


def nested(table: Numbers, levels: list[npt.NDArray[np.int64]]) -> list[float]:
    """M split over nested levels: between the largest units, within them between the next, and so on; they add up to M.

    Args:
        table: of the smallest units.
        levels: of every row, the number of the larger unit it lies in; from the largest to the smallest, without the rows
            themselves.
    """
    steps = [mutual_information(gathered(table, level)) for level in levels] + [mutual_information(table)]
    return [after - before for before, after in zip([0.0, *steps], steps, strict=False)]


def rank_order(table: Numbers) -> float:
    """H^R: segregation by an ordered characteristic (Reardon 2011); 0 to 1. NaN where all are in one category.

    The mean of H over all splits of the categories into low and high, weighted by the entropy of the split; integrated by
    trapezoids over the cumulative shares, with the weights made to add up to 1 on the same grid.

    Args:
        table: units by ordered categories, such as percentiles.
    """
    below = np.cumsum(table, axis=1)[:, :-1]
    size, total = table.sum(axis=1), table.sum()
    share = below.sum(axis=0) / total
    known = (share > 0) & (share < 1)
    below, share = below[:, known], share[known]
    if not len(share):
        return float("nan")
    whole = _two_groups(share)
    within = (_two_groups(below / size[:, None]) * size[:, None]).sum(axis=0) / total
    # Equal neighbours (an empty category) have no width between them.
    width = np.diff(np.concatenate([[0.0], share, [1.0]]))
    weight = (width[:-1] + width[1:]) / 2
    return float((weight * (whole - within)).sum() / (weight * whole).sum())


def _two_groups(share: Numbers) -> Numbers:
    inside = (share > 0) & (share < 1)
    at = np.where(inside, share, 0.5)
    return np.where(inside, -(at * np.log(at) + (1 - at) * np.log(1 - at)), 0.0)


def by_chance(table: Numbers, draws: int, seed: tuple[int, ...]) -> list[Numbers]:
    """Tables with the margins of this one in which everybody lives where chance put them (permutations of residents).

    Args:
        table: units by groups, whole numbers.
        draws: how many tables.
        seed: the same seed gives the same tables.
    """
    random = np.random.default_rng(seed)
    sizes, groups = table.sum(axis=1).astype(np.int64), table.sum(axis=0).astype(np.int64)
    tables = []
    for _ in range(draws):
        free, drawn = sizes.copy(), np.zeros(table.shape)
        for group in range(table.shape[1] - 1):
            put = random.multivariate_hypergeometric(free, int(groups[group]), method="marginals")
            drawn[:, group] = put
            free -= put
        drawn[:, -1] = free
        tables.append(drawn)
    return tables


def fitted_to(table: Numbers, units: Numbers, groups: Numbers) -> Numbers | None:
    """The table with other margins and its own odds ratios (iterative proportional fitting); None where there is none.

    Args:
        table: units by groups, with no empty row or column.
        units: shares of the units, adding up to 1.
        groups: shares of the groups, adding up to 1.
    """
    fitted: Numbers = table / table.sum()
    for _ in range(_ROUNDS):
        fitted = fitted * (units / fitted.sum(axis=1))[:, None]
        fitted = fitted * (groups / fitted.sum(axis=0))[None, :]
        if (np.abs(fitted.sum(axis=1) - units) <= _FITTED * units).all():
            return fitted
    return None


def change_of_segregation(before: Numbers, after: Numbers) -> dict[str, float] | None:
    """The change of M split into what appeared and disappeared, margins and structure (Elbers 2021); the parts add up to it.

    `removals` and `additions`: units (and groups) that are in one of the two tables only. Of the rest, `unit_margin` and
    `group_margin`: other sizes at the same odds ratios; `structure`: other odds ratios at the same sizes. Each is the mean over
    the orders in which they could have changed (Shapley), with fitted tables between. None where they cannot be fitted.

    Args:
        before: units by groups.
        after: the same units and groups in the same order; a unit that does not exist is a row of zeros.
    """
    rows = (before.sum(axis=1) > 0) & (after.sum(axis=1) > 0)
    columns = (before[rows].sum(axis=0) > 0) & (after[rows].sum(axis=0) > 0)
    if not rows.any() or not columns.any():
        return None
    first, last = (table[rows][:, columns] for table in (before, after))
    kept = [(table.sum(axis=1) / table.sum(), table.sum(axis=0) / table.sum()) for table in (first, last)]
    value: dict[tuple[int, int, int], float] = {}
    for structure, table in enumerate((first, last)):
        for units in (0, 1):
            for groups in (0, 1):
                if structure == units == groups:
                    value[structure, units, groups] = mutual_information(table)
                    continue
                fitted = fitted_to(table, kept[units][0], kept[groups][1])
                if fitted is None:
                    return None
                value[structure, units, groups] = mutual_information(fitted)
    start, end = mutual_information(before[before.sum(axis=1) > 0]), mutual_information(after[after.sum(axis=1) > 0])
    structure_part = 0.5 * (value[1, 0, 0] - value[0, 0, 0] + value[1, 1, 1] - value[0, 1, 1])
    unit_part = 0.25 * sum(value[s, 1, g] - value[s, 0, g] for s in (0, 1) for g in (0, 1))
    group_part = 0.25 * sum(value[s, u, 1] - value[s, u, 0] for s in (0, 1) for u in (0, 1))
    return {
        "start": start,
        "end": end,
        "change": end - start,
        "removals": value[0, 0, 0] - start,
        "additions": end - value[1, 1, 1],
        "unit_margin": unit_part,
        "group_margin": group_part,
        "structure": structure_part,
    }


def _over(above: Numbers, below: Numbers) -> Numbers:
    wide = np.broadcast_to(below, above.shape)
    return np.divide(above, wide, out=np.zeros_like(above), where=wide > 0)
