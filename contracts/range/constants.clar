;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

;; What the transcript begins with: form of the statement, shape and generators, with a total opened and without.
(define-constant DOMAIN_OPENED {{hexed(shape.domain(True))}})
(define-constant DOMAIN_CLOSED {{hexed(shape.domain(False))}})

;; x-coordinate of the lift (even y) whose multiple by 1/x is the generator A.
(define-constant VALUE_X {{ scalar(value_x) }})

;;% if by_lists
;; Those of the G_i and of H_1 to H_5: SHA-256 of a tag behind its length, an index and the first counter that makes it
;; an x-coordinate.
(define-constant VECTOR_X (map vector-x {{ hexed(slot_numbers) }}
  {{ hexed(vector_counters) }}))
(define-constant LINEAR_X (map linear-x 0x0102030405 {{ hexed(linear_counters) }}))
(define-private (vector-x (index (buff 1)) (counter (buff 1)))
  (sha256 (concat {{ tag(VECTOR_TAG) }}000000 index 0x000000 counter)))
(define-private (linear-x (index (buff 1)) (counter (buff 1)))
  (sha256 (concat {{ tag(LINEAR_TAG) }}000000 index 0x000000 counter)))

;;% endif
;; The group order N; its halves; 2^128 - 1, the upper half of p = 2^256 - 4294968273, and the lower half of p.
(define-constant ORDER {{scalar(N)}})
(define-constant N_HIGH u{{ N // 2**128 }})
(define-constant N_LOW u{{N % 2**128}})
(define-constant MAX_HALF u{{2**128 - 1}})
(define-constant P_LOW u{{P % 2**128}})
(define-constant ONE {h: u0, l: u1})
(define-constant ZERO {h: u0, l: u0})

;;% if m > 1
(define-constant MINUS_ONE {h: u{{ (N - 1) // 2**128 }}, l: u{{ (N - 1) % 2**128 }}})

;; How the first two rounds combine the reciprocals of digits (see `verify`): coefficients of each basis element.
;;%   for coefficients in fractions
(define-constant K{{ loop.index }} (list u{{ coefficients | join(' u') }}))
;;%   endfor

;;% endif
;;% if by_lists
;; The same number many times, for arithmetic on whole lists (lengths in the names): ints B = 2^52, F = 2^260 mod p,
;; one and nought; uints U = 2^52 and the limbs W0, W1, W2 of 2^260 mod N.
;;%   for name, number, lengths in repeated
(define-private ({{ name }}x16) (list {{ times(number, 16) }}))
(define-private ({{ name }}x256) (concat {{ times('(' ~ name ~ 'x16)', 16) }}))
;;%     for length in lengths
;;%       if name in ('ONES', 'NOUGHTS')
(define-constant {{ name }}{{ length }} (unwrap-panic (as-max-len? (unwrap-panic (slice? ({{ name }}x256) u0 u{{ length }})) u{{ length }})))
;;%       else
(define-constant {{ name }}{{ length }} (unwrap-panic (slice? ({{ name }}x256) u0 u{{ length }})))
;;%       endif
;;%     endfor
;;%   endfor

;;% endif
;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_ENCODING (err u1000)) ;; not a point that can be recovered, a scalar below N or a hint of 32 bytes
(define-constant ERR_LENGTH (err u1001)) ;; a list or context of the wrong length
(define-constant ERR_HINT (err u1002)) ;; not the inverse it should be, which zero or two points of equal x do not have
(define-constant ERR_ZERO_CHALLENGE (err u1003)) ;; a challenge is zero
(define-constant ERR_EQUATION (err u1004)) ;; the terms of the final equation do not cancel, or one has the scalar zero
