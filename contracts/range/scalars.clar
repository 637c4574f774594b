;; Arithmetic mod N. Single scalars are {h, l} between functions and five limbs of 52 bits inside; long lists of scalars
;; are one list of uints for each limb. What lies above bit 260 comes back times W = 2^260 mod N, of 133 bits: limbs W0,
;; W1 (52 bits), W2 (29 bits).

;;%% Limbs w0 to w4 of a scalar, that of the same name or another.
;;% macro split(w, of='')
({{ w }}h (get h {{ of or w }}))
({{ w }}l (get l {{ of or w }}))
({{ w }}0 (mod {{ w }}l {{ B }}))
({{ w }}1 (mod (/ {{ w }}l {{ B }}) {{ B }}))
({{ w }}2 (+ (/ {{ w }}l {{ B2 }}) (* (mod {{ w }}h u268435456) u16777216)))
({{ w }}3 (mod (/ {{ w }}h u268435456) {{ B }}))
({{ w }}4 (/ {{ w }}h u1208925819614629174706176))
;;% endmacro

;;% macro split_short(s)
({{s}}0 (mod {{s}} {{B}}))
({{s}}1 (mod (/ {{s}} {{B}}) {{B}}))
({{s}}2 (/ {{s}} {{B2}}))
;;% endmacro

;;%% Columns c0 to c6 below 2^112, of a value below 2^386, so that h2 is below 2^23 and limb 4 below 2^62.
;;% macro folded_once()
(a5 (+ c5 (/ c4 {{B}})))
(a6 (+ c6 (/ a5 {{B}})))
(h0 (mod a5 {{B}}))
(h1 (mod a6 {{B}}))
(h2 (/ a6 {{B}}))
(j0 (+ c0 (* h0 {{W[0]}})))
(j1 (+ c1 (* h0 {{W[1]}}) (* h1 {{W[0]}}) (/ j0 {{B}})))
(j2 (+ c2 (* h0 {{W[2]}}) (* h1 {{W[1]}}) (* h2 {{W[0]}}) (/ j1 {{B}})))
(j3 (+ c3 (* h1 {{W[2]}}) (* h2 {{W[1]}}) (/ j2 {{B}})))
(j4 (+ (mod c4 {{B}}) (* h2 {{W[2]}}) (/ j3 {{B}})))
;;% endmacro

;;%% Limbs j0 to j3 (of which the lowest 52 bits count, the rest being carried), and j4 below 2^120. What lies above bit
;;%% 256, less than 2^72, comes back times 2^256 mod N, of 129 bits; what that carries over bit 256 is one at most, and
;;%% once more.
;;% macro packed()
(top (/ j4 u281474976710656))
(k0 (+ (mod j0 {{B}}) (* top {{V[0]}})))
(k1 (+ (mod j1 {{B}}) (* top {{V[1]}}) (/ k0 {{B}})))
(k2 (+ (mod j2 {{B}}) (* top {{V[2]}}) (/ k1 {{B}})))
(k3 (+ (mod j3 {{B}}) (/ k2 {{B}})))
(k4 (+ (mod j4 u281474976710656) (/ k3 {{B}})))
(last (/ k4 u281474976710656))
(q0 (+ (mod k0 {{B}}) (* last {{V[0]}})))
(q1 (+ (mod k1 {{B}}) (* last {{V[1]}}) (/ q0 {{B}})))
(q2 (+ (mod k2 {{B}}) (* last {{V[2]}}) (/ q1 {{B}})))
(high (+ (/ q2 u16777216) (* (mod k3 {{B}}) u268435456) (* (mod k4 u281474976710656) u1208925819614629174706176)))
(low (+ (mod q0 {{B}}) (* (mod q1 {{B}}) {{B}}) (* (mod q2 u16777216) {{B2}})))
;;% endmacro

