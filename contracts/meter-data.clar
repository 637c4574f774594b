;; meter-data: takes a zone's batches of committed usage, in order, and keeps the open period's running commitments.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(use-trait proof-trait .user-registry.proof-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant MAX_BLOCKS u7) ;; a batch spans 1 to 7 blocks
(define-constant AUTHENTICITY_LEVELS u6) ;; counts of slots at levels L0 to L5
(define-constant CHECKED_OPENING u1) ;; bit of proof-trait: the sum of the commitments opens to the total
(define-constant TOPIC_USAGE_BATCH u200)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_ZONE_UNKNOWN (err u200)) ;; no such zone in the registry
(define-constant ERR_NOT_GATEWAY (err u201)) ;; the sender is not the zone's gateway
(define-constant ERR_REPLAY (err u202)) ;; first-block lies before the zone's next block
(define-constant ERR_GAP (err u203)) ;; first-block lies after the zone's next block
(define-constant ERR_SPAN (err u204)) ;; a batch is 1 to 7 blocks
(define-constant ERR_SLOT_COUNT (err u205)) ;; one commitment for each slot of the zone
(define-constant ERR_EVIDENCE_ROOT (err u206)) ;; an evidence root has 32 bytes
(define-constant ERR_AUTHENTICITY (err u207)) ;; six counts that sum to at most the slots
(define-constant ERR_PROOF_CONTRACT (err u208)) ;; not the active privacy-proof contract
(define-constant ERR_UNCHECKED (err u209)) ;; the proof contract did not check the opening
(define-constant ERR_SUM_HINT (err u210)) ;; a hint with a period's first batch, or none with a later one
(define-constant ERR_SERIALIZE (err u211)) ;; a value without consensus bytes
(define-constant ERR_REPEATED (err u212)) ;; this whole list of commitments was accepted before, here or in another zone

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I1: next-block is the zone's first-block while it has sent nothing, then the last accepted block plus 1. I2: it only
;; grows. I3: batches is the number of batches accepted in the open period; u0 says that the next one sets `running`.
(define-map zone-states uint {next-block: uint, period: uint, batches: uint})

;; I4: inserted once, never changed. I5: a zone's batches are consecutive: no block is missing and none is in two.
(define-map batches {zone: uint, first-block: uint} {
  last-block: uint, total: uint, commitments-hash: (buff 32), evidence-root: (buff 32), checked: uint, height: uint
})

;; I6: the commitments-hash of every accepted batch of every zone, and no other: no list is accepted twice.
(define-map accepted-lists (buff 32) bool)

;; I7: slot by slot the sum of the commitments of the open period's batches; as many points as the zone has slots.
(define-map running uint (list 64 (buff 33)))

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; What the zone sends next; none for a zone that is not registered.
(define-read-only (get-zone-state (zone uint))
  (match (map-get? zone-states zone)
    state (some state)
    (match (contract-call? .user-registry get-zone zone)
      registered (some {next-block: (get first-block registered), period: u0, batches: u0})
      none)))

(define-read-only (get-batch (zone uint) (first-block uint))
  (map-get? batches {zone: zone, first-block: first-block}))

;; The running commitments of the open period, by slot; none before its first batch.
(define-read-only (get-running (zone uint))
  (map-get? running zone))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

;; The period's first batch sets the running commitments, a later one is added to them.
(define-private (extend-running
    (zone uint)
    (first bool)
    (commitments (list 64 (buff 33)))
    (sum-hint (optional (buff 32)))
    (proof <proof-trait>))
  (if first
    (begin
      (asserts! (is-none sum-hint) ERR_SUM_HINT)
      (ok commitments))
    (contract-call? proof add-commitments
      (default-to (list) (map-get? running zone))
      commitments
      (unwrap! sum-hint ERR_SUM_HINT))))

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; The zone's gateway: the next 1 to 7 blocks of a zone, one commitment for each slot, and the opening of their sum.
;; `authenticity` counts slots by meter level L0 to L5; `sum-hint` is the hint of `add-commitments`, for all but a
;; period's first batch; `points`, `scalars` and `hints` belong to the proof contract, whose errors pass through.
;; Prints {topic: "usage-batch", zone, period, first-block, last-block, total, commitments, commitments-hash,
;; evidence-root, authenticity, checked, context}.
(define-public (submit-usage-batch
    (zone uint)
    (first-block uint)
    (last-block uint)
    (commitments (list 64 (buff 33)))
    (total uint)
    (blinding-sum (buff 32))
    (evidence-root (buff 32))
    (authenticity (list 6 uint))
    (sum-hint (optional (buff 32)))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))
      (state (unwrap! (get-zone-state zone) ERR_ZONE_UNKNOWN))
      (period (get period state))
      (proof-contract (contract-of proof)))
    (asserts! (is-eq contract-caller (get gateway registered)) ERR_NOT_GATEWAY)
    (asserts! (>= first-block (get next-block state)) ERR_REPLAY)
    (asserts! (<= first-block (get next-block state)) ERR_GAP)
    (asserts! (and (>= last-block first-block) (< (- last-block first-block) MAX_BLOCKS)) ERR_SPAN)
    (asserts! (is-eq (len commitments) (get slots registered)) ERR_SLOT_COUNT)
    (asserts! (is-eq (len evidence-root) u32) ERR_EVIDENCE_ROOT)
    (asserts!
      (and
        (is-eq (len authenticity) AUTHENTICITY_LEVELS)
        (is-none (index-of? (map <= authenticity (list u64 u64 u64 u64 u64 u64)) false))
        (<= (fold + authenticity u0) (get slots registered)))
      ERR_AUTHENTICITY)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" proof-contract) ERR_PROOF_CONTRACT)
    (let (
        (next-block (+ last-block u1))
        (commitments-hash (sha256 (unwrap! (to-consensus-buff? commitments) ERR_SERIALIZE)))
        (context (sha256 (unwrap! (to-consensus-buff? {
            domain: "mita/v1/usage-batch",
            chain: chain-id,
            contract: current-contract,
            proof: proof-contract,
            submitter: contract-caller,
            zone: zone,
            period: period,
            first-block: first-block,
            last-block: last-block,
            total: total,
            blinding-sum: blinding-sum,
            evidence-root: evidence-root,
            authenticity: authenticity,
            commitments-hash: commitments-hash
          }) ERR_SERIALIZE)))
        (checked (try! (contract-call? proof verify-usage-batch
          context commitments total blinding-sum points scalars hints)))
        (event {
          topic: "usage-batch", zone: zone, period: period, first-block: first-block, last-block: last-block,
          total: total, commitments: commitments, commitments-hash: commitments-hash,
          evidence-root: evidence-root, authenticity: authenticity, checked: checked, context: context
        }))
      (asserts! (is-eq (bit-and checked CHECKED_OPENING) CHECKED_OPENING) ERR_UNCHECKED)
      (asserts! (map-insert accepted-lists commitments-hash true) ERR_REPEATED)
      (map-set running zone
        (try! (extend-running zone (is-eq (get batches state) u0) commitments sum-hint proof)))
      (map-insert batches {zone: zone, first-block: first-block} {
        last-block: last-block, total: total, commitments-hash: commitments-hash, evidence-root: evidence-root,
        checked: checked, height: stacks-block-height
      })
      (map-set zone-states zone
        {next-block: next-block, period: period, batches: (+ (get batches state) u1)})
      (try! (contract-call? .aggregation record-batch
        zone (get utility registered) period first-block last-block total))
      (try! (contract-call? .audit-log record TOPIC_USAGE_BATCH
        (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
      (ok {next-block: next-block, period: period, checked: checked}))))
