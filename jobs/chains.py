"""Run the step `chains`; see `--help`."""

from mobility.run.job import start
from mobility.steps.chains import JOB

if __name__ == "__main__":
    start("chains", lambda _: [JOB])
