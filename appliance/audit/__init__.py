"""A settlement judged from the chain alone, over py_ecc: nothing of the appliance but `appliance.chain` and circuits.

submission   a transaction's arguments, read again
claim        what a submission claims, and the verdict on it
batch, own   one batch of a gateway, one proof of a dwelling's own
sources      whether the contracts' text is this project's
zone         a zone's batches in sequence, and the contracts' sums
chain        fetches all of it
proof_file   proofs in files
report       what is said about it
state        all that the contracts keep, rebuilt from their events alone
"""
