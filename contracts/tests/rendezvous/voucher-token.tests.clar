;; Properties of the voucher: only three treasurers together make any, each number once, and none is ever lost.

(define-constant UNIT u7)

(define-private (balance-of (who principal)) (ft-get-balance voucher who))

(define-public (any-mint) (mint (+ (var-get mints) u1) UNIT RECIPIENT))
(define-public (any-mint-again) (mint (var-get mints) UNIT RECIPIENT))

(define-public (any-transfer (amount uint) (recipient principal))
  (transfer (mod amount u10) contract-caller recipient none))

(define-read-only (invariant-all-of-it-is-somebody-s)
  (is-eq (ft-get-supply voucher) (fold + (map balance-of PEOPLE) u0)))

(define-read-only (invariant-each-mint-counts-once)
  (is-eq (ft-get-supply voucher) (* (var-get mints) UNIT)))

(define-public (test-nobody-moves-another-s (amount uint) (owner principal) (recipient principal))
  (if (is-eq contract-caller owner)
    (ok false)
    (begin
      (asserts! (is-eq (transfer amount owner recipient none) (err NOT_OWNER)) (err u999))
      (ok true))))

;; One alone, however often it asks.
(define-public (test-one-treasurer-mints-nothing (amount uint))
  (let ((number (+ (var-get mints) u1)) (units (+ amount u1)) (who contract-caller))
    (if (not (contract-call? .user-registry has-role TREASURER who))
      (ok (is-err (mint number units who)))
      (begin
        (asserts! (not (try! (mint number units who))) (err u999))
        (asserts! (not (try! (mint number units who))) (err u999))
        (asserts! (not (try! (mint number units who))) (err u999))
        (ok true)))))
