"""The report is made from the release of tests/release."""

from tests.release.conftest import shared

__all__ = ["shared"]
