"""The sections of the page, each made from released values only."""
