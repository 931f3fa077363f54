"""The page people read, made from a release in the export folder and nothing else."""

from mobility.report.page import write_report

__all__ = ["write_report"]
