"""The verifiers of range proofs: `range-N.clar`, one per shape, generated from readable templates."""
