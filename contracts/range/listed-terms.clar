;;% from "scalars.clar" import split, products, unfolded
;; scalars of the G_i, as lists Z: n unfolded
{{ unfolded('Z', numbered('n', n).split(), 'g', n) }}
;; those of V_j, of which lists L are the part with lam_j, times the x-coordinate for recovery
{{ unfolded('L', ['on-v'], 'v', 1) }}
(mt minus-theta)
{{ split('mt') }}
;;% for j in range(5)
(o{{ j }} (map + L{{ a }}-{{ j }} (list {{ times('mt%d' % j, m) }})))
;;% endfor
(vx5 (map to-uint (map key-x01 commitments)))
(vx6 (map to-uint (map key-x23 commitments)))
(vx0 (map mod vx5 U{{ m }}))
(vx1 (map / vx5 U{{ m }}))
(vx2 (map mod vx6 U{{ m }}))
(vx3 (map / vx6 U{{ m }}))
(vx4 (map to-uint (map key-x4 commitments)))
{{ products('s', 'o', 'vx', m) }}
;; scalars of D, R, S, K and of X and Y of every round
(on-points (list t-1 t-2 inverse-t {h: u0, l: eta}
;;% for h in range(a) | reverse
  {h: u0, l: g{{ h }}}
  (sc-short-plus {h: u0, l: g{{ h }}} g{{ h }} (sc-negate {h: u0, l: r{{ h }}}))
;;% endfor
  ))
;; all terms, compressed; 0x00 for one that recovery refuses
(terms (concat
  (map list-term VECTOR_X 0x{{ '00' * shape.slots }} {{ numbered('Z%d-' % a) }})
  (map fixed-term LINEAR_X (list {{ numbered('l', 6)[3:] }}))
  (list (value-term on-a on-h0) point-0)
  (map point-term (unwrap-panic (slice? points u1 u{{ shape.points }})) on-points)
  (map list-term (map point-x commitments) (map point-parity commitments) s0 s1 s2 s3 s4)))
