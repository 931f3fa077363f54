"""The configuration as a job composes it, without the job."""

from __future__ import annotations

from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from mobility.benchmark.request import Benchmark
from mobility.folders import CONF
from mobility.run.bundle import Bundle
from mobility.run.job import teach_configuration
from mobility.settings import Settings, read_own, read_settings

_OWN = {"benchmark": Benchmark, "bundle": Bundle}  # jobs with keys of their own


def composed(job: str = "pipeline", *overrides: str) -> dict[str, Any]:
    """What `uv run jobs/<job>.py <overrides>` would read."""
    teach_configuration()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(job, overrides=list(overrides))
    given: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return {str(key): value for key, value in given.items()}


def composed_settings(job: str, *overrides: str) -> Settings:
    """The settings of a job, its own keys checked with them."""
    given = composed(job, *overrides)
    return read_own(_OWN[job], given)[1] if job in _OWN else read_settings(given)
