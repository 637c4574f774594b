;;% from "scalars.clar" import split
;;% from "field.clar" import halves_of_limbs
;; ----------------------------------------------------------------------------------------------------
;; private: field elements mod p
;;
;; {h, l} as above, mod p.
;; ----------------------------------------------------------------------------------------------------

;; The same element below p: values are below 2^256 < 2p.
(define-private (fe-canonical (a {h: uint, l: uint}))
  (if (and (is-eq (get h a) MAX_HALF) (>= (get l a) P_LOW))
    {h: u0, l: (- (get l a) P_LOW)}
    a))

;; The element of signed limbs below 2^62: {{ multiple }} p, with limbs of {{ offset_bits }} bits, is added so that none is negative. What
;; lies above bit 256 comes back times 2^256 mod p. When that carries to bit 256 once more, the limbs are small.
(define-private (pack (a0 int) (a1 int) (a2 int) (a3 int) (a4 int))
  (let (
      (e0 (to-uint (+ a0 {{ offset[0] }})))
      (e1 (+ (to-uint (+ a1 {{ offset[1] }})) (/ e0 {{ B }})))
      (e2 (+ (to-uint (+ a2 {{ offset[2] }})) (/ e1 {{ B }})))
      (e3 (+ (to-uint (+ a3 {{ offset[3] }})) (/ e2 {{ B }})))
      (e4 (+ (to-uint (+ a4 {{ offset[4] }})) (/ e3 {{ B }})))
      (g0 (+ (mod e0 {{ B }}) (* (/ e4 u281474976710656) u4294968273)))
      (g1 (+ (mod e1 {{ B }}) (/ g0 {{ B }})))
      (g2 (+ (mod e2 {{ B }}) (/ g1 {{ B }})))
      (g3 (+ (mod e3 {{ B }}) (/ g2 {{ B }})))
      (g4 (+ (mod e4 u281474976710656) (/ g3 {{ B }}))))
{{ halves_of_limbs('g4') }}))
;;% if by_lists

;; The sum of c_k * 2^(52k) mod p, for columns c_k below 2^112.
(define-private (fe-reduce
    (c0 uint) (c1 uint) (c2 uint) (c3 uint) (c4 uint) (c5 uint) (c6 uint) (c7 uint) (c8 uint))
  (let (
      ;; columns 5 to 8 as limbs, to be multiplied by 2^260 mod p (37 bits)
      (d6 (+ c6 (/ c5 {{B}})))
      (d7 (+ c7 (/ d6 {{B}})))
      (d8 (+ c8 (/ d7 {{B}})))
      ;; column 4 with what lies above column 8 (below 2^61); its part from bit 256 on (below 2^65) goes to limb 0
      (e4 (+ c4 (* (/ d8 {{B}}) u68719492368)))
      (e0 (+ c0 (* (mod c5 {{B}}) u68719492368) (* (/ e4 u281474976710656) u4294968273)))
      (e1 (+ c1 (* (mod d6 {{B}}) u68719492368) (/ e0 {{B}})))
      (e2 (+ c2 (* (mod d7 {{B}}) u68719492368) (/ e1 {{B}})))
      (e3 (+ c3 (* (mod d8 {{B}}) u68719492368) (/ e2 {{B}})))
      ;; at most 2^48 + 2^61, so that the second fold adds less than 2^47
      (g4 (+ (mod e4 u281474976710656) (/ e3 {{B}})))
      (g0 (+ (mod e0 {{B}}) (* (/ g4 u281474976710656) u4294968273)))
      (g1 (+ (mod e1 {{B}}) (/ g0 {{B}})))
      (g2 (+ (mod e2 {{B}}) (/ g1 {{B}})))
      (g3 (+ (mod e3 {{B}}) (/ g2 {{B}})))
      ;; 2^48 at most, and then all lower limbs together are below 2^47
      (k4 (+ (mod g4 u281474976710656) (/ g3 {{B}}))))
{{ halves_of_limbs('k4') }}))

;; a * b
(define-private (fe-mul (a {h: uint, l: uint}) (b {h: uint, l: uint}))
  (let (
{{ split('a') }}
{{ split('b') }}
      )
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

(define-private (fe-is-eq (a {h: uint, l: uint}) (b {h: uint, l: uint}))
  (is-eq (fe-canonical a) (fe-canonical b)))

;; Limbs of a list of elements.
(define-private (limb-0 (a {h: uint, l: uint})) (to-int (mod (get l a) {{B}})))
(define-private (limb-1 (a {h: uint, l: uint})) (to-int (mod (/ (get l a) {{B}}) {{B}})))
(define-private (limb-2 (a {h: uint, l: uint}))
  (to-int (+ (/ (get l a) {{B2}}) (* (mod (get h a) u268435456) u16777216))))
(define-private (limb-3 (a {h: uint, l: uint})) (to-int (mod (/ (get h a) u268435456) {{B}})))
(define-private (limb-4 (a {h: uint, l: uint})) (to-int (/ (get h a) u1208925819614629174706176)))

(define-private (pack-point {{ numbered('x', form='(%s int)') }} {{ numbered('y', form='(%s int)') }})
  {x: (pack x0 x1 x2 x3 x4), y: (pack y0 y1 y2 y3 y4)})
;;% endif
