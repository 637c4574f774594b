;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; Anyone. (ok true) when the proof shows the statement. points: M, D, R, S, K, then X and Y of every round. scalars: -n
;; ({{ n }}), -l ({{ linear }}), -s1, -s2. hints: the inverse mod N of t * u^{{ n }} * product of u_h * product of (e + v) over all
;; digits v; then one inverse mod p per level of additions. Lengths are exact.
(define-read-only (verify
    (ctx (buff 32))
    (commitments (list 64 (buff 33)))
    (opened (optional {total: uint, blinding: (buff 32)}))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32))))
  (begin
    (asserts! (is-eq (len ctx) u32) ERR_LENGTH)
    (asserts! (is-eq (len commitments) u{{ m }}) ERR_LENGTH)
    (asserts! (is-eq (len points) u{{ shape.points }}) ERR_LENGTH)
    (asserts! (is-eq (len scalars) u{{ shape.scalars }}) ERR_LENGTH)
    (asserts! (is-eq (len hints) u{{ shape.hints }}) ERR_LENGTH)
    (asserts! (is-none (index-of? (map is-point commitments) false)) ERR_ENCODING)
    (asserts! (is-none (index-of? (map is-point points) false)) ERR_ENCODING)
    (asserts! (is-none (index-of? (map is-scalar scalars) false)) ERR_ENCODING)
    (asserts! (is-none (index-of? (map is-hint hints) false)) ERR_ENCODING)
    (asserts! (match opened opening (is-scalar (get blinding opening)) true) ERR_ENCODING)
    (let (
{% include "transcript.clar" %}

{% include "reciprocals.clar" %}
)
      (asserts! (is-none (index-of? (list e x y u z t c eta{{ round_challenges }}) u0)) ERR_ZERO_CHALLENGE)
      (asserts! (or (is-none opened) (> theta u0)) ERR_ZERO_CHALLENGE)
      (asserts! (is-eq (sc-canonical (sc-mul hint-rows-digits t-u)) ONE) ERR_HINT)
      (let (
{% include "equation.clar" %}

;;% if by_lists
{% include "listed-terms.clar" %}
)
        (asserts! (is-none (index-of? terms 0x00)) (refusal points commitments))
        (sum-{{ shape.terms }}
;;%   for first, end in levels[0].parts
          (unwrap-panic (slice? terms u{{ first }} u{{ end }}))
;;%   endfor
          hints)))))
;;% else
{% include "single-terms.clar" %}
)
        (asserts! (is-none (index-of? (list {{ numbered('k', shape.terms) }}) 0x00)) (refusal points commitments))
        (sum-{{ shape.terms }} {{ numbered('k', shape.terms) }} hints)))))
;;% endif
