"""Measured figures: `proof` on this machine, `chain` on the contract machine and on the model of mainnet's table."""
