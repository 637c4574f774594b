;; privacy-proof: checks what is claimed about commitments. Stateless: every function is read-only, open to anyone.
;;
;; Range proofs are checked by the generated contracts range-1 to range-64 (usage) and money-1 to money-32, one for each
;; number of commitments, and commitments added up by the generated point-sums; the small statements (openings, zeros,
;; bits, lines of a tariff) are checked here.
;; The protocol is circuits/README.md.
;;
;; C = v*A + r*H0 on secp256k1, with A = x^-1 * L and H0 = -x^-1 * G for the hashed point L = (x, even y). Recovering a
;; key from hash z and signature (x of P, s, parity of y of P) yields x^-1 * (s*P - z*G), in one native call. It
;; refuses s = 0, and s or x not below N.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(impl-trait .user-registry.proof-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

;; Bits of what was checked.
(define-constant CHECKED_RANGES u2)
(define-constant CHECKED_BATCH u3)

;; H0, which opens to 0 with the blinding 1; -A; what a signature over A begins with: x of L, and the zeros before a
;; value of 16 bytes.
(define-constant BLINDING_BASE 0x02a6851a018281fec9022c10bcfa8c4aea45895cdc22b381648a418e6943285818)
(define-constant MINUS_VALUE_BASE 0x03a3204d9656be8a9c085ea33ea60ceca693a522910824cff8c7dcc54166431bdf)
(define-constant VALUE_LIFT (concat
  0x43c700558f8c3e3cd39823e530523334fa7bac486c0840f0aabeeb87a6e105d2
  0x000000000000000000000000000000))

;; sha256 of the length and the name of "mita/v1/zero", "mita/v1/any-zero" and "mita/v1/each-zero".
(define-constant ZERO_DOMAIN 0x4580b90d2399ceaf3689739119178756b41774d0491001987228686a9c78a6b7)
(define-constant ANY_ZERO_DOMAIN 0xac0690fccd83b2169a7477273c1afca2816aa6c370a39022176d09a88c427516)
(define-constant EACH_ZERO_DOMAIN 0xaa1535f5a9f0ed7dc7a2dfe51639c6f85c524495990596d5fc0f06e7bda7aa5d)

;; The group order N: a scalar is 32 bytes below it. -1 and -1 - x of L mod N.
(define-constant ORDER 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141)
(define-constant MINUS_ONE 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140)
(define-constant MINUS_ONE_AND_LIFT 0xbc38ffaa7073c1c32c67dc1acfadccc9c033309e43405f4b1513730529553b6e)

;; 2^20 - 1: the most that one commitment to usage may hold. Rates, and constants of either sign, are below 2^52.
(define-constant MAX_VALUE u1048575)
(define-constant PRICE_LIMIT 4503599627370496)

;; 2^128 - 1.
(define-constant MAX_HALF u340282366920938463463374607431768211455)

;; 2^127 - 1: the most that is opened.
(define-constant MAX_OPENED u170141183460469231731687303715884105727)

(define-constant ZERO_16 0x00000000000000000000000000000000)
(define-constant ZERO_32 0x0000000000000000000000000000000000000000000000000000000000000000)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_ENCODING (err u300)) ;; not a compressed point (fit for recovery), or no scalar of 32 bytes below N
(define-constant ERR_LENGTH (err u301)) ;; a list, context, hint or opening that this statement does not have so
(define-constant ERR_HINT (err u302)) ;; not the inverse it should be, which equal or opposite points do not have
(define-constant ERR_ZERO_CHALLENGE (err u303)) ;; a challenge or share that is zero, or not below N
(define-constant ERR_OPENING (err u304)) ;; the commitments do not open to this value, possible or not, and blinding
(define-constant ERR_EQUATION (err u305)) ;; the proof does not show its statement in this context
(define-constant ERR_KIND (err u306)) ;; not a kind of proof
(define-constant ERR_PRICE (err u307)) ;; a rate or constant of 2^52 or more, or both zero

;; ----------------------------------------------------------------------------------------------------
;; read-only: proof-trait
;; ----------------------------------------------------------------------------------------------------

