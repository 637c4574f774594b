;; meter-data: takes a zone's batches of committed usage, in order, and keeps the open period's running commitments.
;;
;; A dwelling may prove its own slot as well. For WINDOW after the first such proof for a batch's first block, a batch
;; that says otherwise is refused; later it is taken and marked contested. A proof that comes after the batch can set
;; the same mark. Nobody holds a zone back for more than WINDOW of any WINDOW + REST burn blocks: the window belongs to
;; the first block, not to each proof, and once a batch was taken against it, none opens and none holds for REST.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(use-trait proof-trait .user-registry.proof-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant MAX_BLOCKS u7) ;; a batch spans 1 to 7 blocks
(define-constant AUTHENTICITY_LEVELS u6) ;; counts of slots at levels L0 to L5
(define-constant CHECKED_RANGES u2) ;; bit of proof-trait: every value is in range
(define-constant CHECKED_BATCH u3) ;; and u1: their sum opens to the total
(define-constant WINDOW u144) ;; burn blocks, about a day: how long slots' own proofs hold back a batch
(define-constant REST u1008) ;; burn blocks, about a week: once a batch was taken against a window, none is held back
(define-constant TOPIC_USAGE_BATCH u200)
(define-constant TOPIC_USAGE_PROOF u201)

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
(define-constant ERR_UNCHECKED (err u209)) ;; the proof contract did not check all that it should
(define-constant ERR_SUM_HINT (err u210)) ;; a hint with a period's first batch, or none with a later one
(define-constant ERR_SERIALIZE (err u211)) ;; a value without consensus bytes
(define-constant ERR_REPEATED (err u212)) ;; this whole list of commitments was accepted before, here or in another zone
(define-constant ERR_SELF_PROVED (err u213)) ;; a slot's own proof says otherwise, and still holds
(define-constant ERR_NOT_SELF_PROVER (err u214)) ;; the sender does not prove this slot
(define-constant ERR_PROVED (err u215)) ;; this slot's own proof from this block was given already
(define-constant ERR_AHEAD (err u217)) ;; a slot's own proof of blocks after the zone's next one
(define-constant ERR_NOT_A_BATCH (err u216)) ;; these blocks were batched, but not as one batch from first to last

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I1: next-block is the zone's first-block while it has sent nothing, then the last accepted block plus 1. I2: it only
;; grows. I3: batches is the number of batches accepted in the open period; u0 says that the next one sets `running`.
(define-map zone-states uint {next-block: uint, period: uint, batches: uint})

;; I4: inserted once, never changed but for `contested`, and that from false to true only: some slot's own proof names
;; another commitment or, where it came before the batch, another last block. I5: a zone's batches are consecutive: no
;; block is missing and none is in two.
(define-map batches {zone: uint, first-block: uint} {
  last-block: uint, total: uint, commitments-hash: (buff 32), evidence-root: (buff 32), checked: uint, height: uint,
  contested: bool
})

;; I6: the list behind commitments-hash, for every batch; inserted once, never changed.
(define-map batch-commitments {zone: uint, first-block: uint} (list 64 (buff 33)))

;; I7: the commitments-hash of every accepted batch of every zone, and no other: no list is accepted twice.
(define-map accepted-lists (buff 32) bool)

;; I8: slot by slot the sum of the commitments of the open period's batches; as many points as the zone has slots.
(define-map running uint (list 64 (buff 33)))

;; I9: what slots proved of blocks from first-block, each slot once; never changed but by further slots. holds-until is
;; the burn height from which these proofs hold no batch back: WINDOW after the first of them came, or u0 if that came
;; after the batch, or in a rest.
(define-map self-proofs {zone: uint, first-block: uint} {
  holds-until: uint,
  proofs: (list 64 {slot: uint, last-block: uint, commitment: (buff 33)})
})

