"""The configuration as a job composes it, without the job."""

from __future__ import annotations

from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from mobility.folders import CONF
from mobility.run.job import teach_configuration


def composed(job: str = "pipeline", *overrides: str) -> dict[str, Any]:
    """What `uv run jobs/<job>.py <overrides>` would read."""
    teach_configuration()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(job, overrides=list(overrides))
    given: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return {str(key): value for key, value in given.items()}