;;%% z = x * s for whole lists, s a challenge. Values grow by a factor of 1.3 and 4.1 * 2^260 at each step; from below 2^256
;;%% seven steps stay below 2^266, which is limb 4 below 2^58, so that no column passes 2^112.
;;% macro short_products(z, x, s, n)
;; {{z}} = {{x}} * {{s}}
;;%   for i in range(3)
({{z}}s{{i}} (list {{ times(s ~ i, n) }}))
;;%   endfor
({{z}}e (map + (map * {{x}}2 {{z}}s2) (map * {{x}}3 {{z}}s1) (map * {{x}}4 {{z}}s0)))
({{z}}5 (map + (map * {{x}}3 {{z}}s2) (map * {{x}}4 {{z}}s1) (map / {{z}}e U{{n}})))
({{z}}6 (map + (map * {{x}}4 {{z}}s2) (map / {{z}}5 U{{n}})))
({{z}}7 (map mod {{z}}5 U{{n}}))
({{z}}8 (map mod {{z}}6 U{{n}}))
({{z}}9 (map / {{z}}6 U{{n}}))
({{z}}a (map + (map * {{x}}0 {{z}}s0) (map * {{z}}7 W0-{{n}})))
({{z}}b (map + (map * {{x}}0 {{z}}s1) (map * {{x}}1 {{z}}s0)
  (map * {{z}}7 W1-{{n}}) (map * {{z}}8 W0-{{n}}) (map / {{z}}a U{{n}})))
({{z}}c (map + (map * {{x}}0 {{z}}s2) (map * {{x}}1 {{z}}s1) (map * {{x}}2 {{z}}s0)
  (map * {{z}}7 W2-{{n}}) (map * {{z}}8 W1-{{n}}) (map * {{z}}9 W0-{{n}}) (map / {{z}}b U{{n}})))
({{z}}d (map + (map * {{x}}1 {{z}}s2) (map * {{x}}2 {{z}}s1) (map * {{x}}3 {{z}}s0)
  (map * {{z}}8 W2-{{n}}) (map * {{z}}9 W1-{{n}}) (map / {{z}}c U{{n}})))
({{z}}0 (map mod {{z}}a U{{n}}))
({{z}}1 (map mod {{z}}b U{{n}}))
({{z}}2 (map mod {{z}}c U{{n}}))
({{z}}3 (map mod {{z}}d U{{n}}))
({{z}}4 (map + (map mod {{z}}e U{{n}}) (map * {{z}}9 W2-{{n}}) (map / {{z}}d U{{n}})))
;;% endmacro

;;%% z = x * y for whole lists: y below 2^256, x with limbs 0 to 3 below 2^53 and limb 4 below 2^59. Folded twice.
;;% macro products(z, x, y, n)
;; {{z}} = {{x}} * {{y}}
;;%   for k in (0, 1, 2, 3)
({{z}}c{{k}} (map + {{ column('map * ', x, y, k) }}))
;;%   endfor
({{z}}c4 (map + {{ column('map * ', x, y, 4) }}))
;;%   for k in (5, 6, 7, 8)
({{z}}c{{k}} (map + {{ column('map * ', x, y, k) }} (map / {{z}}c{{k - 1}} U{{n}})))
;;%   endfor
;;%   for i in range(4)
({{z}}g{{i}} (map mod {{z}}c{{5 + i}} U{{n}}))
;;%   endfor
({{z}}g4 (map / {{z}}c8 U{{n}}))
({{z}}f0 (map + {{z}}c0 (map * {{z}}g0 W0-{{n}})))
({{z}}f1 (map + {{z}}c1 (map * {{z}}g0 W1-{{n}}) (map * {{z}}g1 W0-{{n}}) (map / {{z}}f0 U{{n}})))
({{z}}f2 (map + {{z}}c2 (map * {{z}}g0 W2-{{n}}) (map * {{z}}g1 W1-{{n}}) (map * {{z}}g2 W0-{{n}}) (map / {{z}}f1 U{{n}})))
({{z}}f3 (map + {{z}}c3 (map * {{z}}g1 W2-{{n}}) (map * {{z}}g2 W1-{{n}}) (map * {{z}}g3 W0-{{n}}) (map / {{z}}f2 U{{n}})))
({{z}}f4 (map + (map mod {{z}}c4 U{{n}})
  (map * {{z}}g2 W2-{{n}}) (map * {{z}}g3 W1-{{n}}) (map * {{z}}g4 W0-{{n}}) (map / {{z}}f3 U{{n}})))
