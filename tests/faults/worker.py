"""Runs jobs one after another in one process, as the files in `jobs/` would: to start Python for each would take too long.

Reads one request per line, `{"job": ..., "settings": [...], "out": path, "err": path}`, and answers with its exit code. What
the job, or a library below Python, says goes to the two files. The memory is limited, so that a damaged file that asks for
all of it is seen.
"""

import contextlib
import importlib
import json
import os
import sys
import traceback
from pathlib import Path

import yaml

MEMORY = 8 << 30  # bytes of addresses, not of memory in use


def run(job, settings):
    """The exit code with which `jobs/<job>.py` would end."""
    from mobility.run.job import start

    sys.argv = [f"jobs/{job}.py", *settings]
    try:
        start(job, lambda _: [importlib.import_module(f"mobility.steps.{job}").JOB])
    except SystemExit as ended:
        return ended.code
    except BaseException:  # such as a panic of a library: Python would show it and end with 1
        traceback.print_exc()
        return 1
    return 0


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    if hasattr(yaml, "CSafeLoader"):  # reading the configuration is half of a tiny run
        yaml.SafeLoader = yaml.CSafeLoader
    with contextlib.suppress(ImportError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        request = json.loads(line)
        with Path(request["out"]).open("wb") as out, Path(request["err"]).open("wb") as err:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
        code = run(request["job"], request["settings"])
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(f"{code}\n")
        answers.flush()


if __name__ == "__main__":
    main()
