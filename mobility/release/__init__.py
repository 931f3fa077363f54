"""The one exit: from aggregates, through the rules of disclosure, to the export folder. Nothing else writes there."""