;; I10: the burn height until which proofs hold nothing back: REST after a batch was taken against proofs whose window
;; was over, and not moved while it lasts.
(define-map rests-until uint uint)

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

;; The commitments of a batch, by slot.
(define-read-only (get-commitments (zone uint) (first-block uint))
  (map-get? batch-commitments {zone: zone, first-block: first-block}))

;; What slots proved of blocks from first-block themselves; none where none did.
(define-read-only (get-self-proofs (zone uint) (first-block uint))
  (map-get? self-proofs {zone: zone, first-block: first-block}))

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

;; Does one slot's own proof contradict the batch, or did an earlier one?
(define-private (contradicts
    (own {slot: uint, last-block: uint, commitment: (buff 33)})
    (batch {last-block: uint, commitments: (list 64 (buff 33)), contested: bool}))
  (if (and
      (is-eq (get last-block own) (get last-block batch))
      (is-eq (element-at? (get commitments batch) (get slot own)) (some (get commitment own))))
    batch
    (merge batch {contested: true})))

(define-private (slot-of (own {slot: uint, last-block: uint, commitment: (buff 33)}))
  (get slot own))

;; Does no proof hold a batch of this zone back now?
(define-private (rests (zone uint))
  (< burn-block-height (default-to u0 (map-get? rests-until zone))))

;; 1 to MAX_BLOCKS blocks.
(define-private (is-span (first-block uint) (last-block uint))
  (and (>= last-block first-block) (< (- last-block first-block) MAX_BLOCKS)))

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; The zone's gateway: the next 1 to 7 blocks of a zone, one commitment for each slot, the opening of their sum, and the
;; proof that every value is in range. `authenticity` counts slots by meter level L0 to L5; `sum-hint` is the hint of
;; `add-commitments`, for all but a period's first batch; `points`, `scalars` and `hints` are the range proof's, whose
;; errors pass through. Prints {topic: "usage-batch", zone, period, first-block, last-block, total, commitments,
;; commitments-hash, evidence-root, authenticity, checked, contested, context}.
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
      (key {zone: zone, first-block: first-block})
      (own (default-to {holds-until: u0, proofs: (list)} (map-get? self-proofs key)))
      (contested (get contested (fold contradicts (get proofs own)
        {last-block: last-block, commitments: commitments, contested: false})))
      (proof-contract (contract-of proof)))
    (asserts! (is-eq contract-caller (get gateway registered)) ERR_NOT_GATEWAY)
    (asserts! (>= first-block (get next-block state)) ERR_REPLAY)
    (asserts! (<= first-block (get next-block state)) ERR_GAP)
    (asserts! (is-span first-block last-block) ERR_SPAN)
    (asserts! (is-eq (len commitments) (get slots registered)) ERR_SLOT_COUNT)
    (asserts! (is-eq (len evidence-root) u32) ERR_EVIDENCE_ROOT)
    (asserts!
      (and
        (is-eq (len authenticity) AUTHENTICITY_LEVELS)
        (is-none (index-of? (map <= authenticity (list u64 u64 u64 u64 u64 u64)) false))
        (<= (fold + authenticity u0) (get slots registered)))
      ERR_AUTHENTICITY)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" proof-contract) ERR_PROOF_CONTRACT)
    (asserts!
      (or (not contested) (>= burn-block-height (get holds-until own)) (rests zone))
      ERR_SELF_PROVED)
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
          evidence-root: evidence-root, authenticity: authenticity, checked: checked, contested: contested,
          context: context
        }))
      (asserts! (is-eq (bit-and checked CHECKED_BATCH) CHECKED_BATCH) ERR_UNCHECKED)
      (asserts! (map-insert accepted-lists commitments-hash true) ERR_REPEATED)
      (map-set running zone
        (try! (extend-running zone (is-eq (get batches state) u0) commitments sum-hint proof)))
      (map-insert batches key {
        last-block: last-block, total: total, commitments-hash: commitments-hash, evidence-root: evidence-root,
        checked: checked, height: stacks-block-height, contested: contested
      })
      (map-insert batch-commitments key commitments)
      (and
        contested
        (> (get holds-until own) u0)
        (not (rests zone))
        (map-set rests-until zone (+ burn-block-height REST)))
      (map-set zone-states zone
        {next-block: next-block, period: period, batches: (+ (get batches state) u1)})
      (try! (contract-call? .aggregation record-batch
        zone (get utility registered) period first-block last-block total))
      (try! (contract-call? .audit-log record TOPIC_USAGE_BATCH
        (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
      (ok {next-block: next-block, period: period, checked: checked}))))

