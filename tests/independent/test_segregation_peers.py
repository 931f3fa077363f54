"""Segregation against another program, PySAL's segregation, on tables made here: `uv run --group oracles pytest -m slow ...`."""

import numpy as np
import pytest

from mobility.indicators import segregation as ours

pytestmark = pytest.mark.slow
TABLE = np.random.default_rng(4).integers(1, 90, size=(40, 5)).astype(float)
GROUPS = [f"q{number}" for number in range(1, 6)]


@pytest.fixture(scope="module")
def pandas():
    pytest.importorskip("segregation", reason="PySAL segregation is not installed: uv sync --group oracles")
    return pytest.importorskip("pandas")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "measure"),
    [("Dissim", ours.dissimilarity), ("Isolation", ours.isolation), ("Interaction", ours.interaction)],
)
def test_two_groups(pandas, name, measure):
    from segregation import singlegroup

    low, known = TABLE[:, 0], TABLE.sum(axis=1)
    frame = pandas.DataFrame({"low": low, "known": known})
    theirs = getattr(singlegroup, name)(frame, group_pop_var="low", total_pop_var="known").statistic
    assert measure(low, known - low) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_information_theory_index_of_five_groups(pandas):
    from segregation.multigroup import MultiInfoTheory

    theirs = MultiInfoTheory(pandas.DataFrame(TABLE, columns=GROUPS), GROUPS).statistic
    assert ours.theil(TABLE) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_entropy_index_of_two_groups(pandas):
    from segregation.singlegroup import Entropy

    low, known = TABLE[:, 0], TABLE.sum(axis=1)
    frame = pandas.DataFrame({"low": low, "known": known})
    theirs = Entropy(frame, group_pop_var="low", total_pop_var="known").statistic
    assert ours.theil(np.stack([low, known - low], axis=1)) == pytest.approx(theirs, rel=1e-9)
