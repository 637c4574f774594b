"""Contract texts that only tests deploy: the registry of small zones, and a token."""

from __future__ import annotations

from typing import Final

from tests.contracts.vm import CONTRACTS

SMALL_K_MIN: Final = 2

TOKEN: Final = """
(define-fungible-token coin)
(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (asserts! (is-eq tx-sender sender) (err u4))
    (match memo note (print note) 0x)
    (ft-transfer? coin amount sender recipient)))
(define-public (mint (amount uint) (recipient principal)) (ft-mint? coin amount recipient))
(define-read-only (get-name) (ok "Coin"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u2))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok (if true none (some u""))))
"""
"""A SIP-010 token of which anybody may mint."""


def small_registry() -> str:
    """The test copy: zones of 4 slots, totals over two dwellings. Nothing else differs from what is shipped."""
    text = (CONTRACTS / "user-registry.clar").read_text()
    for shipped, test in (
        ("(define-constant K_MIN_FLOOR u15)", f"(define-constant K_MIN_FLOOR u{SMALL_K_MIN})"),
        ("(is-eq slots u16)", "(is-eq slots u4) (is-eq slots u16)"),
    ):
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, test)
    return text


OFFICE: Final = """
(define-public (set-role (role uint) (who principal) (given bool))
  (contract-call? .user-registry set-role role who given))
(define-public (set-parameter (name (string-ascii 32)) (value uint))
  (contract-call? .user-registry set-parameter name value))
(define-public (list-token (token principal) (ratio uint)) (contract-call? .user-registry list-token token ratio))
(define-public (switch-contract (name (string-ascii 32)) (contract principal))
  (contract-call? .user-registry switch-contract name contract))
(define-public (set-pause (until uint)) (contract-call? .user-registry set-pause until))
(define-public (release-slot (zone uint) (slot uint)) (contract-call? .user-registry release-slot zone slot u0))
(define-public (begin-zone (zone uint)) (contract-call? .user-registry begin-zone zone))
(define-public (open-period (zone uint)) (contract-call? .user-registry open-period zone))
(define-public (close-zone (zone uint)) (contract-call? .user-registry close-zone zone))
(define-public (approve (name (string-ascii 32)) (role uint) (action (buff 32)) (needed uint))
  (contract-call? .user-registry approve name role contract-caller action needed))
(define-public (expose (zone uint) (period uint) (slot uint)) (contract-call? .aggregation expose zone period slot))
(define-public (expose-slots (zone uint) (period uint) (mask uint))
  (contract-call? .aggregation expose-slots zone period mask))
"""
"""Stands in for governance, payment or meter-data, whichever of them it is made: passes everything on for anybody."""

LOOK_ALIKE: Final = """
(impl-trait .user-registry.proof-trait)
(define-read-only (verify-usage-batch
    (ctx (buff 32)) (commitments (list 64 (buff 33))) (total uint) (blinding-sum (buff 32))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))))
  (if true (ok CLAIM) (err u1)))
(define-read-only (verify-usage
    (ctx (buff 32)) (commitments (list 64 (buff 33)))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))))
  (if true (ok CLAIM) (err u1)))
(define-read-only (add-commitments (running (list 64 (buff 33))) (added (list 64 (buff 33))) (hint (buff 32)))
  (if true (ok added) (err u1)))
(define-read-only (subtract-commitments (left (list 64 (buff 33))) (right (list 64 (buff 33))) (hint (buff 32)))
  (if true (ok left) (err u1)))
(define-read-only (compute-line
    (usage (list 64 (buff 33))) (rate uint) (constant int) (occupied (list 64 bool)) (hint (buff 32)))
  (if true (ok usage) (err u1)))
(define-read-only (verify-money
    (ctx (buff 32)) (commitments (list 64 (buff 33)))
    (points (list 32 (buff 33))) (scalars (list 32 (buff 32))) (hints (list 12 (buff 32))))
  (if true (ok true) (err u1)))
(define-read-only (verify-each-zero
    (ctx (buff 32)) (branches (list 4 (list 64 (buff 33)))) (nonces (list 4 (list 64 (buff 33))))
    (shares (list 3 (list 64 (buff 16)))) (responses (list 4 (list 64 (buff 32)))))
  (if true (ok true) (err u1)))
(define-read-only (verify-sum
    (commitments (list 64 (buff 33))) (total uint) (blinding (buff 32)) (hints (list 12 (buff 32))))
  (if true (ok true) (err u1)))
(define-read-only (sum-commitments (commitments (list 64 (buff 33))) (hints (list 12 (buff 32))))
  (if true (ok 0x) (err u1)))
(define-read-only (verify-zero (ctx (buff 32)) (commitment (buff 33)) (nonce (buff 33)) (response (buff 32)))
  (if true (ok true) (err u1)))
(define-read-only (verify-opening (commitment (buff 33)) (value uint) (blinding (buff 32)))
  (if true (ok true) (err u1)))
"""
"""Offers what privacy-proof does and says yes to everything; CLAIM is what it says it checked."""
