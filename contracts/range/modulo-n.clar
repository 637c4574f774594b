;;% from "scalars.clar" import split, split_short, folded_once, packed, carried
;; ----------------------------------------------------------------------------------------------------
;; private: scalars mod N
;;
;; {h, l} is h * 2^128 + l, anything below 2^256 and not necessarily below N. Inside, limbs of 52 bits; a column of
;; products is below 10 * 2^104 for whatever is passed. Literals: 2^24 16777216, 2^28 268435456, 2^48 281474976710656,
;; 2^52 4503599627370496, 2^80 1208925819614629174706176, 2^104 20282409603651670423947251286016.
;; ----------------------------------------------------------------------------------------------------

;; The same scalar below N: values are below 2^256 < 2N.
(define-private (sc-canonical (a {h: uint, l: uint}))
  (let (
      (h (get h a))
      (l (get l a)))
    (if (or (> h N_HIGH) (and (is-eq h N_HIGH) (>= l N_LOW)))
      (if (>= l N_LOW)
        {h: (- h N_HIGH), l: (- l N_LOW)}
        {h: (- h N_HIGH u1), l: (+ (- MAX_HALF N_LOW) l u1)})
      a)))

;; Limbs 0 to 3, of which the lowest 52 bits count (the rest has been carried), and limb 4 below 2^120.
(define-private (sc-pack (j0 uint) (j1 uint) (j2 uint) (j3 uint) (j4 uint))
  (let (
{{ packed() }}
      )
    {h: high, l: low}))

;; The sum of c_k * 2^(52k), for columns below 2^113.
(define-private (sc-reduce
    (c0 uint) (c1 uint) (c2 uint) (c3 uint) (c4 uint) (c5 uint) (c6 uint) (c7 uint) (c8 uint))
  (let (
      (b5 (+ c5 (/ c4 {{B}})))
      (b6 (+ c6 (/ b5 {{B}})))
      (b7 (+ c7 (/ b6 {{B}})))
      (b8 (+ c8 (/ b7 {{B}})))
      (g0 (mod b5 {{B}}))
      (g1 (mod b6 {{B}}))
      (g2 (mod b7 {{B}}))
      (g3 (mod b8 {{B}}))
      (g4 (/ b8 {{B}}))
      (f0 (+ c0 (* g0 {{W[0]}})))
      (f1 (+ c1 (* g0 {{W[1]}}) (* g1 {{W[0]}}) (/ f0 {{B}})))
      (f2 (+ c2 (* g0 {{W[2]}}) (* g1 {{W[1]}}) (* g2 {{W[0]}}) (/ f1 {{B}})))
      (f3 (+ c3 (* g1 {{W[2]}}) (* g2 {{W[1]}}) (* g3 {{W[0]}}) (/ f2 {{B}})))
      (f4 (+ (mod c4 {{B}}) (* g2 {{W[2]}}) (* g3 {{W[1]}}) (* g4 {{W[0]}}) (/ f3 {{B}})))
      (a5 (+ (* g3 {{W[2]}}) (* g4 {{W[1]}}) (/ f4 {{B}})))
      (a6 (+ (* g4 {{W[2]}}) (/ a5 {{B}})))
      (h0 (mod a5 {{B}}))
      (h1 (mod a6 {{B}}))
      (h2 (/ a6 {{B}}))
      (j0 (+ (mod f0 {{B}}) (* h0 {{W[0]}})))
      (j1 (+ (mod f1 {{B}}) (* h0 {{W[1]}}) (* h1 {{W[0]}}) (/ j0 {{B}})))
      (j2 (+ (mod f2 {{B}}) (* h0 {{W[2]}}) (* h1 {{W[1]}}) (* h2 {{W[0]}}) (/ j1 {{B}})))
      (j3 (+ (mod f3 {{B}}) (* h1 {{W[2]}}) (* h2 {{W[1]}}) (/ j2 {{B}})))
      (j4 (+ (mod f4 {{B}}) (* h2 {{W[2]}}) (/ j3 {{B}})))
      )
    (sc-pack j0 j1 j2 j3 j4)))

