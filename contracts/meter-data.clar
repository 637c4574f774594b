;; meter-data: takes a zone's batches of committed usage, in order, and keeps the open period's running commitments.
;;
;; A dwelling may prove its own slot as well. For WINDOW after the first such proof for a batch's first block, a batch
;; that says otherwise is refused; later it is taken and marked contested. A proof that comes after the batch can set
;; the same mark. Nobody holds a zone back for more than WINDOW of any WINDOW + REST burn blocks: the window belongs to
;; the first block, not to each proof, and once a batch was taken against it, none opens and none holds for REST.
;;
;; A zone of too few dwellings sends sealed batches, without a total. Those of several zones are opened together.

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
(define-constant SILENCE u12960) ;; burn blocks, about 90 days: a zone that sends nothing for so long may be closed
(define-constant TOPIC_USAGE_BATCH u200)
(define-constant TOPIC_USAGE_PROOF u201)
(define-constant TOPIC_PERIOD u202)
(define-constant TOPIC_CLOSED u203)
(define-constant TOPIC_SEALED_BATCH u204)
(define-constant TOPIC_COMBINED u205)

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
(define-constant ERR_NOT_A_BATCH (err u216)) ;; these blocks were batched, but not as one batch from first to last
(define-constant ERR_AHEAD (err u217)) ;; a slot's own proof of blocks after the zone's next one
(define-constant ERR_K_MIN (err u218)) ;; a total over fewer dwellings than k-min that nothing else singled out
(define-constant ERR_FROZEN (err u219)) ;; the zone's gateway was revoked
(define-constant ERR_PERIOD_SHORT (err u220)) ;; fewer blocks than a period has at least
(define-constant ERR_HEARD (err u221)) ;; a zone that was not silent for long enough
(define-constant ERR_CLOSED (err u222)) ;; the zone is closed
(define-constant ERR_TOO_LATE (err u223)) ;; a slot's own proof of a batch more than one period back
(define-constant ERR_EARLY (err u224)) ;; a batch of blocks that have not ended by the chain's clock
(define-constant ERR_NOT_ALIKE (err u225)) ;; zones of another utility, or batches of another period or time
(define-constant ERR_NOT_SEALED (err u226)) ;; a batch that opened its total itself
(define-constant ERR_MAY_OPEN (err u227)) ;; a sealed batch of a zone that may open its total alone

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I1: next-block is the zone's first-block while it has sent nothing, then the last accepted block plus 1. I2: it only
;; grows. I3: batches and blocks are the numbers of those accepted in the open period; no batch says that the next one
;; sets `running`. `heard` is the burn height of the newest batch.
(define-map zone-states uint {next-block: uint, batches: uint, blocks: uint, heard: uint})

