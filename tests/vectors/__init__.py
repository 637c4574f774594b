"""Frozen test vectors of circuits/, shared by Python, the py_ecc checker and the contracts' tests."""