;; a * b
(define-private (sc-mul (a {h: uint, l: uint}) (b {h: uint, l: uint}))
  (let (
{{ split('a') }}
{{ split('b') }}
      )
    (sc-reduce
      (* a0 b0)
      (+ (* a0 b1) (* a1 b0))
      (+ (* a0 b2) (* a1 b1) (* a2 b0))
      (+ (* a0 b3) (* a1 b2) (* a2 b1) (* a3 b0))
      (+ (* a0 b4) (* a1 b3) (* a2 b2) (* a3 b1) (* a4 b0))
      (+ (* a1 b4) (* a2 b3) (* a3 b2) (* a4 b1))
      (+ (* a2 b4) (* a3 b3) (* a4 b2))
      (+ (* a3 b4) (* a4 b3))
      (* a4 b4))))

;;% if m > 1
;; a * b + c * d
(define-private (sc-dot
    (a {h: uint, l: uint}) (b {h: uint, l: uint}) (c {h: uint, l: uint}) (d {h: uint, l: uint}))
  (let (
;;% for w in 'abcd'
{{ split(w) }}
;;% endfor
      )
    (sc-reduce
;;% for k in range(9)
      (+ {{ column("* ", "a", "b", k) }} {{ column("* ", "c", "d", k) }})
;;% endfor
    )))

;;% endif
;; a + b
(define-private (sc-add (a {h: uint, l: uint}) (b {h: uint, l: uint}))
  (let (
{{ split('a') }}
{{ split('b') }}
      (j0 (+ a0 b0))
      (c1 (+ a1 b1))
      (c2 (+ a2 b2))
      (c3 (+ a3 b3))
      (c4 (+ a4 b4))
{{ carried() }}
      )
    (sc-pack j0 j1 j2 j3 j4)))

;; a * s
(define-private (sc-short (a {h: uint, l: uint}) (s uint))
  (let (
{{ split('a') }}
{{ split_short('s') }}
      (c0 (* a0 s0))
      (c1 (+ (* a0 s1) (* a1 s0)))
      (c2 (+ (* a0 s2) (* a1 s1) (* a2 s0)))
      (c3 (+ (* a1 s2) (* a2 s1) (* a3 s0)))
      (c4 (+ (* a2 s2) (* a3 s1) (* a4 s0)))
      (c5 (+ (* a3 s2) (* a4 s1)))
      (c6 (* a4 s2))
{{ folded_once() }}
      )
    (sc-pack j0 j1 j2 j3 j4)))

;; a * s + b
(define-private (sc-short-plus (a {h: uint, l: uint}) (s uint) (b {h: uint, l: uint}))
  (let (
{{ split('a') }}
{{ split_short('s') }}
{{ split('b') }}
      (c0 (+ (* a0 s0) b0))
      (c1 (+ (* a0 s1) (* a1 s0) b1))
      (c2 (+ (* a0 s2) (* a1 s1) (* a2 s0) b2))
      (c3 (+ (* a1 s2) (* a2 s1) (* a3 s0) b3))
      (c4 (+ (* a2 s2) (* a3 s1) (* a4 s0) b4))
      (c5 (+ (* a3 s2) (* a4 s1)))
      (c6 (* a4 s2))
{{ folded_once() }}
      )
    (sc-pack j0 j1 j2 j3 j4)))

;; The sum of c_k * 2^(52k), for columns below 2^100.
(define-private (sc-collect (j0 uint) (c1 uint) (c2 uint) (c3 uint) (c4 uint))
  (let (
{{ carried() }}
      )
    (sc-pack j0 j1 j2 j3 j4)))

;; N - a
(define-private (sc-negate (a {h: uint, l: uint}))
  (let ((b (sc-canonical a)))
    (wide-sub N_HIGH N_LOW (get h b) (get l b))))

