"""Commitments and their openings on secp256k1, and the statements proved about them.

Pure: no files, clock, sockets or asyncio; randomness, generators and the group are arguments. The way of a commitment:

scalar          integers mod the group order
group           points over libsecp256k1 (coincurve), strict encodings
reference       the same over py_ecc: slow, independent, for checkers
generators      hash to curve; the bases A and H0
code            codes people copy from a card (Crockford base32)
blinding        HKDF from a dwelling's proof code to blindings and leaf salts
pedersen        C = v*A + r*H0
opening         S7: a commitment, or a sum of commitments, opens to a value
verdict         the five checks a proof can fail on
transcript      Fiat-Shamir: a chain of SHA-256, challenges of 128 bits
nonces          the prover's randomness
msm             sums of multiples of points
zero            C commits to zero
disjunction     one of several commitments commits to zero
each_zero       the same in every slot of a list, with one hash
bit             C commits to 0 or 1
shape           range proofs: number of values, digits, generators
range_equation  challenges and the one equation: the verifier
fold            the prover's rounds, which halve the vectors
range_proof     the prover
hints           inverses that a contract takes instead of dividing
lists           lists of commitments added and subtracted
listed          a list of commitments is in range, by whatever shapes
usage           S1: all usages of a zone are in range, and their sum opens
money           all amounts of a list are in range
tariff          a convex tariff as lines
bill            S2: every bill is the largest of its lines
settlement      S3: new balances and arrears
credit          S5: shares of an amount; S5b: payouts out of balances
ballot          S6: votes of 0 or 1, and their tally
"""
