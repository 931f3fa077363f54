"""Time per state, transition rates and entropy against TraMineR 2.2-12 (R).

Larger data (mvad, actcal of that package) are read from a folder beside the project and skipped where it is absent; the seven
sequences with gaps stand here.
"""

import csv

import numpy as np
import pytest

from mobility.estimates.itineraries import entropies, time_in_states, transition_counts, transition_rates
from tests.lib.oracles import oracle


def rows(name):
    with oracle("traminer", name).open(encoding="utf-8") as lines:
        return list(csv.reader(lines))


def coded(sequences, alphabet):
    return np.array([[alphabet.index(state) if state in alphabet else -1 for state in each] for each in sequences])


def numbers(name):
    """The table without its names."""
    return np.array([[float(cell) for cell in row[1:]] for row in rows(name)[1:]])


def column(name, title):
    table = rows(name)
    return np.array([float(row[table[0].index(title)]) for row in table[1:]])


# TraMineR's example `ex1`: seven sequences with times not seen (.) at the left, inside and at the right.
EX1 = coded(
    ["...AAAAAAAAAA", "DDDBBBBBBB...", ".DDDDDDDDDD..", "AA..BBBBDD...", "A.AAAA.AAA...", "...CCCCCCC...", "." * 13],
    "ABCD",
)


def test_pairs_with_a_time_not_seen_are_passed_over():
    found = transition_rates(transition_counts(EX1, 4))
    expected = [[1, 0, 0, 0], [0, 0.9, 0, 0.1], [0, 0, 1, 0], [0, 0.0769230769230769, 0, 0.9230769230769231]]
    assert found == pytest.approx(np.array(expected), abs=1e-12)


def test_times_not_seen_are_no_state():
    times = time_in_states(EX1, 4)
    assert times.sum(axis=1).tolist() == [10, 10, 10, 8, 8, 7, 0]
    expected = [0, 0.440645449615346, 0, 0.75, 0, 0, 0]
    assert entropies(times) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("data", "first", "alphabet"),
    [
        ("mvad", "Sep.93", ["employment", "FE", "HE", "joblessness", "school", "training"]),
        ("actcal", "jan00", ["A", "B", "C", "D"]),
    ],
)
def test_rates_entropy_and_time_per_state_are_those_of_traminer(data, first, alphabet):
    table = rows(f"{data}.csv")
    start = table[0].index(first)
    states = coded([row[start:] for row in table[1:]], alphabet)
    assert (states >= 0).all()
    times = time_in_states(states, len(alphabet))
    assert transition_rates(transition_counts(states, len(alphabet))) == pytest.approx(
        numbers(f"{data}_seqtrate.csv"), abs=1e-9
    )
    assert entropies(times) == pytest.approx(column(f"{data}_individual.csv", "entropy_norm"), abs=1e-9)
    if data == "mvad":
        assert times.mean(axis=0) == pytest.approx(numbers("mvad_seqmeant.csv")[:, 0], abs=1e-9)
