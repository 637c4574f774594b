;; Arithmetic mod p on single elements, like field.clar on lists: limbs x0 to x4 of 52 bits, signed, the least significant
;; first, within the same bounds. Between functions an element is (list x5 x6 x4): x5 = x0 + 2^52 x1, x6 = x2 + 2^52 x3.
;; Splitting such a pair anew may change its limbs, not its value, and they are fresh again.
;;
;; 2^52 = 4503599627370496; 2^260 = 68719492368 (mod p).

;;% macro parts_of(x, element)
;;%   for part, i in ((5, 0), (6, 1), (4, 2))
({{x}}{{part}} (unwrap-panic (element-at? {{element}} u{{i}})))
;;%   endfor
;;% endmacro

;;% macro split_parts(x)
({{x}}0 (mod {{x}}5 4503599627370496))
({{x}}1 (/ {{x}}5 4503599627370496))
({{x}}2 (mod {{x}}6 4503599627370496))
({{x}}3 (/ {{x}}6 4503599627370496))
;;% endmacro

;;% macro element_product(z, x, y, less=())
;; {{z}} = {{x}} * {{y}}{{ ' - ' if less }}{{ less | join(' - ') }}
({{z}}5 (+ (* {{x}}1 {{y}}4) (* {{x}}2 {{y}}3) (* {{x}}3 {{y}}2) (* {{x}}4 {{y}}1)))
({{z}}6 (+ (* {{x}}2 {{y}}4) (* {{x}}3 {{y}}3) (* {{x}}4 {{y}}2)))
({{z}}7 (+ (* {{x}}3 {{y}}4) (* {{x}}4 {{y}}3)))
({{z}}8 (* {{x}}4 {{y}}4))
({{z}}e {{'(- ' if less else ''}}(+ (* {{x}}0 {{y}}4) (* {{x}}1 {{y}}3) (* {{x}}2 {{y}}2) (* {{x}}3 {{y}}1) (* {{x}}4 {{y}}0)
{{ element_folded(z, '', '8', less, 4) }}
({{z}}a {{'(- ' if less else ''}}(+ (* {{x}}0 {{y}}0)
{{ element_folded(z, '5', 'e', less, 0) }}
({{z}}b {{'(- ' if less else ''}}(+ (* {{x}}0 {{y}}1) (* {{x}}1 {{y}}0) (/ {{z}}a 4503599627370496)
{{ element_folded(z, '6', '5', less, 1) }}
({{z}}c {{'(- ' if less else ''}}(+ (* {{x}}0 {{y}}2) (* {{x}}1 {{y}}1) (* {{x}}2 {{y}}0) (/ {{z}}b 4503599627370496)
{{ element_folded(z, '7', '6', less, 2) }}
({{z}}d {{'(- ' if less else ''}}(+ (* {{x}}0 {{y}}3) (* {{x}}1 {{y}}2) (* {{x}}2 {{y}}1) (* {{x}}3 {{y}}0) (/ {{z}}c 4503599627370496)
{{ element_folded(z, '8', '7', less, 3) }}
;;% endmacro

;;% macro element_square(z, x, less=())
;; {{z}} = {{x}} * {{x}}{{ ' - ' if less }}{{ less | join(' - ') }}, with t twice {{x}}
;;%   for j in (0, 1, 3, 4)
(t{{j}} (+ {{x}}{{j}} {{x}}{{j}}))
;;%   endfor
({{z}}5 (+ (* t1 {{x}}4) (* {{x}}2 t3)))
({{z}}6 (+ (* {{x}}2 t4) (* {{x}}3 {{x}}3)))
({{z}}7 (* t3 {{x}}4))
({{z}}8 (* {{x}}4 {{x}}4))
({{z}}e {{'(- ' if less else ''}}(+ (* t0 {{x}}4) (* t1 {{x}}3) (* {{x}}2 {{x}}2)
{{ element_folded(z, '', '8', less, 4) }}
({{z}}a {{'(- ' if less else ''}}(+ (* {{x}}0 {{x}}0)
{{ element_folded(z, '5', 'e', less, 0) }}
({{z}}b {{'(- ' if less else ''}}(+ (* t0 {{x}}1) (/ {{z}}a 4503599627370496)
{{ element_folded(z, '6', '5', less, 1) }}
({{z}}c {{'(- ' if less else ''}}(+ (* t0 {{x}}2) (* {{x}}1 {{x}}1) (/ {{z}}b 4503599627370496)
{{ element_folded(z, '7', '6', less, 2) }}
({{z}}d {{'(- ' if less else ''}}(+ (* t0 {{x}}3) (* t1 {{x}}2) (/ {{z}}c 4503599627370496)
{{ element_folded(z, '8', '7', less, 3) }}
;;% endmacro

;;%% The end of a column: what columns `low` (its own limb) and `high` (its carry) bring back from above bit 260.
;;% macro element_folded(z, low, high, less, j)
;;%   if low
  (* 68719492368 (+ (mod {{z}}{{low}} 4503599627370496) (/ {{z}}{{high}} 4503599627370496)))){% for name in less %} {{ name }}{{ j }}{% endfor %}{{ ')' if less }})
;;%   endif
;;%   if not low
  (* 68719492368 (/ {{z}}{{high}} 4503599627370496))){% for name in less %} {{ name }}{{ j }}{% endfor %}{{ ')' if less }})
;;%   endif
;;% endmacro

;;% macro element_limbs(z)
({{z}}0 (mod {{z}}a 4503599627370496))
({{z}}1 (mod {{z}}b 4503599627370496))
({{z}}2 (mod {{z}}c 4503599627370496))
({{z}}3 (mod {{z}}d 4503599627370496))
({{z}}4 (+ (mod {{z}}e 4503599627370496) (/ {{z}}d 4503599627370496)))
;;% endmacro

;; q with q*p <= v < (q + 1)*p, for v = x + {{multiple}} p, of which no limb is negative. p = 2^256 - 4294968273, so that q is
;; v / 2^256, or one more where what is left over reaches p; with t = v / 2^256 that is (v + (t + 1)*4294968273) / 2^256.
;;% macro quotient(x)
;;%   for j in range(5)
({{x}}v{{j}} (+ {{x}}{{j}} {{offset[j]}}))
;;%   endfor
({{x}}t (/ (+ {{x}}v4 (/ (+ {{x}}v3 (/ (+ {{x}}v2 (/ (+ {{x}}v1 (/ {{x}}v0
  4503599627370496)) 4503599627370496)) 4503599627370496)) 4503599627370496)) 281474976710656))
({{x}}q (/ (+ {{x}}v4 (/ (+ {{x}}v3 (/ (+ {{x}}v2 (/ (+ {{x}}v1 (/ (+ {{x}}v0 (* (+ {{x}}t 1) 4294968273))
  4503599627370496)) 4503599627370496)) 4503599627370496)) 4503599627370496)) 281474976710656))
;;% endmacro

;; x below p, as parts w4, w5 (104 bits each, the least significant first) and w6 (48 bits).
;;% macro canonical(x)
{{ quotient(x) }}
({{x}}w0 (+ {{x}}v0 (* {{x}}q 4294968273)))
({{x}}w1 (+ {{x}}v1 (/ {{x}}w0 4503599627370496)))
({{x}}w2 (+ {{x}}v2 (/ {{x}}w1 4503599627370496)))
({{x}}w3 (+ {{x}}v3 (/ {{x}}w2 4503599627370496)))
({{x}}w4 (+ (mod {{x}}w0 4503599627370496) (* (mod {{x}}w1 4503599627370496) 4503599627370496)))
({{x}}w5 (+ (mod {{x}}w2 4503599627370496) (* (mod {{x}}w3 4503599627370496) 4503599627370496)))
({{x}}w6 (mod (+ {{x}}v4 (/ {{x}}w3 4503599627370496)) 281474976710656))
;;% endmacro
