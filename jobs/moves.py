"""Run the step `moves`; see `--help`."""

from mobility.run.job import start
from mobility.steps.moves import JOB

if __name__ == "__main__":
    start("moves", lambda _: [JOB])
