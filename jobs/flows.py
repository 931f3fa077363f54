"""Run the step `flows`; see `--help`."""

from mobility.run.job import start
from mobility.steps.flows import JOB

if __name__ == "__main__":
    start("flows", lambda _: [JOB])
