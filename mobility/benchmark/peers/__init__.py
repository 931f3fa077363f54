"""Other tools that answer the same question from the same panel files; none of them uses code of the program."""
