"""Exact numbers with gaps: which cells to withhold besides the small ones, and the proof that it is enough."""
