;; Arithmetic mod p on whole lists at once: one list for each limb of 52 bits, signed, the least significant first.
;;
;; x0 to x4 stand for x0 + 2^52 x1 + 2^104 x2 + 2^156 x3 + 2^208 x4 mod p, element by element. A limb may be negative, as
;; `mod` and `/` may: they round towards zero, and (a / b) * b + (a mod b) = a.
;;
;; Bounds. Fresh: limbs 0 to 3 below 2^52 and limb 4 below 2^59, in absolute value. Every operand is fresh or a sum or
;; difference of at most four fresh ones: below 2^54 and 2^61. Then columns 0 to 3 are below 4 * 2^108, columns 4 to 7
;; below 2^116.2 and column 8 below 2^122; what is folded back onto columns 0 to 4, times 2^36, is below 2^106.1; and all
;; stay below 2^127. Limb 4 of the result is below 2^52 + 2^110.2 / 2^52, and so fresh again.
;;
;; B<n> is n times 2^52, F<n> is n times 2^260 mod p = 68719492368.

;;% macro product(z, x, y, n, less=())
;; {{z}} = {{x}} * {{y}}{{ minus(less) }}
({{z}}5 (map + (map * {{x}}1 {{y}}4) (map * {{x}}2 {{y}}3) (map * {{x}}3 {{y}}2) (map * {{x}}4 {{y}}1)))
({{z}}6 (map + (map * {{x}}2 {{y}}4) (map * {{x}}3 {{y}}3) (map * {{x}}4 {{y}}2)))
({{z}}7 (map + (map * {{x}}3 {{y}}4) (map * {{x}}4 {{y}}3)))
({{z}}8 (map * {{x}}4 {{y}}4))
({{z}}e {{begin(less)}}(map +
  (map * {{x}}0 {{y}}4) (map * {{x}}1 {{y}}3) (map * {{x}}2 {{y}}2) (map * {{x}}3 {{y}}1) (map * {{x}}4 {{y}}0)
  (map * F{{n}} (map / {{z}}8 B{{n}}))){{finish(less, 4)}})
({{z}}a {{begin(less)}}(map + (map * {{x}}0 {{y}}0)
{{ folded(z, '5', 'e', n, less, 0) }}
({{z}}b {{begin(less)}}(map + (map * {{x}}0 {{y}}1) (map * {{x}}1 {{y}}0) (map / {{z}}a B{{n}})
{{ folded(z, '6', '5', n, less, 1) }}
({{z}}c {{begin(less)}}(map +
  (map * {{x}}0 {{y}}2) (map * {{x}}1 {{y}}1) (map * {{x}}2 {{y}}0) (map / {{z}}b B{{n}})
{{ folded(z, '7', '6', n, less, 2) }}
({{z}}d {{begin(less)}}(map +
  (map * {{x}}0 {{y}}3) (map * {{x}}1 {{y}}2) (map * {{x}}2 {{y}}1) (map * {{x}}3 {{y}}0) (map / {{z}}c B{{n}})
{{ folded(z, '8', '7', n, less, 3) }}
{{ limbs(z, n) }}
;;% endmacro

;;% macro square(z, x, n, less=())
;; {{z}} = {{x}} * {{x}}{{ minus(less) }}, with t twice {{x}}
;;%   for j in (0, 1, 3, 4)
(t{{j}} (map + {{x}}{{j}} {{x}}{{j}}))
;;%   endfor
({{z}}5 (map + (map * t1 {{x}}4) (map * {{x}}2 t3)))
({{z}}6 (map + (map * {{x}}2 t4) (map * {{x}}3 {{x}}3)))
({{z}}7 (map * t3 {{x}}4))
({{z}}8 (map * {{x}}4 {{x}}4))
({{z}}e {{begin(less)}}(map + (map * t0 {{x}}4) (map * t1 {{x}}3) (map * {{x}}2 {{x}}2)
  (map * F{{n}} (map / {{z}}8 B{{n}}))){{finish(less, 4)}})
({{z}}a {{begin(less)}}(map + (map * {{x}}0 {{x}}0)
{{ folded(z, '5', 'e', n, less, 0) }}
({{z}}b {{begin(less)}}(map + (map * t0 {{x}}1) (map / {{z}}a B{{n}})
{{ folded(z, '6', '5', n, less, 1) }}
({{z}}c {{begin(less)}}(map + (map * t0 {{x}}2) (map * {{x}}1 {{x}}1) (map / {{z}}b B{{n}})
{{ folded(z, '7', '6', n, less, 2) }}
({{z}}d {{begin(less)}}(map + (map * t0 {{x}}3) (map * t1 {{x}}2) (map / {{z}}c B{{n}})
{{ folded(z, '8', '7', n, less, 3) }}
{{ limbs(z, n) }}
;;% endmacro

;;%% The end of a column: what columns `low` (its own limb) and `high` (its carry) bring back from above bit 260.
;;% macro folded(z, low, high, n, less, j)
  (map * F{{n}} (map + (map mod {{z}}{{low}} B{{n}}) (map / {{z}}{{high}} B{{n}})))){{finish(less, j)}})
;;% endmacro

;;% macro limbs(z, n)
({{z}}0 (map mod {{z}}a B{{n}}))
({{z}}1 (map mod {{z}}b B{{n}}))
({{z}}2 (map mod {{z}}c B{{n}}))
({{z}}3 (map mod {{z}}d B{{n}}))
({{z}}4 (map + (map mod {{z}}e B{{n}}) (map / {{z}}d B{{n}})))
;;% endmacro

;;% macro difference(z, x, y)
;; {{z}} = {{x}} - {{y}}
;;%   for j in range(5)
({{z}}{{j}} (map - {{x}}{{j}} {{y}}{{j}}))
;;%   endfor
;;% endmacro

;;%% A tuple of g0 to g3, of which the lowest 52 bits count, and a top limb of 2^48 at most.
;;% macro halves_of_limbs(top)
    {
      h: (+
        (/ (mod g2 {{ B }}) u16777216)
        (* (mod g3 {{ B }}) u268435456)
        (* (mod {{ top }} u281474976710656) u1208925819614629174706176)),
      l: (+
        (mod g0 {{ B }})
        (* (/ {{ top }} u281474976710656) u4294968273)
        (* (mod g1 {{ B }}) {{ B }})
        (* (mod g2 u16777216) {{ B2 }}))
    }
;;% endmacro

;;%% A single element is {a: x0 + 2^52 x1, b: x2 + 2^52 x3, c: x4}. Its limbs are calculated with by the macros above
;;%% behind the filter `singly`; limbs of a have its sign, so that they are fresh again.
;;% macro limbs_of(w)
({{ w }}a (get a {{ w }}))
({{ w }}b (get b {{ w }}))
({{ w }}0 (mod {{ w }}a B1))
({{ w }}1 (/ {{ w }}a B1))
({{ w }}2 (mod {{ w }}b B1))
({{ w }}3 (/ {{ w }}b B1))
({{ w }}4 (get c {{ w }}))
;;% endmacro

;;% macro element_of(z)
{a: (+ {{ z }}0 (* {{ z }}1 B1)), b: (+ {{ z }}2 (* {{ z }}3 B1)), c: {{ z }}4}
;;% endmacro
