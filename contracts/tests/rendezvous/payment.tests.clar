;; Properties of payment: `test-` ones of its parts, and invariants that hold after whatever is called. Settles in
;; voucher-token, of which a unit is 1000 units of account; the proof contract believes everything, so that the numbers
;; named here are those that a proof would have to show.

(define-constant RATIO u1000)
(define-constant REFERENCE 0x0000000000000000000000000000000000000000000000000000000000000000)
(define-constant GIVEN (list NOTHING NOTHING NOTHING NOTHING))
(define-constant PAID (list NOTHING TWICE_NOTHING TWICE_NOTHING TWICE_NOTHING))
(define-constant FAILED (err u999))
(define-constant DIGITS (list u0 u1 u2 u3 u4 u5 u6 u7 u8 u9))
(define-constant PERIODS (list u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11)) ;; of which zone 1 has bills
(define-constant MOST u60) ;; payments that the invariants add up

;; Zone 2 is closed, with something in it.
(map-set accounts u2 {
  pot: u500, pool: u0, credited: u400500, paid-out: u0, entitled: u100200, income: u199700,
  settled: u3, released: u3, sequence: u4, version: u7
})

;; ----------------------------------------------------------------------------------------------------
;; what is called at random, beside the contract's own functions: calls of theirs that may succeed
;; ----------------------------------------------------------------------------------------------------

(define-private (account-of (zone uint)) (unwrap-panic (get-account zone)))

(define-private (residents (zone uint))
  (let ((account (account-of zone)))
    (- (get credited account) (get paid-out account) (get entitled account))))

;; This contract is gateway and dispute-resolution of the zones; dwelling n has slot n - 1.
(define-private (own-slot)
  (- (default-to u1 (contract-call? .user-registry get-dwelling-of contract-caller)) u1))

(define-public (any-pay (amount uint))
  (begin
    (asserts! (< (var-get payment-count) MOST) FAILED)
    (pay u1 REFERENCE (mod amount u5000) .voucher-token)))

(define-public (any-reclaim (id uint))
  (reclaim (mod id (+ (var-get payment-count) u1)) .voucher-token))

(define-public (any-refund (id uint) (period uint))
  (as-contract? ((with-all-assets-unsafe))
    (unwrap! (refund (mod id (+ (var-get payment-count) u1)) (mod period u8) .voucher-token) FAILED)))

(define-public (any-fund-float (amount uint))
  (fund-float u1 (mod amount u5000) .voucher-token))

(define-public (any-approve-sales (more uint))
  (approve-sales u1 (+ (get approved (get-float u1 contract-caller)) (mod more u3000))))

(define-public (any-withdraw-float (amount uint))
  (withdraw-float u1 (mod amount u2000) .voucher-token))

(define-public (any-credit (id uint) (agent principal) (sale uint))
  (as-contract? () (unwrap! (credit-batch u1 (get sequence (account-of u1)) GIVEN
    (if (> (var-get payment-count) u0) (list (+ (mod id (var-get payment-count)) u1)) (list))
    (if (> (mod sale u2) u0) (list {agent: agent, amount: (mod sale u500)}) (list))
    REFERENCE (list) 0x (list) (list) (list) .privacy-proof) FAILED)))

(define-public (any-settle (held uint) (more uint))
  (as-contract? () (unwrap! (settle-period u1 GIVEN (list) (list) (list) (list) (list) (list) (list) (list)
    (some {total: (+ (mod held (+ (residents u1) u1)) (/ (mod more u9) u8)), blinding: REFERENCE, hints: (list)})
    .privacy-proof) FAILED)))

(define-public (any-withdraw) (withdraw u1 .voucher-token))
(define-public (any-release) (release-holdback u1))
(define-public (any-allow) (allow-payout u1 (own-slot)))

(define-public (any-payout (units uint))
  (let (
      (settled (get settled (account-of u1)))
      (amount (mod units u3000000))
      (hash (sha256 (unwrap-panic (to-consensus-buff? PAID)))))
    (map-set approved-payouts (try! (get-payout-action u1 settled u1 amount THE_AGENT hash)) true)
    (map-set wanted {zone: u1, settled: settled} u1)
    (try! (as-contract? () (unwrap! (payout-batch
      u1 PAID u1 amount THE_AGENT REFERENCE (list) 0x (list) (list) (list) .privacy-proof) FAILED)))
    (as-contract? ((with-all-assets-unsafe))
      (unwrap! (prove-payout u1 u1 (list) (list) (list) .voucher-token .privacy-proof) FAILED))))

(define-public (any-fund-rewards (amount uint)) (fund-rewards u1 (mod amount u100) .voucher-token))

(define-public (any-claim)
  (let ((settled (get settled (account-of u1))))
    (asserts! (> settled u0) FAILED)
    (claim-reward u1 (own-slot) (- settled u1) NOTHING REFERENCE .privacy-proof)))

