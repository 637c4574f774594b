;;% from "field.clar" import product
;;% from "sums.clar" import decoded, cut, sums, halves
;; ----------------------------------------------------------------------------------------------------
;; private: sum of the terms, level by level
;; ----------------------------------------------------------------------------------------------------
;;% for level in levels

;; {{level.points}} points: a and b of {{level.pairs}} each{{', and the odd last one, c' if level.odd else ''}}.
(define-private (sum-{{level.points}}
;;%   if level.first
    {{ parameters(level.names, '(list %d (buff 33))' % shape.terms) }}
    (hints (list 12 (buff 32))))
  (let (
;;%     for p in level.names
{{ decoded(p, 1 if p == 'c' else level.pairs) }}
;;%     endfor
;;%   endif
;;%   if not level.first
;;%     for p in level.names
;;%       for c in 'xy'
    {{ numbered(p ~ c, form='(%%s (list %d int))' % longest) }}
;;%       endfor
;;%     endfor
    (hints (list 12 (buff 32))))
  (let (
;;%   endif
{{ sums(level) }}
)
;;%   if not level.following
    (sum-{{rest}}
      {{'(concat ' if level.odd else ''}}(map pack-point {{ numbered('sx') }} {{ numbered('sy') }})
;;%     if level.odd
      (map pack-point {{ numbered('cx') }} {{ numbered('cy') }}))
;;%     endif
;;%   endif
;;%   if level.following
    (sum-{{level.following.points}}
{{ halves(level, level.following) }}
;;%   endif
      hints)))
;;% endfor

;; The last {{rest}} points: two of them must be opposite.
(define-private (sum-{{rest}} (points-0 (list {{longest * 2}} {x: {h: uint, l: uint}, y: {h: uint, l: uint}})) (hints (list 12 (buff 32))))
  (let (
;;% for i in range(shape.hints - 1 - (levels | length))
      (points-{{i + 1}} (try! (add-pairs points-{{i}} (element-bytes (hint-at hints u{{(levels | length) + 1 + i}})))))
;;% endfor
      (a (unwrap-panic (element-at? points-{{shape.hints - 1 - (levels | length)}} u0)))
      (b (unwrap-panic (element-at? points-{{shape.hints - 1 - (levels | length)}} u1))))
    (asserts! (fe-is-eq (get x a) (get x b)) ERR_EQUATION)
    (asserts! (fe-is-eq (get y a) (fe-sub ZERO (get y b))) ERR_EQUATION)
    (ok true)))

(define-private (add-pairs
    (points (list {{longest * 2}} {x: {h: uint, l: uint}, y: {h: uint, l: uint}}))
    (hint {h: uint, l: uint}))
  (let (
      (half (/ (len points) u2))
      (a (unwrap-panic (as-max-len? (unwrap-panic (slice? points u0 half)) u256)))
      (b (unwrap-panic (as-max-len? (unwrap-panic (slice? points half (* half u2))) u256)))
      (inverses (try! (invert (map x-difference a b) hint))))
    (ok (unwrap-panic (as-max-len? (concat
      (map add-affine a b inverses)
      (default-to (list) (slice? points (* half u2) (len points)))) u{{longest * 2}})))))

(define-private (x-difference
    (a {x: {h: uint, l: uint}, y: {h: uint, l: uint}})
    (b {x: {h: uint, l: uint}, y: {h: uint, l: uint}}))
  (fe-sub (get x b) (get x a)))

;; a + b; inverse = 1 / (x of b - x of a).
(define-private (add-affine
    (a {x: {h: uint, l: uint}, y: {h: uint, l: uint}})
    (b {x: {h: uint, l: uint}, y: {h: uint, l: uint}})
    (inverse {h: uint, l: uint}))
  (let (
      (slope (fe-mul (fe-sub (get y b) (get y a)) inverse))
      (x (fe-sub (fe-sub (fe-mul slope slope) (get x a)) (get x b)))
      (y (fe-sub (fe-mul slope (fe-sub (get x a) x)) (get y a))))
    {x: x, y: y}))

;; The inverses of {{tail}} elements, given the inverse of their product: one step of the tree as a list, the rest one by one.
(define-private (invert-{{tail}}
    {{ numbered('d', form='(%%s (list %d int))' % (2 * longest)) }}
    (hint {h: uint, l: uint}))
  (let (
{{ cut('a', 'd', 0, tail // 2) }}
{{ cut('b', 'd', tail // 2, tail) }}
{{ product('p', 'a', 'b', tail // 2) }}
(inverses (try! (invert (map pack p0 p1 p2 p3 p4) hint)))
;;% for j in range(5)
(e{{j}} (map limb-{{j}} inverses))
(f{{j}} (concat e{{j}} e{{j}}))
(g{{j}} (concat b{{j}} a{{j}}))
;;% endfor
{{ product('i', 'f', 'g', tail) }}
)
    (ok {{'{'}}i0: i0, i1: i1, i2: i2, i3: i3, i4: i4})))

;; The inverses of 1 to {{few}} elements, given the inverse of their product: the same tree.
(define-private (invert (d0 (list 256 {h: uint, l: uint})) (hint {h: uint, l: uint}))
  (let (
;;% for i in range(few_steps)
      (d{{i + 1}} (tree-products d{{i}}))
;;% endfor
      )
    (asserts! (fe-is-eq (fe-mul (unwrap-panic (element-at? d{{few_steps}} u0)) hint) ONE) ERR_HINT)
    (ok {{ numbered('(tree-inverses d', few_steps) }} (list hint){{')' * few_steps}})))

(define-private (tree-products (d (list 256 {h: uint, l: uint})))
  (let ((half (/ (len d) u2)))
    (unwrap-panic (as-max-len? (concat
      (map fe-mul (part d u0 half) (part d half (* half u2)))
      (part d (* half u2) (len d))) u256))))

;; The inverses of d, from those of its products.
(define-private (tree-inverses (d (list 256 {h: uint, l: uint})) (of-products (list 256 {h: uint, l: uint})))
  (let ((half (/ (len d) u2)))
    (unwrap-panic (as-max-len? (concat
      (map fe-mul (part of-products u0 half) (part d half (* half u2)))
      (map fe-mul (part of-products u0 half) (part d u0 half))
      (part of-products half (len of-products))) u256))))

(define-private (part (d (list 256 {h: uint, l: uint})) (from uint) (to uint))
  (default-to (list) (slice? d from to)))