;; ok u3: every commitment holds a value in [0, 2^20), and their sum opens to (total, blinding-sum). ctx is 32 bytes,
;; made by the calling contract: whatever the proof must be good for and for nothing else. 1, 4, 16, 32 or 64
;; commitments. Errors u1000 to u1004 are the verifiers'.
(define-read-only (verify-usage-batch
    (ctx (buff 32))
    (commitments (list 64 (buff 33)))
    (total uint)
    (blinding-sum (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (begin
    (asserts! (is-scalar blinding-sum) ERR_ENCODING)
    (asserts! (<= total (* (len commitments) MAX_VALUE)) ERR_OPENING)
    (try! (in-range ctx commitments (some {total: total, blinding: blinding-sum}) points scalars hints))
    (ok CHECKED_BATCH)))

;; ok u2: every commitment holds a value in [0, 2^20); nothing is opened.
(define-read-only (verify-usage
    (ctx (buff 32))
    (commitments (list 64 (buff 33)))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (begin
    (try! (in-range ctx commitments none points scalars hints))
    (ok CHECKED_RANGES)))

;; running[j] + added[j] for 1 to 64 pairs; hint is the inverse mod p of the product of all
;; (x of added[j] - x of running[j]).
(define-read-only (add-commitments
    (running (list 64 (buff 33)))
    (added (list 64 (buff 33)))
    (hint (buff 32)))
  (match (contract-call? .point-sums add running added hint)
    sums (ok sums)
    code (from-sums code)))

;; left[j] - right[j] for 1 to 64 pairs; hint as for add-commitments.
(define-read-only (subtract-commitments
    (left (list 64 (buff 33)))
    (right (list 64 (buff 33)))
    (hint (buff 32)))
  (add-commitments left (map opposite right) hint))

;; One line of a tariff over 1 to 64 slots: rate*U + constant*A where occupied, rate*U + H0 where not; rate and
;; constant below 2^52 in absolute value. hint is the inverse mod p of the product of all (x of what is added - x of
;; rate*U). A constant of 0 adds nothing, in vacant slots neither; a rate of 0 leaves constant*A and H0: then the hint
;; is empty.
(define-read-only (compute-line
    (usage (list 64 (buff 33)))
    (rate uint)
    (constant int)
    (occupied (list 64 bool))
    (hint (buff 32)))
  (begin
    (asserts! (and (> (len usage) u0) (is-eq (len usage) (len occupied))) ERR_LENGTH)
    (asserts! (and (< constant PRICE_LIMIT) (> constant (- PRICE_LIMIT)) (< rate (to-uint PRICE_LIMIT))) ERR_PRICE)
    (if (is-eq constant 0)
      (begin
        (asserts! (> rate u0) ERR_PRICE)
        (asserts! (is-eq (len hint) u0) ERR_LENGTH)
        (ok (map when-occupied occupied (try! (multiplied (map when-used occupied usage) rate)))))
      (let (
          (point (unwrap! (times-a (if (< constant 0) (- constant) constant)) ERR_PRICE))
          (constants (map when-occupied occupied (copies (if (< constant 0) (opposite point) point)))))
        (if (is-eq rate u0)
          (begin
            (asserts! (is-eq (len hint) u0) ERR_LENGTH)
            (ok constants))
          (ok (map when-occupied occupied (try! (add-commitments
            (try! (multiplied (map when-used occupied usage) rate)) constants hint)))))))))

;; (ok true): every commitment holds a value in [0, 2^48). 1, 4, 16 or 32 commitments.
(define-read-only (verify-money
    (ctx (buff 32))
    (commitments (list 64 (buff 33)))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (let ((m (len commitments)))
    (if (is-eq m u32)
      (contract-call? .money-32 verify ctx commitments none points scalars hints)
      (if (is-eq m u16)
        (contract-call? .money-16 verify ctx commitments none points scalars hints)
        (if (is-eq m u4)
          (contract-call? .money-4 verify ctx commitments none points scalars hints)
          (begin
            (asserts! (is-eq m u1) ERR_LENGTH)
            (contract-call? .money-1 verify ctx commitments none points scalars hints)))))))

;; (ok true) when whoever made the proof knew, for each of 1 to 64 slots, an opening to zero of that slot's commitment
;; in one of the 2 to 4 branches. All lists are by branch, then by slot. One hash serves all slots: the second half of
;; sha256(domain | ctx | branches | nonces) is what a slot's shares, the last of which follows, add up to mod 2^128. No
;; share is zero, and each response answers its share for its nonce as in verify-zero.
(define-read-only (verify-each-zero
    (ctx (buff 32))
    (branches (list 4 (list 64 (buff 33))))
    (nonces (list 4 (list 64 (buff 33))))
    (shares (list 3 (list 64 (buff 16))))
    (responses (list 4 (list 64 (buff 32)))))
  (let ((m (len (unwrap! (element-at? branches u0) ERR_LENGTH))))
    (asserts! (and (is-eq (len ctx) u32) (> (len branches) u1)) ERR_LENGTH)
    (asserts! (is-eq (len branches) (len nonces) (+ (len shares) u1) (len responses)) ERR_LENGTH)
    (asserts!
      (> (fold common-length branches (fold common-length nonces
        (fold common-length shares (fold common-length responses m)))) u0)
      ERR_LENGTH)
    (let (
        (whole (half-at (sha256 (concat EACH_ZERO_DOMAIN ctx
          (unwrap! (to-consensus-buff? branches) ERR_LENGTH)
          (unwrap! (to-consensus-buff? nonces) ERR_LENGTH))) u16))
        (four (list whole whole whole whole))
        (sixteen (concat four four four four))
        (last (fold take-shares shares (concat sixteen sixteen sixteen sixteen)))
        (all-shares (append shares (map half-bytes last))))
      (asserts!
        (is-none (index-of? (map branch-shows-zero branches nonces all-shares responses) false))
        (if (is-some (index-of? (map is-branch branches nonces all-shares responses) false))
          ERR_ENCODING
          (if (is-some (index-of? (map has-zero all-shares) true)) ERR_ZERO_CHALLENGE ERR_EQUATION)))
      (ok true))))

;; (ok true) when the sum of 1 to 64 commitments is total*A + blinding*H0. Alone it binds only the sum. hints as for
;; sum-commitments.
(define-read-only (verify-sum
    (commitments (list 64 (buff 33)))
    (total uint)
    (blinding (buff 32))
    (hints (list 12 (buff 32))))
  (verify-opening (try! (sum-commitments commitments hints)) total blinding))

;; The sum of 1 to 64 commitments, added up first half to second half, an odd last one carried, until one is left. hints
;; has for each level the inverse mod p of the product of all (x of second - x of first).
(define-read-only (sum-commitments (commitments (list 64 (buff 33))) (hints (list 12 (buff 32))))
  (match (contract-call? .point-sums sum commitments hints)
    whole (ok whole)
    code (from-sums code)))

;; (ok true) when the commitment is value*A + blinding*H0. For a value of zero, or none of this, recovery or comparison
;; fails; `otherwise-opens` decides. The literal is the x-coordinate of L and the 15 zeros that come before a value of
;; 16 bytes, whose consensus form as an int is a zero and these.
(define-read-only (verify-opening (commitment (buff 33)) (value uint) (blinding (buff 32)))
  (ok (or
    (and
      (<= value MAX_OPENED)
      (is-eq (len blinding) u32)
      (< blinding ORDER)
      (is-eq (ok commitment) (secp256k1-recover? blinding (concat
        0x43c700558f8c3e3cd39823e530523334fa7bac486c0840f0aabeeb87a6e105d2000000000000000000000000000000
        (unwrap-panic (to-consensus-buff? (to-int value)))
        0x00))))
    (try! (otherwise-opens commitment value blinding)))))

;; (ok true) when whoever made the proof knew r with commitment = r*H0. It is Schnorr's, scaled so that one recovery
;; checks it: x_C^-1 * (h*C - response*G) is the nonce point, for h = sha256(domain | ctx | C | nonce point).
(define-read-only (verify-zero
    (ctx (buff 32))
    (commitment (buff 33))
    (nonce (buff 33))
    (response (buff 32)))
  (begin
    (asserts! (is-eq (len ctx) u32) ERR_LENGTH)
    (shows-zero commitment nonce
      (sha256 (concat ZERO_DOMAIN ctx commitment nonce))
      response)))

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; (ok true) when the proof shows its statement; what a kind does not name is empty or none.
;; "usage"    verify-usage-batch with an opening, verify-usage without
;; "money"    verify-money
;; "opening"  verify-sum: the sum of the commitments opens
;; "zero"     verify-zero of one commitment; points (nonce), scalars (response)
;; "bit"      verify-bit of one commitment
(define-read-only (verify-proof
    (kind (string-ascii 16))
    (ctx (buff 32))
    (commitments (list 64 (buff 33)))
    (opening (optional {total: uint, blinding: (buff 32)}))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (begin
    (asserts!
      (or (is-eq kind "usage") (is-eq kind "money") (is-eq kind "opening") (is-eq kind "zero") (is-eq kind "bit"))
      ERR_KIND)
    (if (is-eq kind "usage")
      (match opening
        whole (begin
          (try! (verify-usage-batch ctx commitments (get total whole) (get blinding whole) points scalars hints))
          (ok true))
        (in-range ctx commitments none points scalars hints))
      (if (is-eq kind "opening")
        (let ((whole (unwrap! opening ERR_LENGTH)))
          (asserts! (is-eq (len points) (len scalars) u0) ERR_LENGTH)
          (asserts! (is-eq (len ctx) u32) ERR_LENGTH)
          (verify-sum commitments (get total whole) (get blinding whole) hints))
        (begin
          (asserts! (is-none opening) ERR_LENGTH)
          (if (is-eq kind "money")
            (verify-money ctx commitments points scalars hints)
            (let ((commitment (unwrap! (element-at? commitments u0) ERR_LENGTH)))
              (asserts! (is-eq (len commitments) u1) ERR_LENGTH)
              (if (is-eq kind "bit")
                (verify-bit ctx commitment points scalars hints)
                (begin
                  (asserts! (and (is-eq (len points) (len scalars) u1) (is-eq (len hints) u0)) ERR_LENGTH)
                  (verify-zero ctx commitment
                    (unwrap! (element-at? points u0) ERR_LENGTH)
                    (unwrap! (element-at? scalars u0) ERR_LENGTH)))))))))))

;; (ok true) when whoever made the proof knew an opening of the commitment to 0 or to 1: C or C - A commits to zero.
;; points (nonce of C, nonce of C - A), scalars (share of C in the last 16 bytes of 32, both responses), hints (inverse
;; mod p of x of A - x of C). The shares of both sum to the hash's second half mod 2^128.
(define-read-only (verify-bit
    (ctx (buff 32))
    (commitment (buff 33))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (let (
      (hint (unwrap! (element-at? hints u0) ERR_LENGTH))
      (share (unwrap! (element-at? scalars u0) ERR_LENGTH)))
    (asserts! (is-eq (len ctx) (len share) u32) ERR_LENGTH)
    (asserts! (and (is-eq (len points) u2) (is-eq (len scalars) u3) (is-eq (len hints) u1)) ERR_LENGTH)
    (asserts! (is-eq (half-at share u0) u0) ERR_ENCODING)
    (let (
        (branches (list commitment
          (unwrap! (element-at?
            (try! (add-commitments (list commitment) (list MINUS_VALUE_BASE) hint)) u0) ERR_LENGTH)))
        (whole (half-at (sha256 (concat ANY_ZERO_DOMAIN ctx
          (unwrap! (to-consensus-buff? branches) ERR_LENGTH)
          (unwrap! (to-consensus-buff? points) ERR_LENGTH))) u16))
        (first (half-at share u16))
        (second (if (>= whole first) (- whole first) (+ (- MAX_HALF first) whole u1))))
      (try! (shows-zero
        commitment
        (unwrap! (element-at? points u0) ERR_LENGTH)
        share
        (unwrap! (element-at? scalars u1) ERR_LENGTH)))
      (shows-zero
        (unwrap! (element-at? branches u1) ERR_LENGTH)
        (unwrap! (element-at? points u1) ERR_LENGTH)
        (concat ZERO_16 (half-bytes second))
        (unwrap! (element-at? scalars u2) ERR_LENGTH)))))

;; ----------------------------------------------------------------------------------------------------
;; private: bytes
;;
;; Every unwrap-panic of this contract: natives applied to lengths that the types fix or the caller has checked.
;; ----------------------------------------------------------------------------------------------------

;; 16 bytes from `from`, of a buffer that has them.
(define-private (half-at (bytes (buff 65)) (from uint))
  (buff-to-uint-be (unwrap-panic (as-max-len? (unwrap-panic (slice? bytes from (+ from u16))) u16))))

;; 16 bytes, big-endian: the consensus form of a uint is a type byte and these.
(define-private (half-bytes (n uint))
  (unwrap-panic (as-max-len? (unwrap-panic (slice? (unwrap-panic (to-consensus-buff? n)) u1 u17)) u16)))

(define-private (is-scalar (bytes (buff 32)))
  (and (>= (len bytes) u32) (< bytes ORDER)))

;; ----------------------------------------------------------------------------------------------------
;; private: points
;; ----------------------------------------------------------------------------------------------------

;; 33 bytes, of which the first is 02 or 03.
(define-private (is-compressed (encoded (buff 33)))
  (and (>= (len encoded) u33) (>= encoded 0x02) (< encoded 0x04)))

;; Compressed, x below p and on the curve.
(define-private (is-point (encoded (buff 33)))
  (and (is-compressed encoded) (is-ok (secp256k1-decompress? encoded))))

;; A point with x below N.
(define-private (is-recoverable (encoded (buff 33)))
  (and (is-point encoded) (< (unwrap-panic (slice? encoded u1 u33)) ORDER)))

;; -point of a compressed point, 0x of anything else.
(define-private (opposite (point (buff 33)))
  (if (is-compressed point)
    (unwrap-panic (as-max-len?
      (concat (if (< point 0x03) 0x03 0x02) (unwrap-panic (slice? point u1 u33))) u33))
    0x))

(define-private (when-occupied (occupied bool) (point (buff 33)))
  (if occupied point BLINDING_BASE))

;; What a vacant slot's usage is replaced by: any multiple of it and H0 have a sum.
(define-private (when-used (occupied bool) (usage (buff 33)))
  (if occupied usage MINUS_VALUE_BASE))

;; value*A for a value above 0; err where there is none. See verify-opening.
(define-private (times-a (value int))
  (secp256k1-recover? ZERO_32 (concat VALUE_LIFT (unwrap-panic (to-consensus-buff? value)) 0x00)))

;; x^-1 * (s*point - z*G) for a compressed point and 32 bytes s and z; err where there is none.
(define-private (recover-from (point (buff 33)) (s (buff 32)) (z (buff 32)))
  (secp256k1-recover? z (unwrap-panic (as-max-len?
    (concat (unwrap-panic (slice? point u1 u33)) s (if (< point 0x03) 0x00 0x01)) u65))))

;; verify-opening for a value of zero, and why any other does not open.
(define-private (otherwise-opens (commitment (buff 33)) (value uint) (blinding (buff 32)))
  (begin
    (asserts! (is-scalar blinding) ERR_ENCODING)
    (asserts!
      (and (is-eq value u0) (is-compressed commitment) (opens-to-zero commitment blinding))
      (if (is-point commitment) ERR_OPENING ERR_ENCODING))
    (ok true)))

;; Is it blinding*H0, which is to say x_L*C + blinding*G = 0? Then x_C^-1 * ((-1 - x_L)*C - blinding*G) is x_C^-1 * -C.
(define-private (opens-to-zero (commitment (buff 33)) (blinding (buff 32)))
  (match (recover-from commitment MINUS_ONE ZERO_32)
    point (is-eq (ok point) (recover-from commitment MINUS_ONE_AND_LIFT blinding))
    code false))

;; response answers the challenge, of 32 bytes, for the nonce point: see verify-zero.
(define-private (shows-zero
    (commitment (buff 33))
    (nonce (buff 33))
    (challenge (buff 32))
    (response (buff 32)))
  (begin
    (asserts! (is-scalar response) ERR_ENCODING)
    (asserts! (and (> challenge ZERO_32) (< challenge ORDER)) ERR_ZERO_CHALLENGE)
    (asserts! (is-compressed commitment) ERR_ENCODING)
    (asserts!
      (is-eq (recover-from commitment challenge response) (ok nonce))
      (if (and (is-recoverable commitment) (is-point nonce)) ERR_EQUATION ERR_ENCODING))
    (ok true)))

;; An error of point-sums as ours of the same name. Its factors are never out of range here.
(define-private (from-sums (code uint))
  (if (is-eq code u1100)
    ERR_ENCODING
    (if (is-eq code u1101) ERR_LENGTH ERR_HINT)))

;; rate*U for 1 to 64 usages, rate in [1, 2^52).
(define-private (multiplied (usage (list 64 (buff 33))) (rate uint))
  (match (contract-call? .point-sums multiply usage rate)
    scaled (ok scaled)
    code (from-sums code)))

;; 64 times the same.
(define-private (copies (point (buff 33)))
  (let (
      (four (list point point point point))
      (sixteen (concat four four four four)))
    (concat sixteen sixteen sixteen sixteen)))

;; ----------------------------------------------------------------------------------------------------
;; private: one of several branches is zero
;; ----------------------------------------------------------------------------------------------------

;; m, or 0 when a list has another length.
(define-private (common-length (slots (list 64 (buff 33))) (m uint))
  (if (is-eq (len slots) m) m u0))

;; What the shares leave of a whole, slot by slot, mod 2^128.
(define-private (take-shares (shares (list 64 (buff 16))) (left (list 64 uint)))
  (map take-share left shares))

(define-private (take-share (left uint) (share (buff 16)))
  (let ((n (buff-to-uint-be share)))
    (if (>= left n) (- left n) (+ (- MAX_HALF n) left u1))))

(define-private (has-zero (shares (list 64 (buff 16))))
  (is-some (index-of? shares ZERO_16)))

(define-private (branch-shows-zero
    (branch (list 64 (buff 33)))
    (nonces (list 64 (buff 33)))
    (shares (list 64 (buff 16)))
    (responses (list 64 (buff 32))))
  (and
    (not (has-zero shares))
    (is-none (index-of? (map answers branch nonces shares responses) false))))

;; A share of fewer than 16 bytes makes a signature that recovery refuses.
(define-private (answers (commitment (buff 33)) (nonce (buff 33)) (share (buff 16)) (response (buff 32)))
  (and
    (is-compressed commitment)
    (is-scalar response)
    (is-eq (ok nonce) (recover-from commitment (concat ZERO_16 share) response))))

(define-private (is-branch
    (branch (list 64 (buff 33)))
    (nonces (list 64 (buff 33)))
    (shares (list 64 (buff 16)))
    (responses (list 64 (buff 32))))
  (is-none (index-of? (map is-answer branch nonces shares responses) false)))

;; Whether all parts have their one encoding, and the commitment is fit for recovery.
(define-private (is-answer (commitment (buff 33)) (nonce (buff 33)) (share (buff 16)) (response (buff 32)))
  (and
    (is-recoverable commitment)
    (is-point nonce)
    (is-eq (len share) u16)
    (is-scalar response)))

;; ----------------------------------------------------------------------------------------------------
;; private: range proofs
;; ----------------------------------------------------------------------------------------------------

;; (ok true) when every commitment holds a value in [0, 2^20) and, with an opening, their sum opens to it.
(define-private (in-range
    (ctx (buff 32))
    (commitments (list 64 (buff 33)))
    (opening (optional {total: uint, blinding: (buff 32)}))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (let ((m (len commitments)))
    (if (is-eq m u64)
      (contract-call? .range-64 verify ctx commitments opening points scalars hints)
      (if (is-eq m u16)
        (contract-call? .range-16 verify ctx commitments opening points scalars hints)
        (if (is-eq m u1)
          (contract-call? .range-1 verify ctx commitments opening points scalars hints)
          (if (is-eq m u4)
            (contract-call? .range-4 verify ctx commitments opening points scalars hints)
            (begin
              (asserts! (is-eq m u32) ERR_LENGTH)
              (contract-call? .range-32 verify ctx commitments opening points scalars hints))))))))
