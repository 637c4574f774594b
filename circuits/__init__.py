"""Commitments and their openings on secp256k1, and the statements proved about them.

Pure: no files, clock, sockets or asyncio; randomness, generators and the group are arguments. The way of a commitment:

scalar      integers mod the group order
group       points over libsecp256k1 (coincurve), strict encodings
reference   the same over py_ecc: slow, independent, for checkers
generators  hash to curve; the bases A and H0
code        codes people copy from a card (Crockford base32)
blinding    HKDF from a dwelling's proof code to blindings and leaf salts
pedersen    C = v*A + r*H0
opening     S7: a commitment, or a sum of commitments, opens to a value
"""
