"""Origin-destination flows by income class (method 5)."""
