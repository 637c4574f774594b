;; Properties of billing: lines against a tariff that is computed band by band, what a tariff may be and how far it may
;; move, which version a period has, and how claims are counted.

(define-constant FAILED (err u999))

;; Up to four bands out of anything: `from` 0 and then rising, rates that do not fall.
(define-private (some-bands (many uint) (a uint) (b uint) (c uint) (d uint))
  (let (
      (first {from: u0, rate: (mod a u4096)})
      (second {from: (+ (mod b u40000) u1), rate: (+ (get rate first) (mod b u4096))})
      (third {from: (+ (get from second) (mod c u40000) u1), rate: (+ (get rate second) (mod c u4096))})
      (fourth {from: (+ (get from third) (mod d u40000) u1), rate: (+ (get rate third) (mod d u4096))}))
    (unwrap-panic (slice? (list first second third fourth) u0 (+ (mod many u4) u1)))))

;; What a usage of one block costs, band by band: each costs its rate for what lies between its begin and the next.
(define-private (add-band (band {from: uint, rate: uint}) (so-far {usage: uint, cost: uint, above: uint}))
  (if (> (get usage so-far) (get from band))
    (merge so-far {
      cost: (+ (get cost so-far) (* (- (get usage so-far) (get from band)) (- (get rate band) (get above so-far)))),
      above: (get rate band)
    })
    so-far))

(define-private (cost (charge uint) (bands (list 4 {from: uint, rate: uint})) (usage uint))
  (+ charge (get cost (fold add-band bands {usage: usage, cost: u0, above: u0}))))

(define-private (highest (line {rate: uint, constant: int}) (so-far {usage: uint, amount: int}))
  (let ((amount (+ (to-int (* (get rate line) (get usage so-far))) (get constant line))))
    (if (> amount (get amount so-far)) (merge so-far {amount: amount}) so-far)))

(define-public (test-the-highest-line-is-the-tariff
    (charge uint) (many uint) (a uint) (b uint) (c uint) (d uint) (usage uint))
  (let (
      (bands (some-bands many a b c d))
      (used (mod usage u149797)))
    (asserts!
      (is-eq
        (get amount (fold highest (lines-of charge bands) {usage: used, amount: -1}))
        (to-int (cost charge bands used)))
      FAILED)
    (ok true)))

;; The lines of n blocks are those of one block, and the bill that of n equal blocks.
(define-public (test-blocks-do-not-matter
    (charge uint) (many uint) (a uint) (b uint) (c uint) (d uint) (usage uint) (blocks uint))
  (let (
      (bands (some-bands many a b c d))
      (used (mod usage u149797))
      (n (+ (mod blocks u366) u1))
      (over (get lines (fold add-over-blocks (lines-of charge bands) {blocks: (to-int n), lines: (list)}))))
    (asserts!
      (is-eq
        (get amount (fold highest over {usage: (* used n), amount: -1}))
        (to-int (* n (cost charge bands used))))
      FAILED)
    (ok true)))

;; What is a tariff costs less than 2^36 in 31 blocks of the most that a block holds, and begins at zero.
(define-public (test-no-tariff-is-too-dear (charge uint) (many uint) (a uint) (b uint) (c uint) (d uint))
  (let ((bands (some-bands many a b c d)))
    (asserts!
      (is-eq
        (is-tariff charge bands)
        (and
          (or (> charge u0) (> (mod a u4096) u0) (> (len bands) u1))
          (is-none (index-of? (map is-band bands) false))
          (< (* u31 (cost charge bands u149796)) u68719476736)))
      FAILED)
    (ok true)))

(define-public (test-bands-in-another-order-are-no-tariff (a uint) (b uint))
  (let ((bands (some-bands u1 a b u0 u0)))
    (asserts!
      (not (is-tariff u1 (list (unwrap-panic (element-at? bands u1)) (unwrap-panic (element-at? bands u0)))))
      FAILED)
    (ok true)))

;; A fifth up or down, to the unit.
(define-public (test-near-is-within-a-fifth (old uint) (new uint))
  (let ((near (mod new (+ (* u2 old) u2))))
    (asserts!
      (is-eq (is-near near old) (and (<= (* near u5) (* old u6)) (>= (* near u5) (* old u4))))
      FAILED)
    (ok true)))

;; Three versions: a period has the last that has begun.
(define-public (test-a-period-has-the-last-version-begun (a uint) (b uint) (period uint))
  (let (
      (second (+ (mod a u20) u1))
      (third (+ second (mod b u20) u1))
      (at (mod period u45))
      (empty {charge: u1, bands: (list)}))
    (map-set utilities u9 {versions: u3, ceiling: u1, charge-ceiling: u1, lifeline: u1, changed: u0})
    (map-set tariffs {utility: u9, version: u1} (merge empty {from-period: u0}))
    (map-set tariffs {utility: u9, version: u2} (merge empty {from-period: second}))
    (map-set tariffs {utility: u9, version: u3} (merge empty {from-period: third}))
    (asserts!
      (is-eq (get-version u9 at) (some (if (>= at third) u3 (if (>= at second) u2 u1))))
      FAILED)
    (ok true)))

