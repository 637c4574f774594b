;; privacy-proof: checks what is claimed about commitments. Stateless: every function is read-only, open to anyone.
;;
;; Range proofs are checked by the generated contracts range-1 to range-64, one for each number of commitments; the
;; small statements (openings, zero, bit) and sums of commitments here. The protocol is circuits/README.md.
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

;; -A; x of L; what a signature over A begins with.
(define-constant MINUS_VALUE_BASE 0x03a3204d9656be8a9c085ea33ea60ceca693a522910824cff8c7dcc54166431bdf)
(define-constant VALUE_LIFT_X 0x43c700558f8c3e3cd39823e530523334fa7bac486c0840f0aabeeb87a6e105d2)
(define-constant VALUE_LIFT (concat VALUE_LIFT_X 0x000000000000000000000000000000))

;; -G.
(define-constant MINUS_G 0x0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)

;; sha256 of the length and the name of "mita/v1/zero" and "mita/v1/any-zero".
(define-constant ZERO_DOMAIN 0x4580b90d2399ceaf3689739119178756b41774d0491001987228686a9c78a6b7)
(define-constant ANY_ZERO_DOMAIN 0xac0690fccd83b2169a7477273c1afca2816aa6c370a39022176d09a88c427516)

;; The group order N: a scalar is 32 bytes below it. Its lower half; the upper is MAX_HALF - 1.
(define-constant ORDER 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141)
(define-constant N_LOW u248144347276217270074328348468568277313)

;; 2^20 - 1: the most that one commitment may hold. Rates and fees are below 2^52.
(define-constant MAX_VALUE u1048575)
(define-constant PRICE_LIMIT u4503599627370496)

;; 2^128 - 1, and the lower half of p = 2^256 - 4294968273, whose upper half is MAX_HALF.
(define-constant MAX_HALF u340282366920938463463374607431768211455)
(define-constant P_LOW u340282366920938463463374607427473243183)

;; 2^127 - 1: the most that is opened.
(define-constant MAX_OPENED u170141183460469231731687303715884105727)

(define-constant ZERO_16 0x00000000000000000000000000000000)
(define-constant ZERO_32 0x0000000000000000000000000000000000000000000000000000000000000000)

;; Stand for a point, and for its coordinates, where there is none; nothing is computed with them.
(define-constant NO_COORDINATES (concat 0x04 ZERO_32 ZERO_32))
(define-constant NO_POINT 0x000000000000000000000000000000000000000000000000000000000000000000)

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
(define-constant ERR_PRICE (err u307)) ;; a rate of zero, or a rate or fee of 2^52 or more

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
  (begin
    (asserts! (is-eq (len running) (len added)) ERR_LENGTH)
    (asserts! (> (len running) u0) ERR_LENGTH)
    (asserts! (are-points running) ERR_ENCODING)
    (asserts! (are-points added) ERR_ENCODING)
    (add-pairs running added hint)))

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; (ok true) when the proof shows its statement; what a kind does not name is empty or none.
;; "usage"    verify-usage-batch with an opening, verify-usage without
;; "opening"  the sum of the commitments opens; as they are added up, first half to second half and an odd last one
;;            carried, hints has for each level the inverse mod p of the product of all (x of second - x of first)
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
    (asserts! (or (is-eq kind "usage") (is-eq kind "opening") (is-eq kind "zero") (is-eq kind "bit")) ERR_KIND)
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
          (sum-opens commitments (get total whole) (get blinding whole) hints))
        (let ((commitment (unwrap! (element-at? commitments u0) ERR_LENGTH)))
          (asserts! (and (is-eq (len commitments) u1) (is-none opening)) ERR_LENGTH)
          (if (is-eq kind "zero")
            (begin
              (asserts! (and (is-eq (len points) (len scalars) u1) (is-eq (len hints) u0)) ERR_LENGTH)
              (verify-zero ctx commitment
                (unwrap! (element-at? points u0) ERR_LENGTH)
                (unwrap! (element-at? scalars u0) ERR_LENGTH)))
            (verify-bit ctx commitment points scalars hints)))))))

