"""The Stacks chain, lowest first: address, clarity (values), payload (what a transaction does), transaction (who signs
it), node (HTTP, the only I/O). tests/chain compares it byte for byte with @stacks/transactions and the contract VM.
"""
