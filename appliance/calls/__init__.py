"""7: what the contracts of money and votes are called with, as they take it. Pure.

values     lists, and the context that a proof is bound to
registry   periods
billing    a zone's bills
payment    credits and settlements
dispute    answers to disputed bills
voting     ballots and tallies
errors     what the contracts call their refusals
"""
