;;% from "field.clar" import product, square, difference
;; Points added in pairs, a of the first half with b of the second, by one inverse for all pairs of a level.
;;
;; The differences of x are multiplied in a tree, first half by second half, as whole lists while they are long and then
;; one by one; the hint is checked to be the inverse of what is left, and the inverses of all come back down the tree:
;; 1/left = 1/(left * right) * right. A difference of zero (points equal or opposite) has no inverse: no hint passes.

;;% macro decoded(p, n)
;; coordinates of {{p}}
;;%   for x in 'xy'
({{p}}{{x}}5 (map key-{{x}}01 {{p}}))
({{p}}{{x}}6 (map key-{{x}}23 {{p}}))
({{p}}{{x}}0 (map mod {{p}}{{x}}5 B{{n}}))
({{p}}{{x}}1 (map / {{p}}{{x}}5 B{{n}}))
({{p}}{{x}}2 (map mod {{p}}{{x}}6 B{{n}}))
({{p}}{{x}}3 (map / {{p}}{{x}}6 B{{n}}))
({{p}}{{x}}4 (map key-{{x}}4 {{p}}))
;;%   endfor
;;% endmacro

;;% macro cut(z, x, first, end)
;;%   for j in range(5)
({{z}}{{j}} (unwrap-panic (slice? {{x}}{{j}} u{{first}} u{{end}})))
;;%   endfor
;;% endmacro

;;% macro sums(level)
;;%   if level.steps or not level.fill
{{ difference('d', 'bx', 'ax') }}
;;%   endif
;;%   if level.fill and not level.steps
;; d = bx - ax, filled up with ones
;;%     for j in range(5)
(d{{j}} (concat (map - bx{{j}} ax{{j}}) {{'ONES' if j == 0 else 'NOUGHTS'}}{{level.fill}}))
;;%     endfor
;;%   endif
;;%   for step in level.steps
;; up: {{step.half}} and {{step.half}} of {{step.above}}{{ ', filled up with ones' if step.fill }}
{{ cut(step.left, step.above, 0, step.half) }}
;;%     if step.fill
;;%       for j in range(5)
({{step.right}}{{j}} (concat
  (unwrap-panic (slice? {{step.above}}{{j}} u{{step.half}} u{{level.pairs}})) {{'ONES' if j == 0 else 'NOUGHTS'}}{{step.fill}}))
;;%       endfor
;;%     endif
;;%     if not step.fill
{{ cut(step.right, step.above, step.half, 2 * step.half) }}
;;%     endif
{{ product(step.product, step.left, step.right, step.half) }}
;;%   endfor
;; the inverses of {{level.tail}}
({{level.tail_inverse}} (try! (invert-{{tail}} {{ numbered(level.tail_name) }} (element-bytes (hint-at hints u{{level.number}})))))
;;%   for j in range(5)
({{level.tail_inverse}}{{j}} (get i{{j}} {{level.tail_inverse}}))
;;%   endfor
;;%   for step in level.steps | reverse
;; down: to the inverses of {{step.above}}
;;%     for j in range(5)
({{step.twice}}{{j}} (concat {{step.inverse}}{{j}} {{step.inverse}}{{j}}))
({{step.swapped}}{{j}} (concat {{step.right}}{{j}} {{step.left}}{{j}}))
;;%     endfor
{{ product(step.above_inverse, step.twice, step.swapped, 2 * step.half) }}
;;%   endfor
{{ chord(level.inverse, level.pairs) }}
;;% endmacro

;;% macro halves(level, following)
;;%   for first, end in ((0, following.pairs), (following.pairs, 2 * following.pairs))
;;%     for x in 'xy'
;;%       for j in range(5)
;;%         if end <= level.pairs
(unwrap-panic (slice? s{{x}}{{j}} u{{first}} u{{end}}))
;;%         endif
;;%         if end > level.pairs
(unwrap-panic (as-max-len? (concat (unwrap-panic (slice? s{{x}}{{j}} u{{first}} u{{level.pairs}})) c{{x}}{{j}}) u{{longest}}))
;;%         endif
;;%       endfor
;;%     endfor
;;%   endfor
;;%   if following.odd
;;%     for x in 'xy'
;;%       for j in range(5)
;;%         if level.odd
c{{x}}{{j}}
;;%         endif
;;%         if not level.odd
(unwrap-panic (slice? s{{x}}{{j}} u{{level.pairs - 1}} u{{level.pairs}}))
;;%         endif
;;%       endfor
;;%     endfor
;;%   endif
;;% endmacro

;;% macro chord(inverse, n)
;; slope, sx = slope^2 - ax - bx, sy = slope * (ax - sx) - ay
{{ difference('e', 'by', 'ay') }}
{{ product('s', 'e', inverse, n) }}
{{ square('sx', 's', n, ('ax', 'bx')) }}
{{ difference('r', 'ax', 'sx') }}
{{ product('sy', 's', 'r', n, ('ay',)) }}
;;% endmacro
