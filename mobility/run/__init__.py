"""How jobs run: folders, files, steps that are skipped when up to date, progress, and the one place that shows errors."""
