;; utility-token: the reward for paying on time. Payment mints it against tokens that it holds, and takes it back as
;; credit. It moves between the dwellings of the settlement and payment, and nowhere else.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

;; SIP-010: what a token must offer to be paid with. A contract fits by its functions; it need not name this trait.
(define-trait sip-010-trait (
  (transfer (uint principal principal (optional (buff 34))) (response bool uint))
  (get-name () (response (string-ascii 32) uint))
  (get-symbol () (response (string-ascii 32) uint))
  (get-decimals () (response uint uint))
  (get-balance (principal) (response uint uint))
  (get-total-supply () (response uint uint))
  (get-token-uri () (response (optional (string-utf8 256)) uint))
))

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant DEPLOYER tx-sender)
(define-constant TOPIC_BACKING u1200)

(define-constant NOT_OWNER u4) ;; SIP-010's number: only the owner moves its tokens

(define-fungible-token utility)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

;; ft-transfer?, ft-mint? and ft-burn? answer SIP-010's u1 (balance too low), u2 (to oneself) and u3 (nothing).
(define-constant ERR_CALLER (err u1200)) ;; only the active payment contract mints and burns
(define-constant ERR_OUTSIDE (err u1201)) ;; neither a dwelling's principal nor the active payment contract
(define-constant ERR_BACKED (err u1202)) ;; not the deployer, done already, or a token that is not listed
(define-constant ERR_SERIALIZE (err u1203)) ;; a value without consensus bytes

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

;; I1: the token that payment holds one unit of for each of these; set once.
(define-data-var backing (optional principal) none)

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (get-backing)
  (var-get backing))

(define-read-only (get-name) (ok "Mita reward"))
(define-read-only (get-symbol) (ok "MITA"))
(define-read-only (get-decimals) (ok u0))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance utility who)))
(define-read-only (get-total-supply) (ok (ft-get-supply utility)))
(define-read-only (get-token-uri) (ok (if true none (some u""))))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

(define-private (is-payment (who principal))
  (contract-call? .user-registry is-active "payment" who))

(define-private (is-inside (who principal))
  (or (is-some (contract-call? .user-registry get-dwelling-of who)) (is-payment who)))

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; The deployer, once, after the registry's bootstrap, which lists tokens, and before there is a zone: rewards are units
;; of this listed token. Prints {topic: "backing", token}.
(define-public (back-with (token principal))
  (begin
    (asserts!
      (and
        (is-eq contract-caller DEPLOYER)
        (is-none (var-get backing))
        (is-eq (len (contract-call? .user-registry get-zones)) u0)
        (is-some (contract-call? .user-registry get-token-ratio token)))
      ERR_BACKED)
    (var-set backing (some token))
    (try! (contract-call? .audit-log record TOPIC_BACKING
      (sha256 (unwrap! (to-consensus-buff? (print {topic: "backing", token: token})) ERR_SERIALIZE))))
    (ok true)))

;; The owner: to another dwelling or to payment. Prints the memo, if there is one.
(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (asserts! (is-eq contract-caller sender) (err NOT_OWNER))
    (asserts! (and (is-inside sender) (is-inside recipient)) ERR_OUTSIDE)
    (try! (ft-transfer? utility amount sender recipient))
    (match memo text (print text) 0x)
    (ok true)))

;; payment, whose entry in the log stands for these.
(define-public (mint (amount uint) (recipient principal))
  (begin
    (asserts! (is-payment contract-caller) ERR_CALLER)
    (ft-mint? utility amount recipient)))

(define-public (burn (amount uint) (owner principal))
  (begin
    (asserts! (is-payment contract-caller) ERR_CALLER)
    (ft-burn? utility amount owner)))
