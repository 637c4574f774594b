;; audit-log: an append-only hash chain over every state change of the settlement.
;;
;; Entry, exactly 100 bytes:
;;   seq 16 | stacks height 16 | topic 4 | sha256 of the writer's consensus bytes 32 | digest 32
;; head(0) = 32 zero bytes; head(n) = sha256(head(n-1) | entry(n)). Whoever holds one head can show any later change of
;; what came before it.

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant DEPLOYER tx-sender)
(define-constant GENESIS_HEAD 0x0000000000000000000000000000000000000000000000000000000000000000)
(define-constant TOPIC_LIMIT u4294967296) ;; a topic has 4 bytes
(define-constant TOPIC_BOOTSTRAP u900)
(define-constant STEPS (list
  u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15
  u16 u17 u18 u19 u20 u21 u22 u23 u24 u25 u26 u27 u28 u29 u30 u31))

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_NOT_DEPLOYER (err u900)) ;; only the deployer bootstraps
(define-constant ERR_BOOTSTRAPPED (err u901)) ;; the writers are fixed already
(define-constant ERR_NO_WRITER (err u902)) ;; a log nobody may write to
(define-constant ERR_NOT_WRITER (err u903)) ;; the caller is not one of the writers
(define-constant ERR_TOPIC (err u904)) ;; a topic of more than 4 bytes
(define-constant ERR_DIGEST (err u905)) ;; a digest of other than 32 bytes
(define-constant ERR_RANGE (err u906)) ;; not 1 to 32 entries, or entries that do not exist
(define-constant ERR_BROKEN (err u907)) ;; a stored head is not the hash of what it covers
(define-constant ERR_NOT_CONTRACT (err u908)) ;; a writer that is a person's account, or of another network
(define-constant ERR_SERIALIZE (err u909)) ;; a value without consensus bytes

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

(define-data-var bootstrapped bool false)

;; I1: `seq` is the number of entries; entries 1 to seq exist and no others.
;; I2: `head` is the head stored with entry `seq`, and GENESIS_HEAD while there is none.
(define-data-var chain {seq: uint, head: (buff 32)} {seq: u0, head: GENESIS_HEAD})

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I3: filled by `bootstrap` and never changed; contracts of this network only, so that no person writes.
(define-map writers principal bool)

;; I4: an entry is inserted once and never changed; head = sha256(head of seq - 1 | entry). I5: entry 1 is the
;; bootstrap's.
(define-map entries uint {entry: (buff 100), head: (buff 32)})

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; The number of entries and the newest head.
(define-read-only (get-head)
  (var-get chain))

;; Entry seq (from u1) and the head after it.
(define-read-only (get-entry (seq uint))
  (map-get? entries seq))

(define-read-only (is-writer (writer principal))
  (default-to false (map-get? writers writer)))

;; Recomputes `count` (1 to 32) heads starting with entry `from` and compares each with the stored one.
;; Returns the last head.
(define-read-only (verify-chain (from uint) (count uint))
  (begin
    (asserts! (and (> from u0) (> count u0) (<= count u32)) ERR_RANGE)
    (let ((checked (try! (fold verify-step STEPS (ok {
            from: from, count: count,
            head: (if (is-eq from u1)
              GENESIS_HEAD
              (get head (unwrap! (map-get? entries (- from u1)) ERR_RANGE)))
          })))))
      (ok (get head checked)))))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

(define-private (add-writer (writer principal))
  (map-set writers writer true))

;; A contract's principal has a name; an account's has none.
(define-private (is-contract (writer principal))
  (match (principal-destruct? writer)
    parts (is-some (get name parts))
    of-another-network false))

;; One head further, unless `count` entries are done.
(define-private (verify-step
    (step uint)
    (so-far (response {from: uint, count: uint, head: (buff 32)} uint)))
  (let ((at (try! so-far)))
    (if (>= step (get count at))
      (ok at)
      (ok (merge at {
        head: (try! (verify-link
          (get head at)
          (unwrap! (map-get? entries (+ (get from at) step)) ERR_RANGE)))
      })))))

(define-private (verify-link (before (buff 32)) (stored {entry: (buff 100), head: (buff 32)}))
  (let ((head (sha256 (concat before (get entry stored)))))
    (asserts! (is-eq head (get head stored)) ERR_BROKEN)
    (ok head)))

;; The last `16 - skip` bytes of a uint, big-endian: its consensus form is a type byte and 16 bytes.
(define-private (uint-bytes (n uint) (skip uint))
  (slice? (unwrap! (to-consensus-buff? n) none) (+ u1 skip) u17))

;; Appends one entry, with a topic of 4 bytes and a digest of 32, and returns its number.
;; Prints {topic: "audit-entry", seq, entry, head}.
(define-private (append-entry (topic uint) (writer principal) (digest (buff 32)))
  (let (
      (seq (+ (get seq (var-get chain)) u1))
      (entry (unwrap! (as-max-len? (concat
        (unwrap! (uint-bytes seq u0) ERR_SERIALIZE)
        (unwrap! (uint-bytes stacks-block-height u0) ERR_SERIALIZE)
        (unwrap! (uint-bytes topic u12) ERR_SERIALIZE)
        (sha256 (unwrap! (to-consensus-buff? writer) ERR_SERIALIZE))
        digest) u100) ERR_SERIALIZE))
      (head (sha256 (concat (get head (var-get chain)) entry))))
    (map-insert entries seq {entry: entry, head: head})
    (var-set chain {seq: seq, head: head})
    (print {topic: "audit-entry", seq: seq, entry: entry, head: head})
    (ok seq)))

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; The deployer, once: fixes which contracts may write, and says so in entry 1, whose writer is this contract.
;; Afterwards the deployer may do nothing here.
;; Prints {topic: "audit-bootstrap", writers}, then {topic: "audit-entry", seq, entry, head}.
(define-public (bootstrap (initial-writers (list 16 principal)))
  (let ((event {topic: "audit-bootstrap", writers: initial-writers}))
    (asserts! (is-eq contract-caller DEPLOYER) ERR_NOT_DEPLOYER)
    (asserts! (not (var-get bootstrapped)) ERR_BOOTSTRAPPED)
    (asserts! (> (len initial-writers) u0) ERR_NO_WRITER)
    (asserts! (is-none (index-of? (map is-contract initial-writers) false)) ERR_NOT_CONTRACT)
    (var-set bootstrapped true)
    (map add-writer initial-writers)
    (try! (append-entry TOPIC_BOOTSTRAP current-contract
      (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
    (ok true)))

;; Writers only: appends one entry and returns its number.
;; Prints {topic: "audit-entry", seq, entry, head}.
(define-public (record (topic uint) (digest (buff 32)))
  (begin
    (asserts! (is-writer contract-caller) ERR_NOT_WRITER)
    (asserts! (< topic TOPIC_LIMIT) ERR_TOPIC)
    (asserts! (is-eq (len digest) u32) ERR_DIGEST)
    (append-entry topic contract-caller digest)))
