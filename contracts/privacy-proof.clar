;; privacy-proof: checks what is claimed about commitments. Stateless: every function is read-only.
;;
;; This version makes ONE check of a batch, that the sum of its commitments opens to the total, and says so by returning
;; u1. It does not check that values are in range, and never returns u2 or u3.
;;
;; C = v*A + r*H0 on secp256k1, with A = x^-1 * L and H0 = -x^-1 * G for the hashed point L = (x, even y). Recovering a
;; key from hash r and signature (x, v, 0) yields x^-1 * (v*L - r*G) = v*A + r*H0: an opening in one native call.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(impl-trait .user-registry.proof-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant CHECKED_OPENING u1)

;; x of L; affine coordinates of A in halves.
(define-constant VALUE_LIFT_X 0x43c700558f8c3e3cd39823e530523334fa7bac486c0840f0aabeeb87a6e105d2)
(define-constant VALUE_BASE {
  x: {h: u216831890469024321400939075531011058854, l: u196253945454571352127823509115667422175},
  y: {h: u240051889108694741849633641287984626111, l: u284760283616803646953202682044385259090}
})

;; The group order N: a scalar is 32 bytes below it.
(define-constant ORDER 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141)

;; 2^20 - 1: the most that one commitment may hold.
(define-constant MAX_VALUE u1048575)

;; 2^128 - 1, and the lower half of p = 2^256 - 4294968273, whose upper half is MAX_HALF.
(define-constant MAX_HALF u340282366920938463463374607431768211455)
(define-constant P_LOW u340282366920938463463374607427473243183)

(define-constant ONE {h: u0, l: u1})
(define-constant ONES_4 (list ONE ONE ONE ONE))
(define-constant ONES_16 (concat ONES_4 ONES_4 ONES_4 ONES_4))
(define-constant ONES_64 (concat ONES_16 ONES_16 ONES_16 ONES_16))

;; Stands for bytes that decode to no point: (0, 0) is not on the curve.
(define-constant NOT_A_POINT {x: {h: u0, l: u0}, y: {h: u0, l: u0}})

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_ENCODING (err u300)) ;; not a compressed point of the curve, or a blinding not 32 bytes below N
(define-constant ERR_LENGTH (err u301)) ;; a list, context or hint of the wrong length
(define-constant ERR_HINT (err u302)) ;; not the inverse it should be, which equal or opposite points do not have
(define-constant ERR_OPENING (err u304)) ;; the commitments do not open to this total, possible or not, and blinding

;; ----------------------------------------------------------------------------------------------------
;; read-only: proof-trait
;; ----------------------------------------------------------------------------------------------------

