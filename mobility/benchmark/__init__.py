"""How fast the program is: every stage and every peer in a process of its own, on the same files, within one run."""
