"""What may leave: which cells are safe, how numbers are rounded, what a reader could still work out. Pure: no files."""
