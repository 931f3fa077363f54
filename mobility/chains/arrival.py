"""What is known of a settled arrival, and of programme areas lived in on the way (method 6.3). Pure."""

from __future__ import annotations

import polars as pl

from mobility.chains.cohort import Dwellings, People
from mobility.chains.programmes import Followed
from mobility.chains.tables import class_names, tenure_names
from mobility.income import class_in_year


def arrivals(
    members: pl.DataFrame, people: People, dwellings: Dwellings, classes: pl.Series, lag_years: int
) -> list[pl.Series]:
    """Tenure of the dwelling of arrival and class, both in the year after the settled arrival, as text; - without arrival."""
    arrival = members["arrival_date"]
    year = arrival.dt.year() + 1
    spell = people.home_on(members["person"], arrival.fill_null(strategy="zero"))
    dwelling = people.residence["object"].gather(spell)
    tenure = pl.Series("arrival_tenure", ["unknown"]).new_from_index(0, members.height)
    for name in dwellings.tenure.columns:
        here = tenure_names(dwellings.tenure[name].gather(dwelling)).fill_null("unknown")
        tenure = here.zip_with((year == int(name)).fill_null(False), tenure)
    place = people.persons["person"].search_sorted(members["person"]).cast(pl.UInt32)
    income_class = class_names(class_in_year(classes, place, year - lag_years, people.income_years))
    none = pl.Series(["-"]).new_from_index(0, members.height)
    arrived = arrival.is_not_null()
    return [
        tenure.zip_with(arrived, none).alias("arrival_tenure"),
        income_class.zip_with(arrived, none).alias("arrival_class"),
    ]


def repeat_exposure(
    members: pl.DataFrame, people: People, dwellings: Dwellings, followed: Followed, others: list[pl.Series]
) -> pl.Series:
    """Other programme areas each member lived in between the cohort date and the end of following."""
    lived = people.residence_of(members["person"]).filter(
        pl.col("object").is_not_null(),
        pl.col("start_date") <= followed.last_day,
        pl.col("end_date").is_null() | (pl.col("end_date") > followed.cohort_date),
    )
    area = dwellings.area.gather(lived["object"])
    marks = lived.select("person").with_columns(
        other.gather(area).alias(f"in_{number}") for number, other in enumerate(others)
    )
    seen = marks.group_by("person").agg(pl.exclude("person").any())
    counted = seen.select(
        "person", repeat_exposure=pl.sum_horizontal(pl.lit(0), pl.exclude("person").cast(pl.Int64)).cast(pl.Int64)
    )
    return (
        members.select("person")
        .join(counted, on="person", how="left", maintain_order="left")["repeat_exposure"]
        .fill_null(0)
    )
