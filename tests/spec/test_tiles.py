"""A map without boundaries: every gemeente a square, near where it lies."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.release.tiles import tiles


def drawn(*gemeenten: tuple[str, int, int]) -> dict[str, tuple[int, int]]:
    frame = pl.DataFrame(gemeenten, schema=["gemeente", "x_m", "y_m"], orient="row")
    return {code: (column, row) for code, column, row in tiles(frame).iter_rows()}


def test_the_west_is_left_and_the_north_is_up() -> None:
    found = drawn(
        ("NW", 0, 100_000), ("NE", 100_000, 100_000),
        ("SW", 0, 0), ("SE", 100_000, 0),
    )  # fmt: skip
    assert found["NW"] == (0, 0)
    assert found["NE"][0] > found["NW"][0]
    assert found["SW"][1] > found["NW"][1]
    assert found["SE"] == (found["NE"][0], found["SW"][1])


def test_two_in_one_place_lie_side_by_side() -> None:
    found = drawn(("A", 0, 0), ("B", 10, 0), ("C", 90_000, 90_000), ("D", 0, 90_000))
    assert abs(found["A"][0] - found["B"][0]) + abs(found["A"][1] - found["B"][1]) == 1


def test_a_gemeente_without_coordinates_has_no_square() -> None:
    frame = pl.DataFrame({"gemeente": ["A", "B"], "x_m": [1.0, None], "y_m": [1.0, 2.0]})
    assert tiles(frame)["gemeente"].to_list() == ["A"]
    assert tiles(frame.clear()).is_empty()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 300_000)), min_size=1, max_size=40), st.randoms())
def test_each_has_a_square_of_its_own_whatever_the_order(places: list[tuple[int, int]], random: object) -> None:
    rows = [(f"GM{number:04d}", x, y) for number, (x, y) in enumerate(places)]
    found = drawn(*rows)
    assert len(set(found.values())) == len(rows)
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert drawn(*rows) == found