;; A dwelling that proves its own slot, before the batch or after it: the usage of 1 to 7 blocks, in range, without
;; opening it. The blocks begin where the zone's next batch does, so that nobody speaks for those who live there later,
;; or they are those of a batch. `points`, `scalars` and `hints` as
;; above. Prints {topic: "usage-proof", zone, slot, period, first-block, last-block, commitment, prover, checked,
;; holds-until, contested, context}.
(define-public (submit-usage-proof
    (zone uint)
    (slot uint)
    (first-block uint)
    (last-block uint)
    (commitment (buff 33))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (state (unwrap! (get-zone-state zone) ERR_ZONE_UNKNOWN))
      (key {zone: zone, first-block: first-block})
      (batch (map-get? batches key))
      (late (< first-block (get next-block state)))
      (own (default-to
        {holds-until: (if (or late (rests zone)) u0 (+ burn-block-height WINDOW)), proofs: (list)}
        (map-get? self-proofs key)))
      (contested (match (map-get? batch-commitments key)
        batched (not (is-eq (element-at? batched slot) (some commitment)))
        false))
      (proof-contract (contract-of proof)))
    (asserts!
      (is-eq (contract-call? .user-registry get-self-prover zone slot) (some contract-caller))
      ERR_NOT_SELF_PROVER)
    (asserts! (is-span first-block last-block) ERR_SPAN)
    (asserts! (<= first-block (get next-block state)) ERR_AHEAD)
    (asserts!
      (or (not late) (is-eq (some last-block) (match batch known (some (get last-block known)) none)))
      ERR_NOT_A_BATCH)
    (asserts! (is-none (index-of? (map slot-of (get proofs own)) slot)) ERR_PROVED)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" proof-contract) ERR_PROOF_CONTRACT)
    (let (
        (commitments (list commitment))
        (context (sha256 (unwrap! (to-consensus-buff? {
            domain: "mita/v1/usage-proof",
            chain: chain-id,
            contract: current-contract,
            proof: proof-contract,
            submitter: contract-caller,
            zone: zone,
            slot: slot,
            period: (get period state),
            first-block: first-block,
            last-block: last-block,
            commitments-hash: (sha256 (unwrap! (to-consensus-buff? commitments) ERR_SERIALIZE))
          }) ERR_SERIALIZE)))
        (checked (try! (contract-call? proof verify-usage context commitments points scalars hints)))
        (event {
          topic: "usage-proof", zone: zone, slot: slot, period: (get period state), first-block: first-block,
          last-block: last-block, commitment: commitment, prover: contract-caller, checked: checked,
          holds-until: (get holds-until own), contested: contested, context: context
        }))
      (asserts! (is-eq (bit-and checked CHECKED_RANGES) CHECKED_RANGES) ERR_UNCHECKED)
      (map-set self-proofs key (merge own {proofs: (unwrap!
        (as-max-len? (append (get proofs own) {slot: slot, last-block: last-block, commitment: commitment}) u64)
        ERR_PROVED)}))
      (match batch
        known (and contested (map-set batches key (merge known {contested: true})))
        false)
      (try! (contract-call? .audit-log record TOPIC_USAGE_PROOF
        (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
      (ok {holds-until: (get holds-until own), contested: contested}))))
