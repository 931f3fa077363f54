"""Run the step `report`; see `--help`."""

from mobility.run.job import start
from mobility.steps.report import JOB

if __name__ == "__main__":
    start("report", lambda _: [JOB])
