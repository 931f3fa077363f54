"""Origin-destination flows by income class (method 5)."""

from mobility.flows.counts import FLOW_KEYS, count_by_area, roll_up

__all__ = ["FLOW_KEYS", "count_by_area", "roll_up"]
