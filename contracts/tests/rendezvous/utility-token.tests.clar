;; Properties of the reward token: it stays between dwellings and payment, and is what was minted. Somebody outside, whom
;; only payment could give any, is OUTSIDER; a person stands for payment.

(define-private (balance-of (who principal)) (ft-get-balance utility who))

(define-public (any-transfer (amount uint) (recipient principal))
  (transfer (mod amount u50) contract-caller recipient none))

(define-public (any-mint (amount uint) (recipient principal)) (mint (mod amount u100) recipient))
(define-public (any-burn (amount uint) (owner principal)) (burn (mod amount u60) owner))

(define-read-only (invariant-all-of-it-is-somebody-s)
  (is-eq (ft-get-supply utility) (fold + (map balance-of PEOPLE) u0)))

(define-read-only (invariant-the-backing-stays)
  (is-eq (var-get backing) (some DEPLOYER)))

;; Without payment nothing is minted, burnt or moved for others.
(define-public (test-only-payment-mints-and-burns (amount uint) (who principal))
  (if (is-payment contract-caller)
    (ok false)
    (begin
      (asserts! (is-eq (mint amount who) ERR_CALLER) (err u999))
      (asserts! (is-eq (burn amount who) ERR_CALLER) (err u999))
      (ok true))))

(define-public (test-nobody-moves-another-s (amount uint) (owner principal) (recipient principal))
  (if (is-eq contract-caller owner)
    (ok false)
    (begin
      (asserts! (is-eq (transfer amount owner recipient none) (err NOT_OWNER)) (err u999))
      (ok true))))

(define-public (test-nothing-goes-outside (amount uint))
  (let ((units (+ amount u1)))
    (try! (ft-mint? utility units contract-caller))
    (asserts! (is-eq (transfer units contract-caller OUTSIDER none) ERR_OUTSIDE) (err u999))
    (try! (ft-burn? utility units contract-caller))
    (ok true)))

;; Who is in may, up to what there is.
(define-public (test-those-inside-pass-it-on (amount uint) (more uint) (recipient principal))
  (let ((units (+ amount u1)))
    (if (or (is-eq contract-caller recipient) (not (is-inside contract-caller)) (not (is-inside recipient)))
      (ok false)
      (let ((before (ft-get-balance utility contract-caller)))
        (try! (ft-mint? utility units contract-caller))
        (asserts! (is-eq (transfer (+ before units u1 more) contract-caller recipient none) (err u1)) (err u999))
        (transfer units contract-caller recipient none)))))
