"""Residential mobility: from linked register microdata to disclosure-safe tables about who moves where."""

__version__ = "0.1.0"
