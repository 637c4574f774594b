;;% from "scalars.clar" import carried, packed
;; ----------------------------------------------------------------------------------------------------
;; private: terms
;;
;; Recovering a key from hash 0 and signature (r, s, parity) gives s/r times the point with x-coordinate r: s times the
;; generator, or for a point that was sent, with s = x * k, k times it. Refused, and 0x00 here: s = 0, s >= N, r >= N.
;; Scalars are below 2^256, and one in 2^127 is N or above: a proof that meets such a scalar is refused.
;; ----------------------------------------------------------------------------------------------------

(define-private (fixed-term (x (buff 32)) (a {h: uint, l: uint}))
  (unwrap! (secp256k1-recover? {{noughts}} (concat x (half-bytes (get h a)) (half-bytes (get l a)) 0x00)) 0x00))

;; A and H_0 in one: the hash is what H_0 is multiplied with.
(define-private (value-term (a {h: uint, l: uint}) (hash {h: uint, l: uint}))
  (unwrap! (secp256k1-recover?
    (concat (half-bytes (get h hash)) (half-bytes (get l hash)))
    (concat VALUE_X (half-bytes (get h a)) (half-bytes (get l a)) 0x00)) 0x00))

(define-private (point-x (point (buff 33)))
  (unwrap-panic (as-max-len? (unwrap-panic (slice? point u1 u33)) u32)))

(define-private (is-recoverable (point (buff 33)))
  (< (point-x point) ORDER))

;; Why recovery refused a term.
(define-private (refusal (points (list 32 (buff 33))) (commitments (list 64 (buff 33))))
  (if (is-none (index-of? (concat (map is-recoverable points) (map is-recoverable commitments)) false))
    ERR_EQUATION
    ERR_ENCODING))

(define-private (point-parity (point (buff 33)))
  (if (< point 0x03) 0x00 0x01))

(define-private (point-term (point (buff 33)) (a {h: uint, l: uint}))
  (let ((x (point-x point)))
    (recovered x (sc-mul (element-bytes x) a) (point-parity point))))

(define-private (recovered (x (buff 32)) (a {h: uint, l: uint}) (parity (buff 1)))
  (unwrap! (secp256k1-recover? {{ noughts }} (concat x (half-bytes (get h a)) (half-bytes (get l a)) parity)) 0x00))
;;% if by_lists

(define-private (list-term (x (buff 32)) (parity (buff 1)) (j0 uint) (c1 uint) (c2 uint) (c3 uint) (c4 uint))
  (let (
{{ carried() }}
{{ packed() }}
      )
    (unwrap! (secp256k1-recover? {{noughts}} (concat x (half-bytes high) (half-bytes low) parity)) 0x00)))
;;% endif
;;% if not by_lists

(define-private (short-term (point (buff 33)) (s uint))
  (let ((x (point-x point)))
    (recovered x (sc-short (element-bytes x) s) (point-parity point))))
;;% endif
