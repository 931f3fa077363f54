"""Run the step `synthesise`; see `--help`."""

from mobility.run.job import start
from mobility.steps.synthesise import JOB

if __name__ == "__main__":
    start("synthesise", lambda _: [JOB])
