"""Rates of the fictitious country beside published ranges for the Netherlands."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.atlas import load_map
from mobility.synthetic.days import FOREVER, AnyInts, year_of
from mobility.synthetic.histories import AddressSpells
from mobility.synthetic.world import NO_TENURE, SOCIAL, World

# Name of each rate and the range aimed at. The first three ranges are published for the Netherlands and are the project's
# check values; the others are round figures for orientation, without a source.
PUBLISHED = {
    "movers_pct": (8.8, 11.0),
    "moves_within_to_between_gemeenten": (1.36, 1.57),
    "peak_age_of_movers": (24.0, 26.0),
    "births_pct": (0.9, 1.2),
    "deaths_pct": (0.8, 1.0),
    "immigration_pct": (0.7, 2.4),
    "emigration_pct": (0.6, 1.4),
    "persons_per_household": (2.1, 2.3),
    "social_rent_pct": (28.0, 36.0),
    "low_income_in_social_rent_pct": (55.0, 75.0),
}


class Tally:
    """Counts that are summed over blocks before rates are taken."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.ages = np.zeros(120)
        self.at_age = np.zeros(120)

    def add(self, **counts: float) -> None:
        """Add counts by name."""
        for name, count in counts.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(count)

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally."""
        self.add(**other.sums)
        self.ages += other.ages
        self.at_age += other.at_age

    def rates(self) -> dict[str, float]:
        """The rates of `PUBLISHED`, in that order."""
        sums = self.sums
        smooth = np.convolve(self.ages / np.maximum(self.at_age, 1), np.ones(3) / 3, mode="same")
        return {
            "movers_pct": 100 * sums["movers"] / sums["stock"],
            "moves_within_to_between_gemeenten": sums["within"] / max(sums["between"], 1),
            "peak_age_of_movers": float(np.argmax(smooth[18:80]) + 18),
            "births_pct": 100 * sums["births"] / sums["stock"],
            "deaths_pct": 100 * sums["deaths"] / sums["stock"],
            "immigration_pct": 100 * sums["entries"] / sums["stock"],
            "emigration_pct": 100 * sums["exits"] / sums["stock"],
            "persons_per_household": sums["private_persons"] / sums["households"],
            "social_rent_pct": 100 * sums["social"] / sums["dwellings"],
            "low_income_in_social_rent_pct": 100 * sums["low_social"] / max(sums["low"], 1),
        }


def count_block(tally: Tally, world: World, spells: AddressSpells) -> None:
    """Add one block's counts over all its years."""
    country, people, homes, stock = load_map(), world.people, world.homes, world.stock
    start, previous_end = spells.start[1:], spells.end[:-1]
    same = spells.person[1:] == spells.person[:-1]
    first_day, last_day = world.months[0], world.months[-1]
    in_years = (start >= first_day) & (start < last_day)
    moved = same & (previous_end == start) & in_years
    gemeente = country.gemeente_of[stock.buurt[spells.dwelling]]
    stays = gemeente[1:] == gemeente[:-1]
    movers, moved_on = spells.person[1:][moved], start[moved]
    year = year_of(moved_on)
    _, first_of_year = np.unique(movers.astype(np.int64) * 3000 + year, return_index=True)
    tally.ages += np.bincount(_age(people.birth[movers], moved_on), minlength=120)[:120]
    for january in world.months[:-1:12]:
        present = spells.person[(spells.start < january) & (spells.end >= january)]
        tally.at_age += np.bincount(_age(people.birth[present], np.full(len(present), january)), minlength=120)[:120]
        tally.add(stock=len(present))
    begins = np.append(True, ~same)
    begins_now = begins & (spells.start >= first_day)
    newborn = begins_now & (spells.start - people.birth[spells.person] < 31)
    last = np.append(~same, True)
    dead = people.death[: people.used] < FOREVER
    gap = same & (previous_end < start) & in_years
    gone = last & (spells.end < last_day) & (people.death[spells.person] == FOREVER)
    tally.add(
        movers=len(first_of_year),
        within=(moved & stays).sum(),
        between=(moved & ~stays).sum(),
        births=newborn.sum(),
        deaths=dead.sum(),
        entries=(begins_now & ~newborn).sum() + gap.sum(),
        exits=gone.sum() + gap.sum(),
    )
    households = world.active_households()
    used = slice(0, stock.used)
    standing = (stock.start[used] < last_day) & (stock.end[used] >= last_day) & (stock.tenure[used] != NO_TENURE)
    low = households[homes.percentile[households] <= 20]
    tally.add(
        households=len(households),
        private_persons=np.isin(people.household[: people.used], households).sum(),
        dwellings=standing.sum(),
        social=(standing & (stock.tenure[used] == SOCIAL)).sum(),
        low=len(low),
        low_social=(stock.tenure[homes.dwelling[low]] == SOCIAL).sum(),
    )


def _age(birth: AnyInts, day: AnyInts) -> AnyInts:
    return np.clip((day - birth) // 365.25, 0, 119).astype(np.int64)