;; Anyone. ok u1: the sum of the 1 to 64 commitments opens to (total, blinding-sum). ctx is 32 bytes, made by the
;; calling contract: it will bind the range proof, as points, scalars and hints will make it up. This version has none:
;; it only takes ctx of the right length, and the three lists empty.
(define-read-only (verify-usage-batch
    (ctx (buff 32))
    (commitments (list 64 (buff 33)))
    (total uint)
    (blinding-sum (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (begin
    (asserts! (is-eq (len ctx) u32) ERR_LENGTH)
    (asserts! (> (len commitments) u0) ERR_LENGTH)
    (asserts! (is-eq (+ (len points) (len scalars) (len hints)) u0) ERR_LENGTH)
    (asserts! (is-scalar blinding-sum) ERR_ENCODING)
    (asserts! (<= total (* (len commitments) MAX_VALUE)) ERR_OPENING)
    (try! (sum-opens commitments total blinding-sum))
    (ok CHECKED_OPENING)))

;; Anyone. running[j] + added[j] for 1 to 64 pairs; hint is the inverse mod p of the product of all
;; (x of added[j] - x of running[j]).
(define-read-only (add-commitments
    (running (list 64 (buff 33)))
    (added (list 64 (buff 33)))
    (hint (buff 32)))
  (let (
      (a (map decode-point running))
      (b (map decode-point added)))
    (asserts! (is-eq (len running) (len added)) ERR_LENGTH)
    (asserts! (> (len running) u0) ERR_LENGTH)
    (asserts! (is-eq (len hint) u32) ERR_LENGTH)
    (asserts! (is-none (index-of? a NOT_A_POINT)) ERR_ENCODING)
    (asserts! (is-none (index-of? b NOT_A_POINT)) ERR_ENCODING)
    (ok (map add-affine a b
      (part (try! (invert (map x-difference a b) (fe-from-bytes hint))) u0 (len a))))))

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; Anyone. (ok true) when the commitment is value*A + blinding*H0.
(define-read-only (verify-opening (commitment (buff 33)) (value uint) (blinding (buff 32)))
  (begin
    (asserts! (not (is-eq (decode-point commitment) NOT_A_POINT)) ERR_ENCODING)
    (asserts! (is-scalar blinding) ERR_ENCODING)
    (if (is-eq value u0)
      (sum-opens (list commitment) u0 blinding)
      (begin
        (asserts! (is-eq (commit value blinding) (ok commitment)) ERR_OPENING)
        (ok true)))))

;; ----------------------------------------------------------------------------------------------------
;; private: arithmetic mod p
;;
;; Between functions an element is {h, l}, the value h * 2^128 + l, anything below 2^256 and not necessarily below p.
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
    {
      h: (+
        (/ (mod g2 u4503599627370496) u16777216)
        (* (mod g3 u4503599627370496) u268435456)
        (* (mod k4 u281474976710656) u1208925819614629174706176)),
      l: (+
        (mod g0 u4503599627370496)
        (* (/ k4 u281474976710656) u4294968273)
        (* (mod g1 u4503599627370496) u4503599627370496)
        (* (mod g2 u16777216) u20282409603651670423947251286016))
    }))

;; a * b
(define-private (fe-mul (a {h: uint, l: uint}) (b {h: uint, l: uint}))
  (let (
      (ah (get h a))
      (al (get l a))
      (bh (get h b))
      (bl (get l b))
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

;; a * a
(define-private (fe-sqr (a {h: uint, l: uint}))
  (let (
      (ah (get h a))
      (al (get l a))
      (a0 (mod al u4503599627370496))
      (a1 (mod (/ al u4503599627370496) u4503599627370496))
      (a2 (+ (/ al u20282409603651670423947251286016) (* (mod ah u268435456) u16777216)))
      (a3 (mod (/ ah u268435456) u4503599627370496))
      (a4 (/ ah u1208925819614629174706176))
      (twice-a0 (* a0 u2))
      (twice-a1 (* a1 u2))
      (twice-a4 (* a4 u2)))
    (fe-reduce
      (* a0 a0)
      (* twice-a0 a1)
      (+ (* twice-a0 a2) (* a1 a1))
      (+ (* twice-a0 a3) (* twice-a1 a2))
      (+ (* twice-a0 a4) (* twice-a1 a3) (* a2 a2))
      (+ (* a1 twice-a4) (* a2 a3 u2))
      (+ (* a2 twice-a4) (* a3 a3))
      (* a3 twice-a4)
      (* a4 a4))))

;; a - b for a >= b, as plain integers.
(define-private (wide-sub (ah uint) (al uint) (bh uint) (bl uint))
  (if (>= al bl)
    {h: (- ah bh), l: (- al bl)}
    {h: (- ah bh u1), l: (+ (- MAX_HALF bl) al u1)}))

;; a - b mod p. For a < b it is the negative of d = b - a: p - d, or p - (d - p) for the few d above p.
(define-private (fe-sub (a {h: uint, l: uint}) (b {h: uint, l: uint}))
  (let (
      (ah (get h a))
      (al (get l a))
      (bh (get h b))
      (bl (get l b)))
    (if (or (> ah bh) (and (is-eq ah bh) (>= al bl)))
      (wide-sub ah al bh bl)
      (let ((d (fe-canonical (wide-sub bh bl ah al))))
        (wide-sub MAX_HALF P_LOW (get h d) (get l d))))))

;; The same element below p: values are below 2^256 < 2p.
(define-private (fe-canonical (a {h: uint, l: uint}))
  (if (and (is-eq (get h a) MAX_HALF) (>= (get l a) P_LOW))
    {h: u0, l: (- (get l a) P_LOW)}
    a))

(define-private (fe-is-eq (a {h: uint, l: uint}) (b {h: uint, l: uint}))
  (is-eq (fe-canonical a) (fe-canonical b)))

(define-private (fe-is-zero (a {h: uint, l: uint}))
  (is-eq (fe-canonical a) {h: u0, l: u0}))

;; ----------------------------------------------------------------------------------------------------
;; private: bytes
;;
;; The only unwrap-panics of this contract: natives applied to lengths that the types fix.
;; ----------------------------------------------------------------------------------------------------

;; 16 bytes from `from`, of a buffer that has them.
(define-private (half-at (bytes (buff 65)) (from uint))
  (buff-to-uint-be (unwrap-panic (as-max-len? (unwrap-panic (slice? bytes from (+ from u16))) u16))))

;; 16 bytes, big-endian: the consensus form of a uint is a type byte and these.
(define-private (half-bytes (n uint))
  (unwrap-panic (as-max-len? (unwrap-panic (slice? (unwrap-panic (to-consensus-buff? n)) u1 u17)) u16)))

;; 32 bytes as an element; the caller has checked the length.
(define-private (fe-from-bytes (bytes (buff 32)))
  {h: (half-at bytes u0), l: (half-at bytes u16)})

;; NOT_A_POINT unless exactly 33 bytes, prefix 02 or 03, x below p and on the curve.
(define-private (decode-point (encoded (buff 33)))
  (match (element-at? encoded u0)
    prefix (if (and (is-eq (len encoded) u33) (or (is-eq prefix 0x02) (is-eq prefix 0x03)))
      (match (secp256k1-decompress? encoded)
        bytes {
          x: {h: (half-at bytes u1), l: (half-at bytes u17)},
          y: {h: (half-at bytes u33), l: (half-at bytes u49)}
        }
        code NOT_A_POINT)
      NOT_A_POINT)
    NOT_A_POINT))

;; Compressed, from canonical coordinates.
(define-private (encode-point (x {h: uint, l: uint}) (y {h: uint, l: uint}))
  (concat
    (if (is-eq (mod (get l y) u2) u0) 0x02 0x03)
    (half-bytes (get h x))
    (half-bytes (get l x))))

;; value*A + blinding*H0 for value in [1, 2^128) and a blinding of 32 bytes below N.
(define-private (commit (value uint) (blinding (buff 32)))
  (secp256k1-recover? blinding
    (concat VALUE_LIFT_X 0x00000000000000000000000000000000 (half-bytes value) 0x00)))

(define-private (is-scalar (bytes (buff 32)))
  (and (is-eq (len bytes) u32) (< bytes ORDER)))

;; ----------------------------------------------------------------------------------------------------
;; private: sum of commitments
;; ----------------------------------------------------------------------------------------------------

;; Adds a commitment to a point in Jacobian coordinates (x = X/Z^2, y = Y/Z^3). Where the two are equal or opposite,
;; H is zero, and so is Z from there on: `sum-opens` refuses a zero Z.
(define-private (add-commitment
    (encoded (buff 33))
    (so-far (response {x: {h: uint, l: uint}, y: {h: uint, l: uint}, z: {h: uint, l: uint}} uint)))
  (let (
      (sum (try! so-far))
      (point (decode-point encoded))
      (x1 (get x sum))
      (y1 (get y sum))
      (z1 (get z sum))
      (zz (fe-sqr z1))
      (h (fe-sub (fe-mul (get x point) zz) x1))
      (r (fe-sub (fe-mul (get y point) (fe-mul z1 zz)) y1))
      (hh (fe-sqr h))
      (hhh (fe-mul h hh))
      (v (fe-mul x1 hh))
      (x3 (fe-sub (fe-sub (fe-sub (fe-sqr r) hhh) v) v)))
    (asserts! (not (is-eq point NOT_A_POINT)) ERR_ENCODING)
    (ok {
      x: x3,
      y: (fe-sub (fe-mul r (fe-sub v x3)) (fe-mul y1 hhh)),
      z: (fe-mul z1 h)
    })))

;; ok when the sum of the commitments is total*A + blinding*H0. The sum starts from A and is compared with
;; (total + 1)*A + blinding*H0, because a key cannot be recovered from a signature with s = 0.
(define-private (sum-opens (commitments (list 64 (buff 33))) (total uint) (blinding (buff 32)))
  (let (
      (sum (try! (fold add-commitment commitments
        (ok {x: (get x VALUE_BASE), y: (get y VALUE_BASE), z: ONE}))))
      (expected (decode-point (unwrap! (commit (+ total u1) blinding) ERR_OPENING)))
      (z (get z sum))
      (zz (fe-sqr z)))
    (asserts! (not (fe-is-zero z)) ERR_OPENING)
    (asserts! (fe-is-eq (get x sum) (fe-mul (get x expected) zz)) ERR_OPENING)
    (asserts! (fe-is-eq (get y sum) (fe-mul (get y expected) (fe-mul z zz))) ERR_OPENING)
    (ok true)))

;; ----------------------------------------------------------------------------------------------------
;; private: slot by slot sums with one inverse for all
;;
;; The differences d of x are multiplied in a tree (first half by second half, until one is left), the hint is checked
;; to be the inverse of that product, and the inverses of all come back down: 1/left = 1/(left*right) * right.
;; ----------------------------------------------------------------------------------------------------

(define-private (x-difference
    (a {x: {h: uint, l: uint}, y: {h: uint, l: uint}})
    (b {x: {h: uint, l: uint}, y: {h: uint, l: uint}}))
  (fe-sub (get x b) (get x a)))

(define-private (part (d (list 64 {h: uint, l: uint})) (from uint) (to uint))
  (default-to (list) (slice? d from to)))

(define-private (products (d (list 64 {h: uint, l: uint})))
  (let ((half (/ (len d) u2)))
    (map fe-mul (part d u0 half) (part d half (len d)))))

;; The inverses of d, from those of its `products`.
(define-private (inverses (d (list 64 {h: uint, l: uint})) (of-products (list 64 {h: uint, l: uint})))
  (let ((half (/ (len d) u2)))
    (default-to (list) (as-max-len? (concat
      (map fe-mul of-products (part d half (len d)))
      (map fe-mul of-products (part d u0 half))) u64))))

;; d with ones up to 16 or 64 elements.
(define-private (padded (d (list 64 {h: uint, l: uint})))
  (default-to (list) (as-max-len?
    (concat d (part ONES_64 (len d) (if (<= (len d) u16) u16 u64))) u64)))

;; The inverses of 16 elements, given the inverse of their product.
(define-private (invert-16 (d16 (list 64 {h: uint, l: uint})) (hint {h: uint, l: uint}))
  (let (
      (d8 (products d16))
      (d4 (products d8))
      (d2 (products d4))
      (d1 (products d2)))
    (asserts! (fe-is-eq (fe-mul (unwrap! (element-at? d1 u0) ERR_LENGTH) hint) ONE) ERR_HINT)
    (ok (inverses d16 (inverses d8 (inverses d4 (inverses d2 (list hint))))))))

;; The inverses of 1 to 64 elements and of the padding, given the inverse of their product.
(define-private (invert (d (list 64 {h: uint, l: uint})) (hint {h: uint, l: uint}))
  (let ((all (padded d)))
    (if (is-eq (len all) u16)
      (invert-16 all hint)
      (let ((d32 (products all)))
        (ok (inverses all (inverses d32 (try! (invert-16 (products d32) hint)))))))))

;; a + b, compressed; inverse = 1 / (x of b - x of a).
(define-private (add-affine
    (a {x: {h: uint, l: uint}, y: {h: uint, l: uint}})
    (b {x: {h: uint, l: uint}, y: {h: uint, l: uint}})
    (inverse {h: uint, l: uint}))
  (let (
      (slope (fe-mul (fe-sub (get y b) (get y a)) inverse))
      (x (fe-canonical (fe-sub (fe-sub (fe-sqr slope) (get x a)) (get x b))))
      (y (fe-canonical (fe-sub (fe-mul slope (fe-sub (get x a) x)) (get y a)))))
    (encode-point x y)))
