"""What the passes of the monitor stand on: the study's zones and where counts are put down and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from mobility.chains.programmes import Followed
from mobility.indicators.blocks import Frame
from mobility.indicators.corporations import corporation_dwellings, heavy
from mobility.indicators.segregation import Numbers
from mobility.indicators.zones import NATIONAL, OUTSIDE, PROGRAMME, Zones, inside_programmes, near_inside, zones_of
from mobility.panel.store import Panel, Shape
from mobility.places import UNPLACEABLE
from mobility.run.files import write_parquet
from mobility.settings import Settings, Study
from mobility.steps.chains import followed_areas
from mobility.steps.counted import add_up_files
from mobility.steps.flows import zoned_areas
from mobility.steps.job import workspace
from mobility.stocks import Ints

BIN_M = 100  # width of the bins of distances


@dataclass(frozen=True)
class Ground:
    """Everything a pass over a partition must know; it travels to workers.

    Attributes:
        study: the study.
        panel, shape: where the panel lies, and its years.
        areas: of `places.zone_areas`.
        zones: places and cuts.
        followed: the programme areas.
        wanted: ids of the indicators to be made.
        scratch: folder in which counts of partitions are put down.
    """

    study: Study
    panel: Panel
    shape: Shape
    areas: pl.DataFrame
    zones: Zones
    followed: tuple[Followed, ...]
    wanted: frozenset[str]
    scratch: Path

    @property
    def frame(self) -> Frame:
        """Years and areas."""
        return Frame(self.study.period.years, self.areas.height)

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels of place the study asks for, the country and the areas of programmes."""
        return (*self.study.monitor.levels, NATIONAL, PROGRAMME)

    @property
    def low(self) -> tuple[str, ...]:
        """The classes that are low."""
        return self.study.income.low

    @property
    def buurten(self) -> pl.Series:
        """Code of the buurt of every area; null where it is none."""
        return self.areas.select(pl.when(pl.col("buurt") != UNPLACEABLE).then("buurt")).to_series()

    @property
    def regions(self) -> pl.Series:
        """Names of the regions, by number."""
        return self.zones.levels["region"].places

    @property
    def programmes(self) -> pl.Series:
        """Number of the programme area of every area; null where it lies in none."""
        level = self.zones.levels[PROGRAMME]
        number = level.of_area
        return pl.select(pl.when(level.places.gather(number) != OUTSIDE).then(number)).to_series()

    def dwellings(self) -> dict[int, tuple[Ints, Ints]]:
        """Corporation dwellings and dwellings of known tenure of every area, for the years of the study with a tenure."""
        area, tenure = self.panel.objects("area")["area"], self.panel.tenure()
        years = [year for year in self.study.period.years if str(year) in tenure.columns]
        return {year: corporation_dwellings(tenure[str(year)], area, self.areas.height) for year in years}

    def heavy_areas(self) -> Numbers:
        """1 for areas heavy with corporation dwellings (row) in every year of the study (column)."""
        owned, share = self.dwellings(), self.study.monitor.heavy_share
        flat = np.zeros(self.areas.height)
        years = self.study.period.years
        return np.stack([heavy(*owned[year], share) if year in owned else flat for year in years], axis=1)

    def centre_distances(self, objects: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Metres from every object to the centre of its region (null: none), and the number of the region.

        The centre is the address-weighted centroid of the role `centre`.

        Args:
            objects: `area`, `x_m`, `y_m`.
        """
        region = self.zones.levels["region"].of_area
        is_centre = self.areas["role"].str.ends_with("/centre")
        placed = objects.with_columns(
            region.gather(objects["area"]).alias("region"), is_centre.gather(objects["area"]).alias("is_centre")
        )
        addresses = placed.filter("is_centre").drop_nulls(["x_m", "y_m"])
        sums = addresses.group_by("region").agg(pl.col("x_m", "y_m").sum(), n=pl.len().cast(pl.Int64))
        centres = sums.select("region", x=pl.col("x_m") / pl.col("n"), y=pl.col("y_m") / pl.col("n"))
        found = placed.join(centres, on="region", how="left", maintain_order="left")
        metres = ((pl.col("x_m") - pl.col("x")) ** 2 + (pl.col("y_m") - pl.col("y")) ** 2).sqrt().floor().cast(pl.Int64)
        return found.select(metres).to_series(), placed["region"]

    def wants(self, *keys: str) -> bool:
        """Whether one of these indicators is to be made."""
        return not self.wanted.isdisjoint(keys)

    def put(self, block: str, partition: int, counts: pl.DataFrame) -> None:
        """Put down the counts of one partition."""
        write_parquet(counts, self.scratch / block / f"part-{partition:03d}.parquet")

    def block(self, name: str, keys: Sequence[str]) -> pl.DataFrame:
        """The counts of all partitions, added up."""
        return add_up_files(self.scratch / name, keys)


def ground_of(settings: Settings, wanted: Iterable[str], scratch: Path) -> Ground:
    """The ground of a study.

    Raises:
        RequestError: its zoning or its programmes do not fit the registers.
    """
    panel = Panel(workspace(settings).panel)
    shape = panel.shape()
    areas, _ = zoned_areas(settings)
    followed = tuple(followed_areas(settings, shape))
    programmes = [(one.area, one.inside) for one in followed]
    inside = inside_programmes(areas, programmes)
    near = np.zeros(areas.height, dtype=bool)
    if shape.has_coordinates and inside.any():
        near = near_inside(panel.objects("area", "x_m", "y_m"), inside, settings.study.monitor.ring_m)
    return Ground(
        settings.study, panel, shape, areas, zones_of(areas, programmes, near), followed, frozenset(wanted), scratch
    )


def registers_there(panel: Panel, shape: Shape) -> set[str]:
    """Names of the registers that the panel is made of, as far as an indicator may lack them, and of the further ones in it."""
    core = {
        "INHATAB": shape.income_years is not None,
        "EIGENDOMTAB": bool(shape.tenure_years),
        "VSLCOORDTAB": shape.has_coordinates,
        "LEVCYCLWOONNIETWOONBUS": shape.has_demolition is not None,
    }
    return {name for name, is_there in core.items() if is_there} | {
        path.stem.upper() for path in panel.folder.iterdir()
    }
