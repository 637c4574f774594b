"""A cost model of Clarity: what a call of a contract charges on a given cost table, without a node. Entry: chain.py."""