;;% if not by_lists
;; a * s + (n + d)^2 + c
(define-private (sc-square-step
    (a {h: uint, l: uint}) (s uint) (n {h: uint, l: uint}) (d {h: uint, l: uint}) (c {h: uint, l: uint}))
  (let (
;;% for w in 'andc'
{{ split(w) }}
;;% endfor
{{ split_short('s') }}
;;% for j in range(5)
      (x{{ j }} (+ n{{ j }} d{{ j }}))
      (y{{ j }} (+ x{{ j }} x{{ j }}))
;;% endfor
      )
    (sc-reduce
      (+ (* a0 s0) (* x0 x0) c0)
      (+ (* a0 s1) (* a1 s0) (* y0 x1) c1)
      (+ (* a0 s2) (* a1 s1) (* a2 s0) (* y0 x2) (* x1 x1) c2)
      (+ (* a1 s2) (* a2 s1) (* a3 s0) (* y0 x3) (* y1 x2) c3)
      (+ (* a2 s2) (* a3 s1) (* a4 s0) (* y0 x4) (* y1 x3) (* x2 x2) c4)
      (+ (* a3 s2) (* a4 s1) (* y1 x4) (* y2 x3))
      (+ (* a4 s2) (* y2 x4) (* x3 x3))
      (* y3 x4)
      (* x4 x4))))

;;% endif
;;% if m == 1
;; a * s + the sum of b_k * 2^(52k), for columns b_k below 2^100.
(define-private (sc-short-collect
    (a {h: uint, l: uint}) (s uint) (b0 uint) (b1 uint) (b2 uint) (b3 uint) (b4 uint))
  (let (
{{ split('a') }}
{{ split_short('s') }}
      (c0 (+ (* a0 s0) b0))
      (c1 (+ (* a0 s1) (* a1 s0) b1))
      (c2 (+ (* a0 s2) (* a1 s1) (* a2 s0) b2))
      (c3 (+ (* a1 s2) (* a2 s1) (* a3 s0) b3))
      (c4 (+ (* a2 s2) (* a3 s1) (* a4 s0) b4))
      (c5 (+ (* a3 s2) (* a4 s1)))
      (c6 (* a4 s2))
{{ folded_once() }}
      )
    (sc-pack j0 j1 j2 j3 j4)))

;;% else
(define-private (every-entry (a uint))
  (list {{ times('a', entries) }}))

(define-private (scalar-at (scalars (list 64 {h: uint, l: uint})) (i uint))
  (unwrap-panic (element-at? scalars i)))

;;% endif
;;% if a > 2
(define-private (second-part (scalars (list 64 {h: uint, l: uint})))
  (unwrap-panic (slice? scalars (/ (len scalars) u2) (len scalars))))

;; The numerator of n1/d1 + g * n2/d2.
(define-private (add-fractions
    (n1 {h: uint, l: uint}) (d1 {h: uint, l: uint}) (n2 {h: uint, l: uint}) (d2 {h: uint, l: uint}) (g uint))
  (sc-dot n1 d2 (sc-short n2 g) d1))

;;% endif
;;% if by_lists
(define-private (sc-limb-0 (a {h: uint, l: uint})) (mod (get l a) {{ B }}))
(define-private (sc-limb-1 (a {h: uint, l: uint})) (mod (/ (get l a) {{ B }}) {{ B }}))
(define-private (sc-limb-2 (a {h: uint, l: uint}))
  (+ (/ (get l a) {{ B2 }}) (* (mod (get h a) u268435456) u16777216)))
(define-private (sc-limb-3 (a {h: uint, l: uint})) (mod (/ (get h a) u268435456) {{ B }}))
(define-private (sc-limb-4 (a {h: uint, l: uint})) (/ (get h a) u1208925819614629174706176))

;;% endif
;; a - b for a >= b, as plain integers.
(define-private (wide-sub (ah uint) (al uint) (bh uint) (bl uint))
  (if (>= al bl)
    {h: (- ah bh), l: (- al bl)}
    {h: (- ah bh u1), l: (+ (- MAX_HALF bl) al u1)}))
