;; What the local chain's own tests call: heights, assets, failures. Never deployed anywhere else.
(define-constant ERR_REFUSED (err u5))
(define-fungible-token coin)
(define-non-fungible-token deed uint)
(define-data-var count uint u0)
(define-map seen uint {height: uint, burn: uint})

(define-read-only (get-heights) {stacks: stacks-block-height, burn: burn-block-height})
(define-read-only (get-balance (who principal)) (stx-get-balance who))
(define-read-only (get-count) (var-get count))
(define-read-only (fail) (/ u1 u0))
(define-read-only (get-chain) chain-id)
(define-private (hidden) u1)

(define-public (increment (by uint))
  (begin
    (var-set count (+ (var-get count) by))
    (map-set seen (var-get count) {height: stacks-block-height, burn: burn-block-height})
    (print {topic: "increment", count: (var-get count), height: stacks-block-height, burn: burn-block-height,
      sender: tx-sender, sponsor: tx-sponsor?})
    (ok (var-get count))))
(define-public (refuse)
  (begin
    (var-set count u999)
    (print "never seen")
    ERR_REFUSED))
(define-public (crash)
  (begin
    (var-set count u999)
    (ok (/ u1 (- (var-get count) u999)))))
(define-public (pay (amount uint) (to principal))
  (begin
    (var-set count (+ (var-get count) u1))
    (stx-transfer? amount tx-sender to)))
(define-public (deposit (amount uint)) (stx-transfer? amount tx-sender current-contract))
(define-public (withdraw (amount uint) (to principal))
  (as-contract? ((with-stx amount)) (unwrap-panic (stx-transfer? amount tx-sender to))))
(define-public (issue (amount uint) (id uint))
  (begin
    (try! (ft-mint? coin amount tx-sender))
    (nft-mint? deed id tx-sender)))
(define-public (give (amount uint) (id uint) (to principal))
  (begin
    (try! (ft-transfer? coin amount tx-sender to))
    (nft-transfer? deed id tx-sender to)))
(define-public (keep (text (string-ascii 8)) (bytes (buff 4)) (choice (optional bool)) (list-of (list 2 int)))
  (ok (+ (len text) (len bytes) (if (is-some choice) u1 u0) (len list-of))))

;; 25 x 25 x 25 writes: more than a block may make.
(define-constant MANY (list u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1))
(define-private (write-one (a uint) (b uint)) (begin (var-set count (+ a b)) b))
(define-private (write-row (a uint) (b uint)) (fold write-one MANY (+ a b)))
(define-private (write-table (a uint) (b uint)) (fold write-row MANY (+ a b)))
(define-public (exhaust) (ok (fold write-table MANY u0)))
