;;% from "field.clar" import product, difference, limbs_of, element_of
;;% from "sums.clar" import chord
;; ----------------------------------------------------------------------------------------------------
;; private: sum of the terms, pair by pair
;;
;; One hint for all pairs of a level: the inverse of the product of their differences of x. p<i> is the product of the
;; first i; from the last pair to the first, 1/p<i> * p<i-1> is the inverse of its difference, and 1/p<i> * difference
;; is 1/p<i-1>. A difference of zero (points equal or opposite) has no inverse: no hint passes.
;;
;; {a, b, c} is a + 2^104 b + 2^208 c mod p, for ints of 104, 104 and 59 bits and a sign. Inside, limbs of 52 bits:
;; every operand is below 2^53, its limb 4 below 2^60; columns 0 to 3 of products are below 4 * 2^106, columns 4 to 8
;; below 2^120; what comes back from above bit 260, times 2^260 mod p = 68719492368, is below 2^105; limb 4 of a
;; result is below 2^58.
;; ----------------------------------------------------------------------------------------------------

(define-constant UNIT {a: 1, b: 0, c: 0})

;; Two points that are left must be opposite.
(define-private (sum-{{ shape.terms }}
    {{ numbered('k', shape.terms, '(%s (buff 33))') }}
    (hints (list 12 (buff 32))))
  (let (
;;% for i in range(shape.terms)
(s0-{{ i }} (decoded k{{ i }}))
;;% endfor
;;% for level in additions
;;%   set l, count = level.number, level.pairs | length
;;%   for a, b in level.pairs
;;%     set before = 'p%d-%d' % (l, loop.index0) if loop.index0 else 'UNIT'
(p{{ l }}-{{ loop.index }} (times-difference {{ before }} {{ a }} {{ b }}))
;;%   endfor
(i{{ l }}-{{ count }} (try! (checked p{{ l }}-{{ count }} (hint-at hints u{{ l }}))))
;;%   for a, b in level.pairs | reverse
;;%     set i = loop.revindex0
;;%     set before = 'p%d-%d' % (l, i) if i else 'UNIT'
(r{{ l }}-{{ i }} (add-next i{{ l }}-{{ i + 1 }} {{ before }} {{ a }} {{ b }}))
(s{{ l }}-{{ i }} (get sum r{{ l }}-{{ i }}))
;;%     if i
(i{{ l }}-{{ i }} (get inverse r{{ l }}-{{ i }}))
;;%     endif
;;%   endfor
;;% endfor
;;% set left, right = last_two
      (y (canonical (get y {{ right }}))))
    (asserts! (is-eq (canonical (get x {{ left }})) (canonical (get x {{ right }}))) ERR_EQUATION)
    (asserts! (is-eq (canonical (get y {{ left }})) (wide-sub MAX_HALF P_LOW (get h y) (get l y))) ERR_EQUATION)
    (ok true)))

(define-private (decoded (key (buff 33)))
  (let ((point (unwrap-panic (secp256k1-decompress? key))))
    {
      x: {a: (int-at point u20 u33), b: (int-at point u7 u20), c: (int-at point u1 u7)},
      y: {a: (int-at point u52 u65), b: (int-at point u39 u52), c: (int-at point u33 u39)}
    }))

(define-private (int-at (bytes (buff 65)) (from uint) (to uint))
  (buff-to-int-be (unwrap-panic (as-max-len? (unwrap-panic (slice? bytes from to)) u16))))

;; The hint, if it is the inverse of the product.
(define-private (checked (p {a: int, b: int, c: int}) (hint (buff 32)))
  (let (
      (q {a: (int-at hint u19 u32), b: (int-at hint u6 u19), c: (int-at hint u0 u6)})
{{ limbs_of('p') | singly }}
{{ limbs_of('q') | singly }}
{{ product('z', 'p', 'q', 1) | singly }}
      )
    (asserts! (is-eq (fe-canonical (pack z0 z1 z2 z3 z4)) ONE) ERR_HINT)
    (ok q)))

(define-private (canonical (z {a: int, b: int, c: int}))
  (let (
{{ limbs_of('z') | singly }}
      )
    (fe-canonical (pack z0 z1 z2 z3 z4))))

;; p * (x of b - x of a)
(define-private (times-difference
    (p {a: int, b: int, c: int})
    (a {x: {a: int, b: int, c: int}, y: {a: int, b: int, c: int}})
    (b {x: {a: int, b: int, c: int}, y: {a: int, b: int, c: int}}))
  (let (
      (ax (get x a))
      (bx (get x b))
;;% for w in ('p', 'ax', 'bx')
{{ limbs_of(w) | singly }}
;;% endfor
{{ difference('d', 'bx', 'ax') | singly }}
{{ product('z', 'p', 'd', 1) | singly }}
      )
    {{ element_of('z') | singly }}))

;; a + b, and n * (x of b - x of a); n * p is the inverse of that difference.
(define-private (add-next
    (n {a: int, b: int, c: int})
    (p {a: int, b: int, c: int})
    (a {x: {a: int, b: int, c: int}, y: {a: int, b: int, c: int}})
    (b {x: {a: int, b: int, c: int}, y: {a: int, b: int, c: int}}))
  (let (
      (ax (get x a))
      (ay (get y a))
      (bx (get x b))
      (by (get y b))
;;% for w in ('n', 'p', 'ax', 'ay', 'bx', 'by')
{{ limbs_of(w) | singly }}
;;% endfor
{{ product('i', 'n', 'p', 1) | singly }}
{{ difference('d', 'bx', 'ax') | singly }}
{{ product('z', 'n', 'd', 1) | singly }}
{{ chord('i', 1) | singly }}
      )
    {
      inverse: {{ element_of('z') | singly }},
      sum: {
        x: {{ element_of('sx') | singly }},
        y: {{ element_of('sy') | singly }}
      }
    }))
