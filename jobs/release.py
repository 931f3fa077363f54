"""Run the step `release`; see `--help`."""

from mobility.run.job import start
from mobility.steps.release import JOB

if __name__ == "__main__":
    start("release", lambda _: [JOB])
