"""The kinds of error a user meets, each with its exit code.

A message names the place (file, column, key), the rule, a count and the next step; never a value, an identifier or a row.
"""

from __future__ import annotations


class MobilityError(Exception):
    """Something a person can mend; shown as one paragraph, without a traceback."""

    exit_code = 1


class MachineError(MobilityError):
    """The machine or the processes on it failed: a disk, memory, a worker, a scheduler. What was finished is kept."""


class RequestError(MobilityError):
    """The request is wrong: a configuration key, a date, a code, a missing file."""

    exit_code = 2


class DataError(MobilityError):
    """The registers were refused: a validation rule with severity `stop` failed."""

    exit_code = 3


class ReleaseError(MobilityError):
    """The release was refused: nothing was written to the export folder."""

    exit_code = 4