({{z}}f5 (map + (map * {{z}}g3 W2-{{n}}) (map * {{z}}g4 W1-{{n}}) (map / {{z}}f4 U{{n}})))
({{z}}f6 (map + (map * {{z}}g4 W2-{{n}}) (map / {{z}}f5 U{{n}})))
({{z}}h0 (map mod {{z}}f5 U{{n}}))
({{z}}h1 (map mod {{z}}f6 U{{n}}))
({{z}}h2 (map / {{z}}f6 U{{n}}))
({{z}}a (map + (map mod {{z}}f0 U{{n}}) (map * {{z}}h0 W0-{{n}})))
({{z}}b (map + (map mod {{z}}f1 U{{n}}) (map * {{z}}h0 W1-{{n}}) (map * {{z}}h1 W0-{{n}}) (map / {{z}}a U{{n}})))
({{z}}c (map + (map mod {{z}}f2 U{{n}})
  (map * {{z}}h0 W2-{{n}}) (map * {{z}}h1 W1-{{n}}) (map * {{z}}h2 W0-{{n}}) (map / {{z}}b U{{n}})))
({{z}}d (map + (map mod {{z}}f3 U{{n}}) (map * {{z}}h1 W2-{{n}}) (map * {{z}}h2 W1-{{n}}) (map / {{z}}c U{{n}})))
({{z}}0 (map mod {{z}}a U{{n}}))
({{z}}1 (map mod {{z}}b U{{n}}))
({{z}}2 (map mod {{z}}c U{{n}}))
({{z}}3 (map mod {{z}}d U{{n}}))
({{z}}4 (map + (map mod {{z}}f4 U{{n}}) (map * {{z}}h2 W2-{{n}}) (map / {{z}}d U{{n}})))
;;% endmacro

;; A list of scalars unfolded: for each bit h from the lowest, the list and after it the list times the challenge of h. By single
;; scalars while there are few, then by limbs.
;;% macro unfolded(z, entries, c, n)
({{z}}0 (list {{ entries | join(' ') }}))
;;%   for h in range(a)
;;%     if not by_lists or n * 2 ** h < LONG
({{z}}{{h + 1}} (concat {{z}}{{h}} (map sc-short {{z}}{{h}} (list {{ times(c ~ h, n * 2 ** h) }}))))
;;%     endif
;;%     if by_lists and n * 2 ** h >= LONG
;;%       if n * 2 ** h < 2 * LONG
;;%         for j in range(5)
({{z}}{{h}}-{{j}} (map sc-limb-{{j}} {{z}}{{h}}))
;;%         endfor
;;%       endif
{{ split_short(c ~ h) }}
{{ short_products(z ~ h ~ 'x', z ~ h ~ '-', c ~ h, n * 2 ** h) }}
;;%       for j in range(5)
({{z}}{{h + 1}}-{{j}} (concat {{z}}{{h}}-{{j}} {{z}}{{h}}x{{j}}))
;;%       endfor
;;%     endif
;;%   endfor
;;%   if by_lists and n * 2 ** a < 2 * LONG
;;%     for j in range(5)
({{z}}{{a}}-{{j}} (map sc-limb-{{j}} {{z}}{{a}}))
;;%     endfor
;;%   endif
;;% endmacro

;;% macro carried()
(j1 (+ c1 (/ j0 {{B}})))
(j2 (+ c2 (/ j1 {{B}})))
(j3 (+ c3 (/ j2 {{B}})))
(j4 (+ c4 (/ j3 {{B}})))
;;% endmacro
