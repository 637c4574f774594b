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
;;%   end
;;% end

;;% macro cut(z, x, first, end)
;;%   for j in range(5)
({{z}}{{j}} (unwrap-panic (slice? {{x}}{{j}} u{{first}} u{{end}})))
;;%   end
;;% end

;;% macro sums(level)
;;%   if level.steps or not level.fill
;;%     use difference('d', 'bx', 'ax')
;;%   end
;;%   if level.fill and not level.steps
;; d = bx - ax, filled up with ones
;;%     for j in range(5)
(d{{j}} (concat (map - bx{{j}} ax{{j}}) {{'ONES' if j == 0 else 'NOUGHTS'}}{{level.fill}}))
;;%     end
;;%   end
;;%   for step in level.steps
;; up: {{step.half}} and {{step.half}} of {{step.above}}{{', filled up with ones' if step.fill else ''}}
;;%     use cut(step.left, step.above, 0, step.half)
;;%     if step.fill
;;%       for j in range(5)
({{step.right}}{{j}} (concat
  (unwrap-panic (slice? {{step.above}}{{j}} u{{step.half}} u{{level.pairs}})) {{'ONES' if j == 0 else 'NOUGHTS'}}{{step.fill}}))
;;%       end
;;%     end
;;%     if not step.fill
;;%       use cut(step.right, step.above, step.half, 2 * step.half)
;;%     end
;;%     use product(step.product, step.left, step.right, step.half)
;;%   end
;; the inverses of {{level.tail}}
({{level.tail_inverse}} (try! (invert-{{tail}} {{' '.join(f'{level.tail_name}{j}' for j in range(5))}} (element-bytes (hint-at hints u{{level.number}})))))
;;%   for j in range(5)
({{level.tail_inverse}}{{j}} (get i{{j}} {{level.tail_inverse}}))
;;%   end
;;%   for step in reversed(level.steps)
;; down: to the inverses of {{step.above}}
;;%     for j in range(5)
({{step.twice}}{{j}} (concat {{step.inverse}}{{j}} {{step.inverse}}{{j}}))
({{step.swapped}}{{j}} (concat {{step.right}}{{j}} {{step.left}}{{j}}))
;;%     end
;;%     use product(step.above_inverse, step.twice, step.swapped, 2 * step.half)
;;%   end
;; slope, sx = slope^2 - ax - bx, sy = slope * (ax - sx) - ay
;;%   use difference('e', 'by', 'ay')
;;%   use product('s', 'e', level.inverse, level.pairs)
;;%   use square('sx', 's', level.pairs, ('ax', 'bx'))
;;%   use difference('r', 'ax', 'sx')
;;%   use product('sy', 's', 'r', level.pairs, ('ay',))
;;% end

;;% macro halves(level, following)
;;%   for first, end in ((0, following.pairs), (following.pairs, 2 * following.pairs))
;;%     for x in 'xy'
;;%       for j in range(5)
;;%         if end <= level.pairs
(unwrap-panic (slice? s{{x}}{{j}} u{{first}} u{{end}}))
;;%         end
;;%         if end > level.pairs
(unwrap-panic (as-max-len? (concat (unwrap-panic (slice? s{{x}}{{j}} u{{first}} u{{level.pairs}})) c{{x}}{{j}}) u{{longest}}))
;;%         end
;;%       end
;;%     end
;;%   end
;;%   if following.odd
;;%     for x in 'xy'
;;%       for j in range(5)
;;%         if level.odd
c{{x}}{{j}}
;;%         end
;;%         if not level.odd
(unwrap-panic (slice? s{{x}}{{j}} u{{level.pairs - 1}} u{{level.pairs}}))
;;%         end
;;%       end
;;%     end
;;%   end
;;% end
