;;% from "scalars.clar" import split, unfolded
;; inverses; w_k = u^-(k+1)
(inverse-t (sc-mul hint-rows-digits u-{{ n }}))
(inverse-u (sc-short hint-rows-digits t))
(hint-t-u (sc-mul hint t-u))
;;% if a
(inverse-rows (sc-mul hint-t-u digits))
(inverse-digits (sc-mul hint-t-u rows-{{ a }}))
;;% else
(inverse-digits hint-t-u)
;;% endif
(t-2 (sc-short t-1 t))
(t-3 (sc-short t-2 t))
(twice-t-3 (sc-add t-3 t-3))
;; sums of n with small factors, doubled: all ones, and the weights b
;;% for k in range(n)
{{ split('d%d-' % k, 'n%d' % k) }}
;;% endfor
(sum-n {{ collected(n * [2]) }})
(sum-b {{ collected(doubled(shape.weights)) }})
;; Sums over the rows j are products over the bits of j. public = 2t^3 * sum of w's rows, shift = t e * folded w.
;;% if a
(public-0 (sc-mul inverse-rows twice-t-3))
(shift-0 (sc-short (sc-short inverse-rows t) e))
;;% else
(public-0 twice-t-3)
(shift-0 (sc-short t-1 e))
;;% endif
(on-x-0 (sc-short sum-n x))
(on-b-0 (sc-short sum-b z))
;;% for h in range(a)
(public-{{ h + 1 }} (sc-short-plus public-{{ h }} r{{ h }} public-{{ h }}))
(shift-{{ h + 1 }} (sc-short-plus shift-{{ h }} r{{ h }} (sc-short shift-{{ h }} g{{ h }})))
(on-x-{{ h + 1 }} (sc-short-plus on-x-{{ h }} g{{ h }} on-x-{{ h }}))
(on-b-{{ h + 1 }} (sc-short-plus (sc-short on-b-{{ h }} g{{ h }}) v{{ h }} on-b-{{ h }}))
;;% endfor
;; sum of w (public + 2 shift n - n^2) = -sum of w ((n - shift)^2 - public - shift^2), by Horner's rule
(minus-shift (sc-negate shift-{{ a }}))
(minus-public (sc-negate (sc-add public-{{ a }} (sc-mul minus-shift minus-shift))))
;;% for k in range(n)
;;%   set sum = 'squares-%d' % (k - 1) if k else 'ZERO'
;;%   if by_lists
(shifted-{{ k }} (sc-add n{{ k }} minus-shift))
(squares-{{ k }} (sc-short-plus {{ sum }} u (sc-add (sc-mul shifted-{{ k }} shifted-{{ k }}) minus-public)))
;;%   else
(squares-{{ k }} (sc-square-step {{ sum }} u n{{ k }} minus-shift minus-public))
;;%   endif
;;% endfor
;; 2 * sum of n_k T_k over the table
;;% if m == 1
;; all over the product of the (e + v), the numerator by Horner's rule in e
(fraction-0 {{ collected(reciprocals[0]) }})
;;%   for coefficients in reciprocals[1:]
(fraction-{{ loop.index }} (sc-short-collect fraction-{{ loop.index0 }} e{{ small_sums(coefficients) }}))
;;%   endfor
(fraction fraction-{{ base - 1 }})
;;% else
(fraction-0 (sc-mul n0 num-0))
;;%   for k in range(1, columns)
(fraction-{{ k }} (sc-dot fraction-{{ k - 1 }} den-{{ k }} (sc-mul n{{ k }} num-{{ k }}) digits-{{ k - 1 }}))
;;%   endfor
(fraction fraction-{{ columns - 1 }})
;;% endif
(on-table (sc-short (sc-mul fraction inverse-digits) x))
;; l unfolded, and what c_l makes of it: y * (t^-1, t, t^2, t^3, t^5, t^6)
;;% for h in range(linear_rounds)
;;%   for i in range(linear * 2 ** h) if i + linear * 2 ** h < 6
(l{{ i + linear * 2 ** h }} (sc-short l{{ i }} g{{ a - linear_rounds + h }}))
;;%   endfor
;;% endfor
(l-4 (sc-short (sc-short-plus l5 t l4) t))
(l-2 (sc-short-plus (sc-short-plus l-4 t l3) t l2))
(l-0 (sc-short-plus (sc-short (sc-short-plus l-2 t l1) t) t l0))
(on-l (sc-mul (sc-short l-0 y) inverse-t))
;; scalar of A: sum of w above + t (t (on-b + t on-table) - on-x) + on-l + eta s1 + theta total
(on-n (sc-short (sc-short-plus on-table t on-b-{{ a }}) t))
(minus-on-a (sc-short-plus on-x-{{ a }} t (sc-mul squares-{{ n - 1 }} inverse-u)))
(on-a (sc-add
  (sc-short-plus {h: u0, l: theta} total (sc-short-plus sent-s1 eta (sc-short-plus on-n t on-l)))
  (sc-negate minus-on-a)))
;; scalar of H_0
(on-h0 (sc-short-plus blinding theta (sc-short-plus sent-s2 eta l0)))
;; scalars of V_j: (2t^3 + eta c) lam_j - theta
(on-v (sc-short (sc-short-plus {h: u0, l: eta} c twice-t-3) z))
(minus-theta (sc-negate {h: u0, l: theta}))
