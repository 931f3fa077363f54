"""Random rounding by cell key.

A count becomes the multiple of the base below it or above it, the latter with a probability equal to the
fraction, so that the published number is the true one on average. What decides is the secret of the project and
the cell's key, the sum of the hashes of the cell's records: the same set of records gives the same number in
every table and in every release, so nothing is learned by asking twice. The hash with the secret is taken of
that sum. Were it a sum of hashes with the secret, a cell's draw would follow from those of its parts.
"""

from __future__ import annotations

import hmac

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Draws = npt.NDArray[np.float64]

_BITS = 53


def draw(secret: bytes, cell_keys: Counts) -> Draws:
    """A number in [0, 1) for every cell key, from the secret and the key alone."""
    keys, place = np.unique(cell_keys, return_inverse=True)
    written, size = keys.astype(">i8").tobytes(), 8
    starts = range(0, len(written), size)
    words = b"".join(hmac.digest(secret, b"cell" + written[at : at + size], "sha256")[:size] for at in starts)
    bits = np.frombuffer(words, ">u8") >> np.uint64(64 - _BITS)
    return (bits.astype(np.float64) / (1 << _BITS))[place]


def round_counts(counts: Counts, draws: Draws, base: int) -> Counts:
    """The counts, each rounded to one of the two multiples of the base around it.

    Assumes:
        - the draw of a cell is used for all its measures: rounding then keeps their order, so that there are never more
          households than persons.
    """
    below = counts - counts % base
    return below + base * (draws * base < counts % base)