;; (ok true) when the commitment is value*A + blinding*H0.
(define-read-only (verify-opening (commitment (buff 33)) (value uint) (blinding (buff 32)))
  (begin
    (asserts! (is-scalar blinding) ERR_ENCODING)
    (asserts!
      (if (> value u0)
        (and (<= value MAX_OPENED) (is-eq (commit value blinding) (ok commitment)))
        (opens-to-zero commitment blinding))
      (if (is-point commitment) ERR_OPENING ERR_ENCODING))
    (ok true)))

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
    (asserts! (is-point commitment) ERR_ENCODING)
    (asserts! (is-eq (half-at share u0) u0) ERR_ENCODING)
    (let (
        (branches (list commitment
          (unwrap! (element-at?
            (try! (add-pairs (list commitment) (list MINUS_VALUE_BASE) hint)) u0) ERR_LENGTH)))
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

;; The bills F = rate*U + fee*A of 1 to 64 usages, rate in [1, 2^52), fee in [0, 2^52). hint is the inverse mod p of the
;; product of all (x of fee*A - x of rate*U); with no fee there is nothing to add, and none: 0 bytes.
(define-read-only (compute-bills
    (usage (list 64 (buff 33)))
    (rate uint)
    (fee uint)
    (hint (buff 32)))
  (begin
    (asserts! (> (len usage) u0) ERR_LENGTH)
    (asserts! (and (> rate u0) (< rate PRICE_LIMIT) (< fee PRICE_LIMIT)) ERR_PRICE)
    (let ((scaled (map scale usage (rates rate))))
      (asserts! (is-none (index-of? scaled NO_POINT)) ERR_ENCODING)
      (if (is-eq fee u0)
        (begin
          (asserts! (is-eq (len hint) u0) ERR_LENGTH)
          (ok scaled))
        (add-pairs scaled (fee-points (unwrap! (commit fee ZERO_32) ERR_ENCODING)) hint)))))

;; ----------------------------------------------------------------------------------------------------
;; private: arithmetic mod p
;;
;; Between functions an element is (list h l), the value h * 2^128 + l: anything below 2^256, not necessarily below p.
;; Inside, five limbs of 52 bits (the fifth has 48), so that sums of products stay below 2^128. A uint that would
;; overflow aborts the call; the bounds in the comments say why none does. Literals, because each use of a name costs:
;; 2^24 16777216, 2^28 268435456, 2^48 281474976710656, 2^52 4503599627370496, 2^80 1208925819614629174706176,
;; 2^104 20282409603651670423947251286016; 2^256 = 4294968273 and 2^260 = 68719492368 (mod p).
;; ----------------------------------------------------------------------------------------------------

;; The sum of c_k * 2^(52k) mod p, for columns c_k below 2^112.
(define-private (fe-reduce
    (c0 uint) (c1 uint) (c2 uint) (c3 uint) (c4 uint) (c5 uint) (c6 uint) (c7 uint) (c8 uint))
  (let (
      ;; columns 5 to 8 as limbs, to be multiplied by 2^260 mod p (37 bits)
      (d6 (+ c6 (/ c5 u4503599627370496)))
      (d7 (+ c7 (/ d6 u4503599627370496)))
      (d8 (+ c8 (/ d7 u4503599627370496)))
      ;; column 4 with what lies above column 8 (below 2^61); its part from bit 256 on (below 2^65) goes to limb 0
      (e4 (+ c4 (* (/ d8 u4503599627370496) u68719492368)))
      (e0 (+ c0 (* (mod c5 u4503599627370496) u68719492368) (* (/ e4 u281474976710656) u4294968273)))
      (e1 (+ c1 (* (mod d6 u4503599627370496) u68719492368) (/ e0 u4503599627370496)))
      (e2 (+ c2 (* (mod d7 u4503599627370496) u68719492368) (/ e1 u4503599627370496)))
      (e3 (+ c3 (* (mod d8 u4503599627370496) u68719492368) (/ e2 u4503599627370496)))
      ;; at most 2^48 + 2^61, so that the second fold adds less than 2^47
      (g4 (+ (mod e4 u281474976710656) (/ e3 u4503599627370496)))
      (g0 (+ (mod e0 u4503599627370496) (* (/ g4 u281474976710656) u4294968273)))
      (g1 (+ (mod e1 u4503599627370496) (/ g0 u4503599627370496)))
      (g2 (+ (mod e2 u4503599627370496) (/ g1 u4503599627370496)))
      (g3 (+ (mod e3 u4503599627370496) (/ g2 u4503599627370496)))
      ;; 2^48 at most, and then all lower limbs together are below 2^47
      (k4 (+ (mod g4 u281474976710656) (/ g3 u4503599627370496))))
    (list
      (+
        (/ (mod g2 u4503599627370496) u16777216)
        (* (mod g3 u4503599627370496) u268435456)
        (* (mod k4 u281474976710656) u1208925819614629174706176))
      (+
        (mod g0 u4503599627370496)
        (* (/ k4 u281474976710656) u4294968273)
        (* (mod g1 u4503599627370496) u4503599627370496)
        (* (mod g2 u16777216) u20282409603651670423947251286016)))))

;; a * b
(define-private (fe-mul (a (list 2 uint)) (b (list 2 uint)))
  (let (
      (ah (unwrap-panic (element-at? a u0)))
      (al (unwrap-panic (element-at? a u1)))
      (bh (unwrap-panic (element-at? b u0)))
      (bl (unwrap-panic (element-at? b u1)))
      (a0 (mod al u4503599627370496))
      (a1 (mod (/ al u4503599627370496) u4503599627370496))
      (a2 (+ (/ al u20282409603651670423947251286016) (* (mod ah u268435456) u16777216)))
      (a3 (mod (/ ah u268435456) u4503599627370496))
      (a4 (/ ah u1208925819614629174706176))
      (b0 (mod bl u4503599627370496))
      (b1 (mod (/ bl u4503599627370496) u4503599627370496))
      (b2 (+ (/ bl u20282409603651670423947251286016) (* (mod bh u268435456) u16777216)))
      (b3 (mod (/ bh u268435456) u4503599627370496))
      (b4 (/ bh u1208925819614629174706176)))
    (fe-reduce
      (* a0 b0)
      (+ (* a0 b1) (* a1 b0))
      (+ (* a0 b2) (* a1 b1) (* a2 b0))
      (+ (* a0 b3) (* a1 b2) (* a2 b1) (* a3 b0))
      (+ (* a0 b4) (* a1 b3) (* a2 b2) (* a3 b1) (* a4 b0))
      (+ (* a1 b4) (* a2 b3) (* a3 b2) (* a4 b1))
      (+ (* a2 b4) (* a3 b3) (* a4 b2))
      (+ (* a3 b4) (* a4 b3))
      (* a4 b4))))

;; (a - b) * c - d. The limbs of 2p keep differences of limbs above zero.
(define-private (fe-mul-sub
    (ah uint) (al uint) (bh uint) (bl uint) (ch uint) (cl uint) (dh uint) (dl uint))
  (let (
      (a0 (- (+ u9007190664804446 (mod al u4503599627370496))
        (mod bl u4503599627370496)))
      (a1 (- (+ u9007199254740990 (mod (/ al u4503599627370496) u4503599627370496))
        (mod (/ bl u4503599627370496) u4503599627370496)))
      (a2 (- (+ u9007199254740990 (/ al u20282409603651670423947251286016) (* (mod ah u268435456) u16777216))
        (+ (/ bl u20282409603651670423947251286016) (* (mod bh u268435456) u16777216))))
      (a3 (- (+ u9007199254740990 (mod (/ ah u268435456) u4503599627370496))
        (mod (/ bh u268435456) u4503599627370496)))
      (a4 (- (+ u562949953421310 (/ ah u1208925819614629174706176))
        (/ bh u1208925819614629174706176)))
      (c0 (mod cl u4503599627370496))
      (c1 (mod (/ cl u4503599627370496) u4503599627370496))
      (c2 (+ (/ cl u20282409603651670423947251286016) (* (mod ch u268435456) u16777216)))
      (c3 (mod (/ ch u268435456) u4503599627370496))
      (c4 (/ ch u1208925819614629174706176)))
    (fe-reduce
      (- (+ u9007190664804446 (* a0 c0))
        (mod dl u4503599627370496))
      (- (+ u9007199254740990 (* a0 c1) (* a1 c0))
        (mod (/ dl u4503599627370496) u4503599627370496))
      (- (+ u9007199254740990 (* a0 c2) (* a1 c1) (* a2 c0))
        (+ (/ dl u20282409603651670423947251286016) (* (mod dh u268435456) u16777216)))
      (- (+ u9007199254740990 (* a0 c3) (* a1 c2) (* a2 c1) (* a3 c0))
        (mod (/ dh u268435456) u4503599627370496))
      (- (+ u562949953421310 (* a0 c4) (* a1 c3) (* a2 c2) (* a3 c1) (* a4 c0))
        (/ dh u1208925819614629174706176))
      (+ (* a1 c4) (* a2 c3) (* a3 c2) (* a4 c1))
      (+ (* a2 c4) (* a3 c3) (* a4 c2))
      (+ (* a3 c4) (* a4 c3))
      (* a4 c4))))

;; a * a - b - c. The limbs of 4p keep the columns above zero.
(define-private (fe-sqr-sub (ah uint) (al uint) (bh uint) (bl uint) (ch uint) (cl uint))
  (let (
      (a0 (mod al u4503599627370496))
      (a1 (mod (/ al u4503599627370496) u4503599627370496))
      (a2 (+ (/ al u20282409603651670423947251286016) (* (mod ah u268435456) u16777216)))
      (a3 (mod (/ ah u268435456) u4503599627370496))
      (a4 (/ ah u1208925819614629174706176))
      (twice-a0 (* a0 u2))
      (twice-a1 (* a1 u2))
      (twice-a4 (* a4 u2)))
    (fe-reduce
      (- (+ u18014381329608892 (* a0 a0))
        (mod bl u4503599627370496)
        (mod cl u4503599627370496))
      (- (+ u18014398509481980 (* twice-a0 a1))
        (mod (/ bl u4503599627370496) u4503599627370496)
        (mod (/ cl u4503599627370496) u4503599627370496))
      (- (+ u18014398509481980 (* twice-a0 a2) (* a1 a1))
        (+ (/ bl u20282409603651670423947251286016) (* (mod bh u268435456) u16777216))
        (+ (/ cl u20282409603651670423947251286016) (* (mod ch u268435456) u16777216)))
      (- (+ u18014398509481980 (* twice-a0 a3) (* twice-a1 a2))
        (mod (/ bh u268435456) u4503599627370496)
        (mod (/ ch u268435456) u4503599627370496))
      (- (+ u1125899906842620 (* twice-a0 a4) (* twice-a1 a3) (* a2 a2))
        (/ bh u1208925819614629174706176)
        (/ ch u1208925819614629174706176))
      (+ (* a1 twice-a4) (* a2 a3 u2))
      (+ (* a2 twice-a4) (* a3 a3))
      (* a3 twice-a4)
      (* a4 a4))))

;; a - b for a >= b, as plain integers.
(define-private (wide-sub (ah uint) (al uint) (bh uint) (bl uint))
  (if (>= al bl)
    (list (- ah bh) (- al bl))
    (list (- ah bh u1) (+ (- MAX_HALF bl) al u1))))

;; a - b mod p, for a and b below p.
(define-private (fe-sub (ah uint) (al uint) (bh uint) (bl uint))
  (if (or (> ah bh) (and (>= ah bh) (>= al bl)))
    (wide-sub ah al bh bl)
    (let ((d (wide-sub bh bl ah al)))
      (wide-sub MAX_HALF P_LOW (high d) (low d)))))

;; The same element below p: values are below 2^256 < 2p.
(define-private (fe-canonical (a (list 2 uint)))
  (if (and (>= (high a) MAX_HALF) (>= (low a) P_LOW))
    (list u0 (- (low a) P_LOW))
    a))

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

(define-private (high (wide (list 2 uint)))
  (unwrap-panic (element-at? wide u0)))

(define-private (low (wide (list 2 uint)))
  (unwrap-panic (element-at? wide u1)))

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

(define-private (are-points (encoded (list 64 (buff 33))))
  (is-none (index-of? (map is-point encoded) false)))

;; 65 bytes of a point: 04, x, y.
(define-private (uncompressed (point (buff 33)))
  (match (secp256k1-decompress? point)
    bytes bytes
    code NO_COORDINATES))

;; Compressed, whatever the coordinates' representatives.
(define-private (encode-point (x (list 2 uint)) (y (list 2 uint)))
  (let ((canonical (fe-canonical x)))
    (concat
      (if (is-eq (mod (low (fe-canonical y)) u2) u0) 0x02 0x03)
      (half-bytes (high canonical))
      (half-bytes (low canonical)))))

;; value*A + blinding*H0 for value in [1, 2^127) and a blinding of 32 bytes below N. The consensus form of an int is a
;; zero and 16 bytes.
(define-private (commit (value uint) (blinding (buff 32)))
  (secp256k1-recover? blinding (concat VALUE_LIFT (unwrap-panic (to-consensus-buff? (to-int value))) 0x00)))

;; x^-1 * (s*point - z*G) for a compressed point and 32 bytes s and z; err where there is none.
(define-private (recover-from (point (buff 33)) (s (buff 32)) (z (buff 32)))
  (secp256k1-recover? z (unwrap-panic (as-max-len?
    (concat (unwrap-panic (slice? point u1 u33)) s (if (< point 0x03) 0x00 0x01)) u65))))

;; Is it blinding*H0? Then x_L*C = -blinding*G, and x_C^-1 * (x_L*C - (x_C - blinding)*G) = -G: no product is needed.
(define-private (opens-to-zero (commitment (buff 33)) (blinding (buff 32)))
  (and
    (is-compressed commitment)
    (is-eq (ok MINUS_G)
      (recover-from commitment VALUE_LIFT_X (scalar-bytes (scalar-sub
        (half-at commitment u1) (half-at commitment u17)
        (half-at blinding u0) (half-at blinding u16)))))))

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
      (if (and
          (is-point commitment)
          (< (unwrap-panic (slice? commitment u1 u33)) ORDER)
          (is-point nonce))
        ERR_EQUATION
        ERR_ENCODING))
    (ok true)))

