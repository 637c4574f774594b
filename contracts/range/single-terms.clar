;; n unfolded, the scalars of the G_i; and the part of the V_j's scalars with lam_j
;;% for h in range(a)
;;%   for i in range(n * 2 ** h)
(n{{ i + n * 2 ** h }} (sc-short n{{ i }} g{{ h }}))
;;%   endfor
;;% endfor
(on-v0 on-v)
;;% for h in range(a)
;;%   for i in range(2 ** h)
(on-v{{ i + 2 ** h }} (sc-short on-v{{ i }} v{{ h }}))
;;%   endfor
;;% endfor
;; all terms, compressed; 0x00 for one that recovery refuses
;;% set L = shape.slots
;;% for x in vector_xs
(k{{ loop.index0 }} (fixed-term {{ scalar(x) }} n{{ loop.index0 }}))
;;% endfor
;;% for x in linear_xs
(k{{ L + loop.index0 }} (fixed-term {{ scalar(x) }} l{{ loop.index }}))
;;% endfor
(k{{ L + 5 }} (value-term on-a on-h0))
(k{{ L + 6 }} point-0)
(k{{ L + 7 }} (short-term point-1 t))
(k{{ L + 8 }} (point-term point-2 t-2))
(k{{ L + 9 }} (point-term point-3 inverse-t))
(k{{ L + 10 }} (short-term point-4 eta))
;;% for h in range(a) | reverse
;;%   set i = 2 * loop.index0
(k{{ L + 11 + i }} (short-term point-{{ 5 + i }} g{{ h }}))
(k{{ L + 12 + i }} (point-term point-{{ 6 + i }}
  (sc-short-plus {h: u0, l: g{{ h }}} g{{ h }} (sc-negate {h: u0, l: r{{ h }}}))))
;;% endfor
;;% for j in range(m)
(k{{ L + 11 + 2 * a + j }} (point-term (unwrap-panic (element-at? commitments u{{ j }})) (sc-add on-v{{ j }} minus-theta)))
;;% endfor