(define-public (any-redeem (amount uint))
  (begin
    (asserts! (< (var-get payment-count) MOST) FAILED)
    (redeem u1 REFERENCE (mod amount u9))))

(define-public (any-exit (amount uint))
  (exit-claim u2 (own-slot) (mod amount u300301) 0x NOTHING REFERENCE .voucher-token .privacy-proof))

(define-public (any-remainder) (claim-remainder u2))
(define-public (any-withdraw-rest) (withdraw u2 .voucher-token))

;; ----------------------------------------------------------------------------------------------------
;; invariants
;; ----------------------------------------------------------------------------------------------------

(define-private (add-waiting (id uint) (so-far {zone: uint, units: uint}))
  (match (map-get? payments id)
    paid (if (and
        (is-eq (get zone paid) (get zone so-far))
        (is-none (get sequence paid))
        (not (get returned paid)))
      (merge so-far {units: (+ (get units so-far) (get amount paid))})
      so-far)
    so-far))

(define-private (add-ten (ten uint) (so-far {zone: uint, units: uint}))
  (get sums (fold add-one DIGITS {ten: ten, sums: so-far})))

(define-private (add-one (digit uint) (so-far {ten: uint, sums: {zone: uint, units: uint}}))
  (merge so-far {sums: (add-waiting (+ (* (get ten so-far) u10) digit u1) (get sums so-far))}))

(define-private (add-held (period uint) (so-far {zone: uint, units: uint}))
  (merge so-far {units: (+ (get units so-far) (get-hold-back (get zone so-far) period))}))

(define-private (add-float (who principal) (so-far {zone: uint, units: uint}))
  (merge so-far {units: (+ (get units so-far) (get balance (get-float (get zone so-far) who)))}))

(define-private (all-there (zone uint))
  (let (
      (account (account-of zone))
      (none-yet {zone: zone, units: u0})
      (waiting (get units (fold add-ten DIGITS none-yet)))
      (float (get units (fold add-float PEOPLE none-yet)))
      (held (get units (fold add-held PERIODS none-yet))))
    (is-eq
      (* (get pot account) RATIO)
      (+ (residents zone) (get income account) held (* (+ waiting float (get pool account)) RATIO)))))

(define-read-only (invariant-pots-are-what-is-owed)
  (and (all-there u1) (all-there u2)))

(define-read-only (invariant-tokens-are-there)
  (is-eq
    (unwrap-panic (contract-call? .voucher-token get-balance current-contract))
    (+ (get pot (account-of u1)) (get pot (account-of u2)) (var-get rewards-out) SPARE)))

(define-read-only (invariant-rewards-are-out)
  (is-eq (unwrap-panic (contract-call? .utility-token get-total-supply)) (var-get rewards-out)))

(define-private (is-sold-as-approved (who principal))
  (let ((float (get-float u1 who))) (<= (get debited float) (get approved float))))

(define-read-only (invariant-no-agent-sells-more-than-it-approved)
  (is-none (index-of? (map is-sold-as-approved PEOPLE) false)))

(define-read-only (invariant-no-token-is-asked)
  (not (var-get busy)))

(define-read-only (invariant-what-is-released-was-settled)
  (<= (get released (account-of u1)) (get settled (account-of u1))))

;; ----------------------------------------------------------------------------------------------------
;; properties
;; ----------------------------------------------------------------------------------------------------

;; Whatever the provider's claim grows by, income and hold-back are all of it, and the hold-back the twentieth part.
(define-public (test-a-settlement-splits-its-growth (growth uint) (kept uint) (entitled-before uint))
  (let (
      (account (account-of u1))
      (period (get settled account))
      (credited (+ (get paid-out account) entitled-before kept growth)))
    (map-set accounts u1 (merge account {credited: credited, entitled: entitled-before}))
    (map-set begun-settlements u1 {
      version: (get version account), balances: GIVEN, arrears: GIVEN, sums: GIVEN, corrected: (list),
      lists-hash: REFERENCE
    })
    (try! (book-settlement u1 (some {total: kept, blinding: REFERENCE, hints: (list)}) .privacy-proof))
    (let (
        (after (account-of u1))
        (held (get-hold-back u1 period)))
      (asserts! (is-eq (get entitled after) (+ entitled-before growth)) FAILED)
      (asserts! (is-eq (+ (- (get income after) (get income account)) held) growth) FAILED)
      (asserts! (and (<= (* held u20) growth) (< growth (* (+ held u1) u20))) FAILED)
      (ok true))))

;; What the provider gives back comes out of the hold-back first, all of it out of both, and never more than there is.
(define-public (test-what-is-drawn-was-there (held uint) (income uint) (amount uint))
  (let ((key {zone: u1, period: u9000}))
    (map-set hold-backs key held)
    (match (draw u1 u9000 income amount)
      left (let ((after (get-hold-back u1 u9000)))
        (map-delete hold-backs key)
        (asserts! (is-eq (+ (- held after) (- income left)) amount) FAILED)
        (ok (asserts! (or (is-eq after u0) (is-eq left income)) FAILED)))
      refused (begin
        (map-delete hold-backs key)
        (ok (asserts! (> amount (+ held income)) FAILED))))))