;; rate*commitment for rate in [1, 2^52); NO_POINT for what is none.
(define-private (scale (commitment (buff 33)) (rate uint))
  (if (is-compressed commitment)
    (match (recover-from commitment
        (scalar-bytes (scalar-times (half-at commitment u1) (half-at commitment u17) rate))
        ZERO_32)
      point point
      code NO_POINT)
    NO_POINT))

;; ----------------------------------------------------------------------------------------------------
;; private: arithmetic mod N
;; ----------------------------------------------------------------------------------------------------

;; a - b mod N, below N, for b below N and a below N or p.
(define-private (scalar-sub (ah uint) (al uint) (bh uint) (bl uint))
  (if (or (> ah bh) (and (>= ah bh) (>= al bl)))
    (wide-sub ah al bh bl)
    (let ((d (wide-sub bh bl ah al)))
      (wide-sub (- MAX_HALF u1) N_LOW (high d) (low d)))))

;; a * n mod N, below N, for n below 2^52. Limbs of 64 bits; 2^64 is 18446744073709551616, and 2^256 mod N is
;; k = 2^128 + 4994812053365940164 * 2^64 + 4624529908474429119.
(define-private (scalar-times (ah uint) (al uint) (n uint))
  (let (
      (p0 (* (mod al u18446744073709551616) n))
      (p1 (+ (* (/ al u18446744073709551616) n) (/ p0 u18446744073709551616)))
      (p2 (+ (* (mod ah u18446744073709551616) n) (/ p1 u18446744073709551616)))
      (p3 (+ (* (/ ah u18446744073709551616) n) (/ p2 u18446744073709551616)))
      ;; what lies above bit 256 (52 bits) times k, added to the rest: below 2^256 + 2^181, less than 2N
      (top (/ p3 u18446744073709551616))
      (q0 (+ (mod p0 u18446744073709551616) (* top u4624529908474429119)))
      (q1 (+ (mod p1 u18446744073709551616) (* top u4994812053365940164) (/ q0 u18446744073709551616)))
      (q2 (+ (mod p2 u18446744073709551616) top (/ q1 u18446744073709551616)))
      (q3 (+ (mod p3 u18446744073709551616) (/ q2 u18446744073709551616)))
      ;; plus k: carries beyond bit 256 exactly when there is an N to take away
      (r0 (+ (mod q0 u18446744073709551616) u4624529908474429119))
      (r1 (+ (mod q1 u18446744073709551616) u4994812053365940164 (/ r0 u18446744073709551616)))
      (r2 (+ (mod q2 u18446744073709551616) u1 (/ r1 u18446744073709551616)))
      (r3 (+ q3 (/ r2 u18446744073709551616))))
    (if (>= r3 u18446744073709551616)
      (list
        (+ (* (mod r3 u18446744073709551616) u18446744073709551616) (mod r2 u18446744073709551616))
        (+ (* (mod r1 u18446744073709551616) u18446744073709551616) (mod r0 u18446744073709551616)))
      (list
        (+ (* q3 u18446744073709551616) (mod q2 u18446744073709551616))
        (+ (* (mod q1 u18446744073709551616) u18446744073709551616) (mod q0 u18446744073709551616))))))

