"""Contract texts for tests of money: an office that stands in for others, a verifier that believes, and bad tokens."""

from __future__ import annotations

from typing import Final

from tests.contracts.texts import TOKEN

DESK: Final = """
(use-trait sip-010 .utility-token.sip-010-trait)
(define-public (set-tariff (utility uint) (from uint) (charge uint) (bands (list 4 {from: uint, rate: uint})))
  (contract-call? .billing set-tariff utility from charge bands))
(define-public (freeze (zone uint) (slot uint) (period uint)) (contract-call? .billing freeze zone slot period))
(define-public (unfreeze (zone uint) (slot uint) (period uint)) (contract-call? .billing unfreeze zone slot period))
(define-public (correct-bill (zone uint) (slot uint) (period uint) (correction (buff 33)))
  (contract-call? .billing correct-bill zone slot period correction))
(define-public (refund (id uint) (period uint) (token <sip-010>)) (contract-call? .payment refund id period token))
(define-public (set-pause (until uint)) (contract-call? .user-registry set-pause until))
(define-public (set-role (role uint) (who principal) (given bool))
  (contract-call? .user-registry set-role role who given))
(define-public (set-parameter (name (string-ascii 32)) (value uint))
  (contract-call? .user-registry set-parameter name value))
(define-public (list-token (token principal) (ratio uint)) (contract-call? .user-registry list-token token ratio))
"""
"""Once active as governance and dispute-resolution it does for anybody what these alone may do."""

BELIEVER: Final = """
(impl-trait .user-registry.proof-trait)
(define-read-only (verify-usage-batch
    (ctx (buff 32)) (commitments (list 64 (buff 33))) (total uint) (blinding (buff 32))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))))
  (if true (ok u3) (err u0)))
(define-read-only (verify-usage
    (ctx (buff 32)) (commitments (list 64 (buff 33)))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))))
  (if true (ok u2) (err u0)))
(define-read-only (add-commitments (left (list 64 (buff 33))) (right (list 64 (buff 33))) (hint (buff 32)))
  (if true (ok right) (err u0)))
(define-read-only (subtract-commitments (left (list 64 (buff 33))) (right (list 64 (buff 33))) (hint (buff 32)))
  (if true (ok left) (err u0)))
(define-read-only (compute-line
    (usage (list 64 (buff 33))) (rate uint) (constant int) (occupied (list 64 bool)) (hint (buff 32)))
  (if true (ok usage) (err u0)))
(define-read-only (verify-money
    (ctx (buff 32)) (commitments (list 64 (buff 33)))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))))
  (if true (ok true) (err u0)))
(define-read-only (verify-each-zero
    (ctx (buff 32)) (branches (list 4 (list 64 (buff 33)))) (nonces (list 4 (list 64 (buff 33))))
    (shares (list 3 (list 64 (buff 16)))) (responses (list 4 (list 64 (buff 32)))))
  (if true (ok true) (err u0)))
(define-read-only (verify-sum
    (commitments (list 64 (buff 33))) (total uint) (blinding (buff 32)) (hints (list 12 (buff 32))))
  (if true (ok true) (err u0)))
(define-read-only (sum-commitments (commitments (list 64 (buff 33))) (hints (list 12 (buff 32))))
  (element-at? commitments u0))
(define-read-only (verify-zero (ctx (buff 32)) (commitment (buff 33)) (nonce (buff 33)) (response (buff 32)))
  (if true (ok true) (err u0)))
(define-read-only (verify-opening (commitment (buff 33)) (value uint) (blinding (buff 32)))
  (if true (ok true) (err u0)))
""".replace("(element-at? commitments u0))", "(ok (unwrap! (element-at? commitments u0) (err u0))))")
"""A proof contract that accepts everything, for refusals that come before or after what is proved."""

_MOVES: Final = "(ft-transfer? coin amount sender recipient)"
assert TOKEN.count(_MOVES) == 1


def bad_token(moves: str, more: str = "") -> str:
    """TOKEN with another way of moving `amount` from sender to recipient."""
    return more + TOKEN.replace(_MOVES, moves)


BAD_TOKENS: Final = {
    "moves nothing and says it did": bad_token("(if (> amount u0) (ok true) (err u1))"),
    "says that it did not": bad_token(f"(begin (try! {_MOVES}) (ok false))"),
    "keeps a fee": bad_token("(ft-transfer? coin (- amount u1) sender recipient)"),
    "gives more": bad_token(f"(begin (try! (ft-mint? coin u1 recipient)) {_MOVES})"),
    "takes more": bad_token("(ft-transfer? coin (+ amount u1) sender recipient)"),
    "takes another token of the payer, too": bad_token(
        f"(begin (try! (contract-call? .test-token transfer u1 tx-sender recipient none)) {_MOVES})"
    ),
    "does not know balances": bad_token(_MOVES).replace("(ok (ft-get-balance coin who))", "(if true (err u7) (ok u0))"),
}
"""By what is wrong with them when they are paid in."""

STRIKING: Final = bad_token(
    f"(begin (and (is-eq tx-sender .payment) (try! (contract-call? .test-token transfer u1 tx-sender .desk none)))"
    f" {_MOVES})"
)
"""While payment pays out with it, it sends payment's other tokens away."""

KEEPING: Final = bad_token(f"(if (is-eq tx-sender .payment) (ok true) {_MOVES})")
"""It takes part in no payment out, and says that it did."""

SHRINKING: Final = bad_token(
    f"(begin (and (is-eq tx-sender .payment) (try! (ft-transfer? coin u1 sender .desk))) {_MOVES})"
)
"""It costs whoever pays out a unit more."""

CALLING: Final = bad_token(
    f"(begin (var-set answer (call (var-get call-next))) {_MOVES})",
    more="""
(define-data-var answer (optional uint) none)
(define-data-var call-next uint u0)
(define-constant REFERENCE 0x0000000000000000000000000000000000000000000000000000000000000000)
(define-read-only (get-answer) (var-get answer))
(define-public (next (which uint)) (ok (var-set call-next which)))
(define-private (call (which uint))
  (if (is-eq which u0) (match (contract-call? .payment pay u1 REFERENCE u5 .test-token) ok-is none code (some code))
  (if (is-eq which u1) (match (contract-call? .payment withdraw-float u1 u5 .test-token) ok-is none code (some code))
  (if (is-eq which u2) (match (contract-call? .payment approve-sales u1 u5) ok-is none code (some code))
  (if (is-eq which u3) (match (contract-call? .payment redeem u1 REFERENCE u5) ok-is none code (some code))
  (if (is-eq which u4) (match (contract-call? .payment release-holdback u1) ok-is none code (some code))
  (if (is-eq which u5) (match (contract-call? .payment withdraw u1 .test-token) ok-is none code (some code))
  (if (is-eq which u6) (match (contract-call? .payment reclaim u1 .test-token) ok-is none code (some code))
    none))))))))
""",
)
"""While it is moved it calls payment, and remembers what payment answered."""