;; A charge above its ceiling, or a band below the lifeline above its, is not affordable.
(define-public (test-limits-hold (charge uint) (a uint) (b uint) (ceiling uint) (lifeline uint))
  (let (
      (bands (some-bands u1 a b u0 u0))
      (second (unwrap-panic (element-at? bands u1)))
      (limit (mod ceiling u8192))
      (line (+ (mod lifeline u40000) u1))
      (most (mod ceiling u5000)))
    (asserts!
      (is-eq
        (is-affordable (mod charge u5000) bands {ceiling: limit, charge-ceiling: most, lifeline: line})
        (and
          (<= (mod charge u5000) most)
          (<= (mod a u4096) limit)
          (or (>= (get from second) line) (<= (get rate second) limit))))
      FAILED)
    (ok true)))

(define-public (test-claims-come-and-go (zone uint) (slot uint))
  (let ((before (get-claims zone slot)))
    (count-claim zone slot true)
    (asserts! (is-eq (get-claims zone slot) (+ before u1)) FAILED)
    (count-claim zone slot false)
    (asserts! (is-eq (get-claims zone slot) before) FAILED)
    (ok true)))

;; By slot, whether its bit is set.
(define-public (test-occupancy-is-the-mask (slot uint))
  (let ((at (mod slot u4)))
    (asserts!
      (is-eq (element-at? (occupancy u1 u0 u4) at) (some (is-eq (mod (/ u11 (pow u2 at)) u2) u1)))
      FAILED)
    (ok true)))

;; ----------------------------------------------------------------------------------------------------
;; disputes at random about four slots of three periods; this contract is dispute-resolution and payment, too
;; ----------------------------------------------------------------------------------------------------

(define-constant PLACES (list
  {slot: u0, period: u0} {slot: u1, period: u0} {slot: u2, period: u0} {slot: u3, period: u0}
  {slot: u0, period: u1} {slot: u1, period: u1} {slot: u2, period: u1} {slot: u3, period: u1}
  {slot: u0, period: u2} {slot: u1, period: u2} {slot: u2, period: u2} {slot: u3, period: u2}))

(define-public (any-freeze (slot uint) (period uint))
  (as-contract? () (unwrap! (freeze u1 (mod slot u4) (mod period u3)) FAILED)))
(define-public (any-unfreeze (slot uint) (period uint))
  (as-contract? () (unwrap! (unfreeze u1 (mod slot u4) (mod period u3)) FAILED)))
(define-public (any-correct (slot uint) (period uint))
  (as-contract? () (unwrap! (correct-bill u1 (mod slot u4) (mod period u3) 0x02) FAILED)))
(define-public (any-take (slot uint) (period uint))
  (as-contract? () (unwrap! (take-correction u1 (mod slot u4) (mod period u3)) FAILED)))

(define-private (count-open
    (place {slot: uint, period: uint})
    (so-far {slot: (optional uint), period: (optional uint), frozen: uint, pending: uint}))
  (if (and
      (is-eq (default-to (get slot place) (get slot so-far)) (get slot place))
      (is-eq (default-to (get period place) (get period so-far)) (get period place)))
    (merge so-far {
      frozen: (+ (get frozen so-far) (if (is-frozen u1 (get slot place) (get period place)) u1 u0)),
      pending: (+ (get pending so-far)
        (match (get-correction u1 (get slot place) (get period place)) ruled (if (get taken ruled) u0 u1) u0))
    })
    so-far))

(define-private (open-at (slot (optional uint)) (period (optional uint)))
  (fold count-open PLACES {slot: slot, period: period, frozen: u0, pending: u0}))

(define-private (claims-right (slot uint))
  (let ((open (open-at (some slot) none)))
    (is-eq (get-claims u1 slot) (+ (get frozen open) (get pending open)))))

(define-private (frozen-right (period uint))
  (is-eq (get-frozen-count u1 period) (get frozen (open-at none (some period)))))

(define-read-only (invariant-claims-are-what-is-open)
  (is-eq (map claims-right (list u0 u1 u2 u3)) (list true true true true)))

(define-read-only (invariant-frozen-bills-are-counted)
  (is-eq (map frozen-right (list u0 u1 u2)) (list true true true)))

(define-read-only (invariant-pending-corrections-are-counted)
  (is-eq (get-pending-count u1) (get pending (open-at none none))))