;; 32 bytes.
(define-private (scalar-bytes (a (list 2 uint)))
  (concat (half-bytes (high a)) (half-bytes (low a))))

;; ----------------------------------------------------------------------------------------------------
;; private: sums of points with one inverse for many
;;
;; The differences d of x are multiplied in a tree (first half by second half, an odd last one carried, until one is
;; left), the hint is checked to be the inverse of that product, and the inverses of all come back down:
;; 1/left = 1/(left*right) * right.
;; ----------------------------------------------------------------------------------------------------

(define-private (x-difference (a (buff 33)) (b (buff 33)))
  (fe-sub (half-at b u1) (half-at b u17) (half-at a u1) (half-at a u17)))

(define-private (part (d (list 64 (list 2 uint))) (from uint) (to uint))
  (default-to (list) (slice? d from to)))

(define-private (products (d (list 64 (list 2 uint))))
  (let (
      (half (/ (len d) u2))
      (even (* half u2)))
    (if (is-eq half u0)
      d
      (default-to (list) (as-max-len? (concat
        (map fe-mul (part d u0 half) (part d half even))
        (part d even (len d))) u64)))))

;; The inverses of d, from those of its `products`.
(define-private (inverses (d (list 64 (list 2 uint))) (of-products (list 64 (list 2 uint))))
  (let (
      (half (/ (len d) u2))
      (even (* half u2)))
    (if (is-eq half u0)
      of-products
      (default-to (list) (as-max-len? (concat
        (map fe-mul of-products (part d half even))
        (map fe-mul of-products (part d u0 half))
        (part of-products half (len of-products))) u64)))))

