;; transcript
;;% for i in range(shape.points)
(point-{{ i }} (unwrap-panic (element-at? points u{{ i }})))
;;% endfor
(after-commitments (sha256 (concat
  (sha256 (concat (if (is-some opened) DOMAIN_OPENED DOMAIN_CLOSED) ctx))
  (unwrap-panic (to-consensus-buff? commitments)))))
(after-m-d (sha256 (concat after-commitments point-0 point-1)))
(after-r (sha256 (concat after-m-d point-2)))
(after-s-k (sha256 (concat after-r point-3 point-4)))
(e (first-half after-m-d))
(for-x-y (sha256 (concat after-r 0x00)))
(for-u-z (sha256 (concat after-r 0x01)))
(x (first-half for-x-y))
(y (second-half for-x-y))
(u (first-half for-u-z))
(z (second-half for-u-z))
;;% for h in range(a)
(for-row-{{ h }} (sha256 (concat after-r 0x{{ '%02x' % (2 + h) }})))
(r{{ h }} (first-half for-row-{{ h }}))
(v{{ h }} (second-half for-row-{{ h }}))
;;% endfor
(t (first-half after-s-k))
(c (second-half after-s-k))
;; g<h>: the challenge of the round that folds bit h, the highest bit first
;;% for r in range(a)
;;%   set before = 'after-round-%d' % (r - 1) if r else 'after-s-k'
(after-round-{{ r }} (sha256 (concat {{ before }} point-{{ 5 + 2 * r }} point-{{ 6 + 2 * r }})))
(g{{ a - 1 - r }} (first-half after-round-{{ r }}))
;;% endfor
(at-the-end (sha256 (concat {{ 'after-round-%d' % (a - 1) if a else 'after-s-k' }}
  (unwrap-panic (to-consensus-buff? scalars))
  (match opened opening (concat (half-bytes (get total opening)) (get blinding opening)) 0x))))
(eta (first-half at-the-end))
(theta (if (is-some opened) (second-half at-the-end) u0))
(total (match opened opening (get total opening) u0))
(blinding (match opened opening (element-bytes (get blinding opening)) ZERO))
;; what is sent: -n, -l, -s1, -s2
;;% for name in sent
({{ name }} (element-bytes (unwrap-panic (element-at? scalars u{{ loop.index0 }}))))
;;% endfor
(hint (element-bytes (unwrap-panic (element-at? hints u0))))
