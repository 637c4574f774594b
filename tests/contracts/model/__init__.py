"""A settlement's money in plain numbers, moved by the same commands as the contracts and compared after each."""