;; a[j] + b[j] for 1 to 64 pairs; hint = the inverse of the product of all (x of b[j] - x of a[j]).
(define-private (add-pairs
    (a (list 64 (buff 33)))
    (b (list 64 (buff 33)))
    (hint (buff 32)))
  (begin
    (asserts! (is-eq (len hint) u32) ERR_LENGTH)
    (let (
        (inverse (list (half-at hint u0) (half-at hint u16)))
        (d0 (map x-difference a b))
        (d1 (products d0))
        (d2 (products d1))
        (d3 (products d2))
        (d4 (products d3))
        (d5 (products d4))
        (d6 (products d5)))
      (asserts!
        (is-eq (fe-canonical (fe-mul (unwrap! (element-at? d6 u0) ERR_LENGTH) inverse)) (list u0 u1))
        ERR_HINT)
      (ok (map add-points a b
        (inverses d0 (inverses d1 (inverses d2 (inverses d3 (inverses d4 (inverses d5 (list inverse))))))))))))

;; a + b; inverse = 1 / (x of b - x of a).
(define-private (add-points (a (buff 33)) (b (buff 33)) (inverse (list 2 uint)))
  (let (
      (xh (half-at a u1))
      (xl (half-at a u17))
      (of-a (uncompressed a))
      (of-b (uncompressed b))
      (yh (half-at of-a u33))
      (yl (half-at of-a u49))
      (slope (fe-mul-sub (half-at of-b u33) (half-at of-b u49) yh yl (high inverse) (low inverse) u0 u0))
      (sh (high slope))
      (sl (low slope))
      (x (fe-sqr-sub sh sl xh xl (half-at b u1) (half-at b u17))))
    (encode-point x (fe-mul-sub xh xl (high x) (low x) sh sl yh yl))))

