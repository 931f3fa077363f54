"""Wegsijpel chains: what becomes of the original residents of restructured areas (method 6). Descriptive, person by person."""
