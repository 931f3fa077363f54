"""Run the step `monitor`; see `--help`."""

from mobility.run.job import start
from mobility.steps.monitor import JOB

if __name__ == "__main__":
    start("monitor", lambda _: [JOB])