;; One level of a sum: the first half is added to the second, an odd last point carried.
(define-private (add-halves
    (hint (buff 32))
    (so-far (response (list 64 (buff 33)) uint)))
  (let (
      (points (try! so-far))
      (half (/ (len points) u2))
      (even (* half u2))
      (sums (try! (add-pairs
        (default-to (list) (slice? points u0 half))
        (default-to (list) (slice? points half even))
        hint))))
    (ok (default-to (list) (as-max-len?
      (concat sums (default-to (list) (slice? points even (len points)))) u64)))))

;; ok when the sum of the commitments is total*A + blinding*H0.
(define-private (sum-opens
    (commitments (list 64 (buff 33)))
    (total uint)
    (blinding (buff 32))
    (hints (list 12 (buff 32))))
  (begin
    (asserts! (are-points commitments) ERR_ENCODING)
    (let ((sums (try! (fold add-halves hints (ok commitments)))))
      (asserts! (is-eq (len sums) u1) ERR_LENGTH)
      (verify-opening (unwrap! (element-at? sums u0) ERR_LENGTH) total blinding))))

;; 64 times the same.
(define-private (rates (rate uint))
  (let (
      (four (list rate rate rate rate))
      (sixteen (concat four four four four)))
    (concat sixteen sixteen sixteen sixteen)))

(define-private (fee-points (point (buff 33)))
  (let (
      (four (list point point point point))
      (sixteen (concat four four four four)))
    (concat sixteen sixteen sixteen sixteen)))

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
