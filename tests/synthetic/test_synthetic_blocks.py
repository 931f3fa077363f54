"""A country of several blocks: one file per register, the same bytes however many processes, no number twice."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from mobility.errors import RequestError
from mobility.settings import Synthetic
from mobility.synthetic import blocks, write_country
from tests.synthetic.test_synthetic_files import digests

SMALL = {"persons": 1_500, "seed": 8, "first_year": 2017}


def write(folder: Path, workers: int, **choices: object) -> dict[str, str]:
    settings = Synthetic(**{**SMALL, **choices})  # type: ignore[arg-type]
    folder.mkdir()
    blocks.write_blocks(settings, folder, lambda _name, _rows: None, lambda _done, _of: None, workers)
    return digests(folder)


def test_files_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    here = write(tmp_path / "here", 0, formats=("parquet", "csv"))
    assert write(tmp_path / "two", 2, formats=("parquet", "csv")) == here


@pytest.mark.slow
def test_several_blocks_by_one_and_by_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    choices = {"persons": 200_100, "first_year": 2021, "formats": ("parquet",)}
    assert write(tmp_path / "one", 1, **choices) == write(tmp_path / "two", 2, **choices)


@pytest.fixture(scope="module")
def three_blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three blocks of 500 persons in every format."""
    root = tmp_path_factory.mktemp("blocks") / "source"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mobility.synthetic.block.BLOCK_PERSONS", 500)
        write_country(
            Synthetic(**SMALL, formats=("parquet", "csv", "sav")),  # type: ignore[arg-type]
            root,
            lambda _name, _rows: None,
        )
    return root


def test_each_register_is_one_file_with_a_row_group_per_block(three_blocks: Path) -> None:
    path = three_blocks / "Bevolking/GBAADRESOBJECTBUS/GBAADRESOBJECT2023BUSV1.parquet"
    converted = three_blocks / "Bevolking/GBAADRESOBJECTBUS/geconverteerde data/GBAADRESOBJECT2023BUSV1.csv"
    table = pl.read_parquet(path)
    assert table.equals(pl.read_csv(converted, infer_schema=False))
    assert converted.with_suffix(".sav").is_file()
    assert not list(three_blocks.rglob("*.tmp"))


def test_no_number_occurs_in_two_blocks(three_blocks: Path) -> None:
    persons = pl.read_parquet(three_blocks / "Bevolking/GBAPERSOONTAB/2023/GBAPERSOON2023TABV1.parquet")
    assert persons.height > 1_000  # in so small a block not everybody finds a dwelling
    assert persons["RINPERSOON"].is_unique().all()
    homes = pl.read_parquet(three_blocks / "Bevolking/GBAHUISHOUDENSBUS/GBAHUISHOUDENS2023BUSV1.parquet")
    heads = homes.filter(pl.col("TYPHH") != "8", pl.col("REFPERSOONHH") == "1").unique()
    assert heads.select("HUISHOUDNR", "DATUMAANVANGHH").is_unique().all()
    codes = pl.read_parquet(three_blocks / "BouwenWonen/VSLGWBTAB/VSLGWB2023TAB03V1.parquet").unique()
    assert codes.select("SOORTOBJECTNUMMER", "RINOBJECTNUMMER").is_unique().all()


def test_nobody_moves_from_one_block_to_another(three_blocks: Path) -> None:
    rows = pl.read_parquet(three_blocks / "Bevolking/GBAADRESOBJECTBUS/GBAADRESOBJECT2023BUSV1.parquet")
    persons = pl.read_parquet(three_blocks / "truth/persons.parquet").with_row_index("place")
    block_of = persons.select(pl.col("person").cast(pl.String).str.zfill(9), block=pl.col("place") // 500)
    lived = rows.join(block_of, left_on="RINPERSOON", right_on="person")
    per_object = lived.group_by("SOORTOBJECTNUMMER", "RINOBJECTNUMMER").agg(pl.col("block").n_unique())
    assert lived["block"].n_unique() == 3
    assert (per_object["block"] == 1).all()


def test_a_country_too_large_for_spss_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"choose synthetic\.formats=\[parquet\]"):
        write_country(Synthetic(persons=1_000_001), tmp_path / "source", lambda _name, _rows: None)
    assert not (tmp_path / "source").exists()
