"""Run the step `ingest`; see `--help`."""

from mobility.run.job import start
from mobility.steps.ingest import JOB

if __name__ == "__main__":
    start("ingest", lambda _: [JOB])
