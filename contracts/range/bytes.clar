;; ----------------------------------------------------------------------------------------------------
;; private: bytes
;;
;; The unwrap-panics here and below are on what types, lengths checked above or constants fix: they cannot fail.
;; ----------------------------------------------------------------------------------------------------

(define-private (is-point (encoded (buff 33)))
  (and (is-eq (len encoded) u33) (> encoded 0x02) (< encoded 0x04) (is-ok (secp256k1-decompress? encoded))))

(define-private (is-scalar (bytes (buff 32)))
  (and (is-eq (len bytes) u32) (< bytes ORDER)))

(define-private (is-hint (bytes (buff 32)))
  (is-eq (len bytes) u32))

(define-private (hint-at (hints (list 12 (buff 32))) (i uint))
  (unwrap-panic (element-at? hints i)))

(define-private (first-half (bytes (buff 32)))
  (buff-to-uint-be (unwrap-panic (as-max-len? (unwrap-panic (slice? bytes u0 u16)) u16))))

(define-private (second-half (bytes (buff 32)))
  (buff-to-uint-be (unwrap-panic (as-max-len? (unwrap-panic (slice? bytes u16 u32)) u16))))

;; 32 bytes as halves.
(define-private (element-bytes (bytes (buff 32)))
  {h: (first-half bytes), l: (second-half bytes)})

;; 16 bytes, big-endian: the consensus form of a uint is a type byte and these.
(define-private (half-bytes (n uint))
  (unwrap-panic (as-max-len? (unwrap-panic (slice? (unwrap-panic (to-consensus-buff? n)) u1 u17)) u16)))

;;% if by_lists
;; Pairs of limbs of a point's coordinates: 104 bits each, and the upper 48.
;;%   for coordinate, name, first, end in (('x', '01', 20, 33), ('x', '23', 7, 20), ('x', '4', 1, 7), ('y', '01', 52, 65), ('y', '23', 39, 52), ('y', '4', 33, 39))
(define-private (key-{{coordinate}}{{name}} (key (buff 33)))
  (buff-to-int-be (unwrap-panic (as-max-len? (unwrap-panic (slice?
    {{'key' if coordinate == 'x' else '(unwrap-panic (secp256k1-decompress? key))'}} u{{first}} u{{end}})) u16))))
;;%   endfor
;;% endif
