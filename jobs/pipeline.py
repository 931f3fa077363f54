"""Run all the steps a study needs, in order; see `--help`."""

from mobility.run.job import start
from mobility.steps.pipeline import jobs

if __name__ == "__main__":
    start("pipeline", jobs)
