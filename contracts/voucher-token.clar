;; voucher-token: a closed loop for a settlement without tokens. Treasurers mint it against cash that three of them have
;; counted; whoever holds it may pass it on.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(impl-trait .utility-token.sip-010-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-fungible-token voucher)

(define-constant NOT_OWNER u4) ;; SIP-010's number: only the owner moves its vouchers, by itself or through payment
(define-constant TREASURER u2) ;; the registry's number of the role
(define-constant TOGETHER u3) ;; treasurers that it takes to mint
(define-constant TOPIC_MINT u1300)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

;; ft-transfer? and ft-mint? answer SIP-010's u1 (balance too low), u2 (to oneself) and u3 (nothing).
(define-constant ERR_AMOUNT (err u1300)) ;; nothing to mint
(define-constant ERR_MINTED (err u1301)) ;; not the number of the next mint
(define-constant ERR_SERIALIZE (err u1302)) ;; a value without consensus bytes

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

;; I1: the number of mints; the next one has the number after it, so that no approval serves twice.
(define-data-var mints uint u0)

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (get-mints)
  (var-get mints))

(define-read-only (get-name) (ok "Mita voucher"))
(define-read-only (get-symbol) (ok "VOUCHER"))
(define-read-only (get-decimals) (ok u2))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance voucher who)))
(define-read-only (get-total-supply) (ok (ft-get-supply voucher)))
(define-read-only (get-token-uri) (ok (if true none (some u""))))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

;; The owner itself, or payment in a transaction of the owner's.
(define-private (may-move (owner principal))
  (or
    (is-eq contract-caller owner)
    (and (is-eq tx-sender owner) (contract-call? .user-registry is-active "payment" contract-caller))))

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; The owner. Prints the memo, if there is one.
(define-public (transfer (amount uint) (sender principal) (recipient principal) (memo (optional (buff 34))))
  (begin
    (asserts! (may-move sender) (err NOT_OWNER))
    (try! (ft-transfer? voucher amount sender recipient))
    (match memo text (print text) 0x)
    (ok true)))

;; Three treasurers, each, with the number of this mint: ok false until the third. Prints {topic: "mint", number,
;; amount, recipient} then.
(define-public (mint (number uint) (amount uint) (recipient principal))
  (let ((event {topic: "mint", number: number, amount: amount, recipient: recipient}))
    (asserts! (> amount u0) ERR_AMOUNT)
    (asserts! (is-eq number (+ (var-get mints) u1)) ERR_MINTED)
    (if (try! (contract-call? .user-registry approve "voucher-token" TREASURER contract-caller
        (sha256 (unwrap! (to-consensus-buff? event) ERR_SERIALIZE)) TOGETHER))
      (begin
        (var-set mints number)
        (try! (ft-mint? voucher amount recipient))
        (try! (contract-call? .audit-log record TOPIC_MINT
          (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
        (ok true))
      (ok false))))
