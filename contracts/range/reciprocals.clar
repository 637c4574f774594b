;;% from "scalars.clar" import split
;; products of what is divided by
(t-1 {h: u0, l: t})
(e-1 {h: u0, l: e})
(u-1 {h: u0, l: u})
;;% for k, half in powers(n)
(u-{{ k }} {{ '(sc-mul u-%d u-%d)' % (half, half) if half else '(sc-short u-%d u)' % (k - 1) }})
;;% endfor
(t-u (sc-short u-{{ n }} t))
;;% for h in range(a)
(rows-{{ h + 1 }} {{ '(sc-short rows-%d r%d)' % (h, h) if h else '{h: u0, l: r0}' }})
;;% endfor
;; v and base - 1 - v go together: (e + v)(e + base - 1 - v) = f + v(base - 1 - v)
(f (sc-short (sc-add e-1 {h: u0, l: u{{ base - 1 }}}) e))
;;% if m == 1
(digits-0 f)
;;%   for v in range(1, base // 2)
(digits-{{ v }} (sc-mul digits-{{ v - 1 }} (sc-add f {h: u0, l: u{{ v * (base - 1 - v) }}})))
;;%   endfor
(digits digits-{{ base // 2 - 1 }})
;;% else
;; T_k = sum over the digits v of column k of (product of the gammas of the bits of v's row) / (e + v), as fractions.
;; The first round folds v with base - 1 - v, the second rows v and w, half as far apart:
;; [(alpha + beta v)(f + c_w) + g (alpha + beta w)(f + c_v)] / [(f + c_v)(f + c_w)], where c_v = v(base - 1 - v).
;; Numerators (doubled) and denominators are sums of ten and of three numbers with small constant coefficients.
(alpha (sc-add (sc-short-plus e-1 g{{ a - 1 }} e-1) {h: u0, l: u{{ base - 1 }}}))
(beta (sc-add {h: u0, l: g{{ a - 1 }}} MINUS_ONE))
(g-alpha (sc-short alpha g{{ a - 2 }}))
(g-beta (sc-short beta g{{ a - 2 }}))
(f-alpha (sc-mul f alpha))
(f-beta (sc-mul f beta))
(A (sc-short-plus f-alpha g{{ a - 2 }} f-alpha))
(C f-beta)
(D (sc-short f-beta g{{ a - 2 }}))
(E alpha)
(G g-alpha)
(H beta)
(I g-beta)
(J (sc-mul f f))
(M f)
;;%   for letter in basis
{{ split(letter) }}
;;%   endfor
;;%   for j in range(5)
(top{{ j }} (map +
;;%     for letter in basis[:7]
  (map * K{{ loop.index }} (every-entry {{ letter }}{{ j }}))
;;%     endfor
  ))
(bottom{{ j }} (map + {{ 'K10' if j == 0 }}
;;%     for letter in basis[7:]
  (map * K{{ loop.index + 7 }} (every-entry {{ letter }}{{ j }}))
;;%     endfor
  ))
;;%   endfor
(tops-{{ a - 2 }} (map sc-collect top0 top1 top2 top3 top4))
(bottoms-{{ a - 2 }} (map sc-collect bottom0 bottom1 bottom2 bottom3 bottom4))
;;%   for h in range(a - 2) | reverse
(tops-{{ h }} (map add-fractions
  tops-{{ h + 1 }} bottoms-{{ h + 1 }} (second-part tops-{{ h + 1 }}) (second-part bottoms-{{ h + 1 }})
  (list {{ times('g%d' % h, columns * 2 ** h) }})))
(bottoms-{{ h }} (map sc-mul bottoms-{{ h + 1 }} (second-part bottoms-{{ h + 1 }})))
;;%   endfor
;;%   for k in range(columns)
(num-{{ k }} (scalar-at tops-0 u{{ k }}))
(den-{{ k }} (scalar-at bottoms-0 u{{ k }}))
;;%   endfor
(digits-0 den-0)
;;%   for k in range(1, columns)
(digits-{{ k }} (sc-mul digits-{{ k - 1 }} den-{{ k }}))
;;%   endfor
(digits digits-{{ columns - 1 }})
;;% endif
(rows-digits {{ '(sc-mul rows-%d digits)' % a if a else 'digits' }})
(hint-rows-digits (sc-mul hint rows-digits))
