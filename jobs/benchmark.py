"""Measure time and memory against merely reading and against other tools; see `--help`."""

if __name__ == "__main__":
    # Here and not above: every measured process begins with this file, and would carry what is imported in its memory.
    from mobility.benchmark.job import benchmark
    from mobility.run.job import start_task

    start_task("benchmark", benchmark)
