"""The linked panel: persons, objects, residence, households and income, by hash partition of the person."""