;; I4: inserted once, never changed but for `contested`, and that from false to true only: some slot's own proof names
;; another commitment or, where it came before the batch, another last block. I5: a zone's batches are consecutive: no
;; block is missing and none is in two.
;; A sealed batch has checked u2 and a total of u0 that says nothing.
(define-map batches {zone: uint, first-block: uint} {
  last-block: uint, total: uint, commitments-hash: (buff 32), evidence-root: (buff 32), checked: uint, height: uint,
  contested: bool, period: uint
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

;; I11: inserted once, when the period closes, and never changed: `running` as it was, and the numbers of I3.
(define-map period-usages {zone: uint, period: uint} {usage: (list 64 (buff 33)), blocks: uint, batches: uint})

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; What the zone sends next; none for a zone that is not registered.
(define-read-only (get-zone-state (zone uint))
  (match (contract-call? .user-registry get-zone zone)
    registered (let ((state (state-of zone (get first-block registered))))
      (some {next-block: (get next-block state), period: (get period registered), batches: (get batches state)}))
    none))

;; The burn height of the zone's newest batch, or of its registration; u0 for a zone that is not registered.
(define-read-only (get-last-heard (zone uint))
  (match (map-get? zone-states zone)
    state (get heard state)
    (match (contract-call? .user-registry get-zone zone) registered (get since registered) u0)))

;; What the slots used in a period that is closed, as commitments by slot, over how many blocks and batches.
(define-read-only (get-period-usage (zone uint) (period uint))
  (map-get? period-usages {zone: zone, period: period}))

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

;; Before its first batch as registered.
(define-private (state-of (zone uint) (first-block uint))
  (default-to {next-block: first-block, batches: u0, blocks: u0, heard: u0} (map-get? zone-states zone)))

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

;; Takes the next batch of a zone from its gateway, with the opening of its sum or sealed.
(define-private (accept
    (zone uint)
    (first-block uint)
    (last-block uint)
    (commitments (list 64 (buff 33)))
    (opened (optional {total: uint, blinding: (buff 32)}))
    (evidence-root (buff 32))
    (authenticity (list 6 uint))
    (sum-hint (optional (buff 32)))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))
      (state (state-of zone (get first-block registered)))
      (period (get period registered))
      (key {zone: zone, first-block: first-block})
      (own (default-to {holds-until: u0, proofs: (list)} (map-get? self-proofs key)))
      (contested (get contested (fold contradicts (get proofs own)
        {last-block: last-block, commitments: commitments, contested: false})))
      (opens (is-some opened))
      (may-open (contract-call? .aggregation may-open zone period))
      (total (match opened sum (get total sum) u0))
      (blinding-sum (match opened sum (get blinding sum) 0x))
      (proof-contract (contract-of proof)))
    (asserts! (is-eq contract-caller (get gateway registered)) ERR_NOT_GATEWAY)
    (asserts! (not (get frozen registered)) ERR_FROZEN)
    (asserts! (not (get closed registered)) ERR_CLOSED)
    (asserts! (>= first-block (get next-block state)) ERR_REPLAY)
    (asserts! (<= first-block (get next-block state)) ERR_GAP)
    (asserts! (is-span first-block last-block) ERR_SPAN)
    (asserts!
      (>=
        stacks-block-time
        (+
          (get origin registered)
          (* (- (+ last-block u1) (get first-block registered)) (get block-seconds registered))))
      ERR_EARLY)
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
    (asserts! (or (not opens) may-open) ERR_K_MIN)
    (asserts! (or opens (not may-open)) ERR_MAY_OPEN)
    (let (
        (next-block (+ last-block u1))
        (commitments-hash (sha256 (unwrap! (to-consensus-buff? commitments) ERR_SERIALIZE)))
        (context (sha256 (unwrap! (to-consensus-buff? {
            domain: (if opens "mita/v1/usage-batch" "mita/v1/sealed-batch"),
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
        (checked (if opens
          (try! (contract-call? proof verify-usage-batch
            context commitments total blinding-sum points scalars hints))
          (bit-and CHECKED_RANGES (try! (contract-call? proof verify-usage context commitments points scalars hints)))))
        (needed (if opens CHECKED_BATCH CHECKED_RANGES))
        (event {
          topic: (if opens "usage-batch" "sealed-batch"),
          zone: zone, period: period, first-block: first-block, last-block: last-block,
          total: total, commitments: commitments, commitments-hash: commitments-hash,
          evidence-root: evidence-root, authenticity: authenticity, checked: checked, contested: contested,
          context: context
        }))
      (asserts! (is-eq (bit-and checked needed) needed) ERR_UNCHECKED)
      (asserts! (map-insert accepted-lists commitments-hash true) ERR_REPEATED)
      (map-set running zone
        (try! (extend-running zone (is-eq (get batches state) u0) commitments sum-hint proof)))
      (map-insert batches key {
        last-block: last-block, total: total, commitments-hash: commitments-hash, evidence-root: evidence-root,
        checked: checked, height: stacks-block-height, contested: contested, period: period
      })
      (map-insert batch-commitments key commitments)
      (and
        contested
        (> (get holds-until own) u0)
        (not (rests zone))
        (map-set rests-until zone (+ burn-block-height REST)))
      (map-set zone-states zone {
        next-block: next-block,
        batches: (+ (get batches state) u1),
        blocks: (+ (get blocks state) (- next-block first-block)),
        heard: burn-block-height
      })
      (and opens (try! (contract-call? .aggregation record-batch
        zone (get utility registered) period first-block last-block total)))
      (and (not (get begun registered)) (try! (contract-call? .user-registry begin-zone zone)))
      (try! (contract-call? .audit-log record (if opens TOPIC_USAGE_BATCH TOPIC_SEALED_BATCH)
        (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
      (ok {next-block: next-block, period: period, checked: checked}))))

;; The next zone's sealed batch fits those before it: the sender is its gateway, and utility, period and time are the
;; same. `first` is none before the first of them.
(define-private (fits
    (zone uint)
    (so-far (response {
      first-block: uint,
      first: (optional {utility: uint, period: uint, last-block: uint, begins: uint, block-seconds: uint})
    } uint)))
  (let (
      (at (try! so-far))
      (first-block (get first-block at))
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))
      (batch (unwrap! (map-get? batches {zone: zone, first-block: first-block}) ERR_NOT_A_BATCH))
      (own {
        utility: (get utility registered),
        period: (get period batch),
        last-block: (get last-block batch),
        begins: (+ (get origin registered)
          (* (- first-block (get first-block registered)) (get block-seconds registered))),
        block-seconds: (get block-seconds registered)
      }))
    (asserts! (is-eq contract-caller (get gateway registered)) ERR_NOT_GATEWAY)
    (asserts! (not (get frozen registered)) ERR_FROZEN)
    (asserts! (not (get closed registered)) ERR_CLOSED)
    (asserts! (is-eq (get checked batch) CHECKED_RANGES) ERR_NOT_SEALED)
    (asserts! (is-eq (default-to own (get first at)) own) ERR_NOT_ALIKE)
    (ok {first-block: first-block, first: (some own)})))

;; The sum of a zone's batch, in a list; an empty one for no zone.
(define-private (summed
    (zone (optional uint))
    (first-block uint)
    (hints (optional (list 12 (buff 32))))
    (proof <proof-trait>))
  (match zone
    known (ok (list (try! (contract-call? proof sum-commitments
      (default-to (list) (map-get? batch-commitments {zone: known, first-block: first-block}))
      (default-to (list) hints)))))
    (ok (list))))

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
  (accept zone first-block last-block commitments (some {total: total, blinding: blinding-sum})
    evidence-root authenticity sum-hint points scalars hints proof))

;; The same without the opening, where fewer than k-min dwellings are left that nothing else singled out, and only
;; there: a sum of its own beside a total with others would show theirs. Topic "sealed-batch", total u0.
(define-public (submit-sealed-batch
    (zone uint)
    (first-block uint)
    (last-block uint)
    (commitments (list 64 (buff 33)))
    (evidence-root (buff 32))
    (authenticity (list 6 uint))
    (sum-hint (optional (buff 32)))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (accept zone first-block last-block commitments none
    evidence-root authenticity sum-hint points scalars hints proof))

;; The gateway of all of these zones: the total of their sealed batches from first-block, over k-min dwellings together,
;; once for each batch. `zone-hints` are those of `sum-commitments` for each zone, `hints` those for the zones' sums.
;; Prints {topic: "combined-total", zones, utility, period, first-block, last-block, total}.
(define-public (open-combined-total
    (zones (list 4 uint))
    (first-block uint)
    (total uint)
    (blinding (buff 32))
    (zone-hints (list 4 (list 12 (buff 32))))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (alike (unwrap!
        (get first (try! (fold fits zones (ok {first-block: first-block, first: none}))))
        ERR_NOT_A_BATCH))
      (event {
        topic: "combined-total", zones: zones, utility: (get utility alike), period: (get period alike),
        first-block: first-block, last-block: (get last-block alike), total: total
      }))
    (asserts! (contract-call? .user-registry is-active "privacy-proof" (contract-of proof)) ERR_PROOF_CONTRACT)
    (try! (contract-call? proof verify-sum
      (concat
        (concat
          (try! (summed (element-at? zones u0) first-block (element-at? zone-hints u0) proof))
          (try! (summed (element-at? zones u1) first-block (element-at? zone-hints u1) proof)))
        (concat
          (try! (summed (element-at? zones u2) first-block (element-at? zone-hints u2) proof))
          (try! (summed (element-at? zones u3) first-block (element-at? zone-hints u3) proof))))
      total blinding hints))
    (try! (contract-call? .aggregation record-combined
      zones (get utility alike) (get period alike) first-block (get last-block alike) total))
    (try! (contract-call? .audit-log record TOPIC_COMBINED
      (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
    (ok true)))

;; A dwelling that proves its own slot, before the batch or after it: the usage of 1 to 7 blocks, in range, without
;; opening it. The blocks begin where the zone's next batch does, so that nobody speaks for those who live there later,
;; or they are those of a batch of this period or the last, in which the sender proved the slot. `points`, `scalars`
;; and `hints` as above. Prints {topic: "usage-proof", zone, slot, period, first-block, last-block, commitment, prover,
;; checked, holds-until, contested, context}.
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
      (period (match batch known (get period known) (get period state)))
      (late (< first-block (get next-block state)))
      (own (default-to
        {holds-until: (if (or late (rests zone)) u0 (+ burn-block-height WINDOW)), proofs: (list)}
        (map-get? self-proofs key)))
      (contested (match (map-get? batch-commitments key)
        batched (not (is-eq (element-at? batched slot) (some commitment)))
        false))
      (proof-contract (contract-of proof)))
    (asserts!
      (is-eq (contract-call? .user-registry get-self-prover-at zone slot period) (some contract-caller))
      ERR_NOT_SELF_PROVER)
    (asserts! (is-span first-block last-block) ERR_SPAN)
    (asserts! (<= first-block (get next-block state)) ERR_AHEAD)
    (asserts!
      (or (not late) (is-eq (some last-block) (match batch known (some (get last-block known)) none)))
      ERR_NOT_A_BATCH)
    (asserts! (>= (+ period u1) (get period state)) ERR_TOO_LATE)
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
            period: period,
            first-block: first-block,
            last-block: last-block,
            commitments-hash: (sha256 (unwrap! (to-consensus-buff? commitments) ERR_SERIALIZE))
          }) ERR_SERIALIZE)))
        (checked (try! (contract-call? proof verify-usage context commitments points scalars hints)))
        (event {
          topic: "usage-proof", zone: zone, slot: slot, period: period, first-block: first-block,
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

;; Anyone, once as many blocks were sent as a period has at least: closes the open period and opens the next. Prints
;; {topic: "period-closed", zone, period, usage, blocks, batches}.
(define-public (close-period (zone uint))
  (let (
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))
      (period (get period registered))
      (state (state-of zone (get first-block registered)))
      (usage {
        usage: (default-to (list) (map-get? running zone)), blocks: (get blocks state), batches: (get batches state)
      }))
    (asserts! (not (get closed registered)) ERR_CLOSED)
    (asserts! (>= (get blocks state) (contract-call? .user-registry get-parameter "period-blocks")) ERR_PERIOD_SHORT)
    (map-insert period-usages {zone: zone, period: period} usage)
    (map-delete running zone)
    (map-set zone-states zone (merge state {batches: u0, blocks: u0}))
    (try! (contract-call? .user-registry open-period zone))
    (try! (contract-call? .audit-log record TOPIC_PERIOD (sha256 (unwrap!
      (to-consensus-buff? (print (merge usage {topic: "period-closed", zone: zone, period: period})))
      ERR_SERIALIZE))))
    (ok period)))

;; Anyone, once nothing came from the zone for SILENCE burn blocks: it is closed for good, and everybody may take their
;; credit out. What was used in the open period is not billed. Prints {topic: "zone-closed", zone, period}.
(define-public (close-zone (zone uint))
  (let ((registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN)))
    (asserts! (not (get closed registered)) ERR_CLOSED)
    (asserts! (>= burn-block-height (+ (get-last-heard zone) SILENCE)) ERR_HEARD)
    (try! (contract-call? .user-registry close-zone zone))
    (try! (contract-call? .audit-log record TOPIC_CLOSED (sha256 (unwrap!
      (to-consensus-buff? (print {topic: "zone-closed", zone: zone, period: (get period registered)}))
      ERR_SERIALIZE))))
    (ok true)))
