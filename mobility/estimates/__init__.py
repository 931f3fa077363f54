"""Estimates about original residents (method 6.4): cumulative incidence, comparison, excess. Counts go in, estimates come out."""
