"""The Stacks chain, lowest first: address, clarity (values), payload (what a transaction does), transaction (who signs
it), node (HTTP), history (what was, from the indexed API). Only the last two do I/O. tests/chain compares the wire
format byte for byte with @stacks/transactions and the contract VM.
"""