;; With corrections it may shrink, to what was paid in and is no balance.
(define-public (test-corrections-may-shrink-the-claim (kept uint) (growth uint) (entitled-before uint))
  (let ((account {
      credited: (+ kept growth), paid-out: u0, entitled: entitled-before, settled: (get settled (account-of u1))
    }))
    (asserts!
      (is-eq
        (entitlement u1 account GIVEN u1 (some {total: kept, blinding: REFERENCE, hints: (list)}) .privacy-proof)
        (ok growth))
      FAILED)
    (ok (asserts!
      (is-eq
        (entitlement u1 (merge account {credited: kept}) GIVEN u1
          (some {total: (+ kept growth u1), blinding: REFERENCE, hints: (list)}) .privacy-proof)
        ERR_UNFUNDED)
      FAILED))))

;; Without a correction the provider's claim never shrinks.
(define-public (test-balances-beyond-what-was-paid-in-are-refused (kept uint) (entitled-before uint) (beyond uint))
  (let ((account {
      credited: (+ kept entitled-before), paid-out: u0, entitled: entitled-before,
      settled: (get settled (account-of u1))
    }))
    (ok (is-eq
      (entitlement u1 account GIVEN u0
        (some {total: (+ kept beyond u1), blinding: REFERENCE, hints: (list)}) .privacy-proof)
      ERR_UNFUNDED))))

;; Only whole token units leave, and what is left of a unit stays income.
(define-public (test-a-withdrawal-leaves-the-rest (income uint))
  (let (
      (account (account-of u1))
      (units (/ income RATIO))
      (before (unwrap-panic (contract-call? .voucher-token get-balance contract-caller))))
    (map-set accounts u1 (merge account {income: income, pot: (+ units u3)}))
    (if (or (not (is-eq contract-caller THE_PROVIDER)) (is-eq units u0))
      (ok false)
      (begin
        (try! (withdraw u1 .voucher-token))
        (asserts! (is-eq (get income (account-of u1)) (- income (* units RATIO))) FAILED)
        (asserts! (is-eq (get pot (account-of u1)) u3) FAILED)
        (asserts!
          (is-eq (unwrap-panic (contract-call? .voucher-token get-balance contract-caller)) (+ before units))
          FAILED)
        (ok true)))))

;; Just the payments of more than nothing and less than 2^36 units of account.
(define-public (test-a-payment-is-something-and-below-its-limit (amount uint) (ratio uint))
  (let ((units (mod amount u137438953472)) (each (+ (mod ratio u100) u1)))
    (asserts!
      (is-eq
        (is-ok (add-payment u1 units each REFERENCE false))
        (and (> units u0) (<= (* units each) u68719476735)))
      FAILED)
    (ok true)))

(define-private (slot-of (points (list 64 (buff 33))) (slot uint)) (unwrap-panic (element-at? points slot)))

;; Arrears are forgotten in the slots whose bit is set, and in no other.
(define-public (test-who-moves-in-owes-nothing (mask uint))
  (let ((after (get points (fold forget GIVEN {fresh: mask, slot: u0, points: (list)}))))
    (asserts! (is-eq (len after) u4) FAILED)
    (asserts! (is-eq (is-eq (slot-of after u0) TWICE_NOTHING) (is-eq (mod mask u2) u1)) FAILED)
    (asserts! (is-eq (is-eq (slot-of after u1) TWICE_NOTHING) (is-eq (mod (/ mask u2) u2) u1)) FAILED)
    (asserts! (is-eq (is-eq (slot-of after u2) TWICE_NOTHING) (is-eq (mod (/ mask u4) u2) u1)) FAILED)
    (asserts! (is-eq (is-eq (slot-of after u3) TWICE_NOTHING) (is-eq (mod (/ mask u8) u2) u1)) FAILED)
    (ok true)))

;; A payout of a slot outside the mask is found.
(define-public (test-a-payout-keeps-to-its-mask (mask uint) (slot uint))
  (let (
      (at (mod slot u4))
      (paid (put (list TWICE_NOTHING TWICE_NOTHING TWICE_NOTHING TWICE_NOTHING) at NOTHING)))
    (asserts!
      (is-eq
        (get masked (fold check-mask paid {mask: mask, slot: u0, masked: true}))
        (is-eq (mod (/ mask (pow u2 at)) u2) u1))
      FAILED)
    (asserts! (is-eq (filter is-payout paid) (list NOTHING)) FAILED)
    (ok true)))

;; A list's parts are the list.
(define-public (test-two-parts-are-the-whole (count uint))
  (let ((points (unwrap-panic (slice? (copies NOTHING) u0 (mod count u65)))))
    (asserts! (is-eq (concat (part-of points u0) (part-of points u1)) points) FAILED)
    (asserts! (<= (len (part-of points u0)) PART) FAILED)
    (ok true)))
