;; billing: tariffs, and for every zone and period a list of committed bills that are what the tariff says.
;;
;; A tariff is a charge for each block and 1 to 4 bands of usage per block, whose rates do not fall. Over n blocks band
;; k is the line a_k*U + b_k with a_k its rate and b_k = n*(charge - sum over i <= k of (rate_i - rate_{i-1})*from_i),
;; and the bill is the largest line: so nothing depends on when a period was closed. With one band the contract
;; computes the bills. With more the biller names them; for every band F - line is shown to be in range, and then, for
;; every slot, one of these to be zero.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(use-trait proof-trait .user-registry.proof-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant DEPLOYER tx-sender)

(define-constant MAX_BLOCK_USAGE 149796) ;; the most that an honest block commits in a slot
(define-constant LONGEST 31) ;; blocks of the longest period that the bound on bills reckons with
(define-constant BILL_LIMIT 68719476736) ;; 2^36
(define-constant RATE_LIMIT u16384) ;; 2^14
(define-constant STEP u5) ;; a rate, charge or begin moves by a fifth at most
(define-constant AHEAD u12) ;; periods that a version may lie ahead
(define-constant REST u2016) ;; burn blocks, two weeks: between two changes

(define-constant PART u32) ;; slots that one range proof covers
(define-constant BANDS (list u0 u1 u2 u3))
(define-constant HALVINGS (list u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15))
(define-constant SLOTS (list
  u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15 u16 u17 u18 u19 u20 u21 u22 u23 u24 u25 u26 u27 u28 u29 u30 u31
  u32 u33 u34 u35 u36 u37 u38 u39 u40 u41 u42 u43 u44 u45 u46 u47 u48 u49 u50 u51 u52 u53 u54 u55 u56 u57 u58 u59 u60
  u61 u62 u63))

(define-constant TOPIC_TARIFF u500)
(define-constant TOPIC_BILLS u501)
(define-constant TOPIC_FREEZE u502)
(define-constant TOPIC_CORRECTION u503)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_CALLER (err u500)) ;; only the active contract whose job this is
(define-constant ERR_NOT_DEPLOYER (err u501)) ;; only the deployer founds tariffs
(define-constant ERR_FOUNDED (err u502)) ;; the first tariffs are there, or two for one utility; or a zone is
(define-constant ERR_TARIFF (err u503)) ;; not 1 to 4 bands from zero upwards with rates that do not fall, or too dear
(define-constant ERR_CEILING (err u504)) ;; the charge, or a band of the lifeline, costs more than its ceiling
(define-constant ERR_STEP (err u505)) ;; something moves by more than a fifth, or two weeks after the last change
(define-constant ERR_PERIOD (err u506)) ;; from a period open somewhere already, beyond the next twelve, or out of order
(define-constant ERR_NO_TARIFF (err u507)) ;; the utility has none
(define-constant ERR_ZONE_UNKNOWN (err u508)) ;; no such zone in the registry
(define-constant ERR_NOT_BILLER (err u509)) ;; not the gateway that serves the zone nor, with one band, its provider
(define-constant ERR_NOT_CLOSED (err u510)) ;; the next period to bill is not closed yet
(define-constant ERR_BILLS (err u511)) ;; bills, or a hint, where the contract computes; or not one for each slot
(define-constant ERR_PROOF_CONTRACT (err u512)) ;; not the active privacy-proof contract
(define-constant ERR_NO_CANDIDATE (err u513)) ;; no bills of this zone wait for proofs
(define-constant ERR_BAND (err u514)) ;; no such band, or no such part of the zone
(define-constant ERR_UNPROVED (err u515)) ;; a part that comes before this is not proved
(define-constant ERR_NO_BILL (err u516)) ;; no final bill of this slot and period
(define-constant ERR_DUE (err u517)) ;; the time to dispute this bill is over
(define-constant ERR_FREEZE (err u518)) ;; disputed already, or not disputed
(define-constant ERR_CORRECTION (err u519)) ;; a bill is corrected once, and a correction taken once
(define-constant ERR_SERIALIZE (err u520)) ;; a value without consensus bytes

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

(define-data-var founded bool false)

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I1: tariffs u1 to `versions` exist. I2: the limits never change: in no version is the charge above `charge-ceiling`,
;; nor costs a band that begins below `lifeline`, in usage per block, more than `ceiling`. `changed` is a burn height.
(define-map utilities uint {versions: uint, ceiling: uint, charge-ceiling: uint, lifeline: uint, changed: uint})

;; I3: version u1 from period u0, later ones from rising periods. Only the last is ever replaced, before it begins.
(define-map tariffs {utility: uint, version: uint} {
  from-period: uint, charge: uint, bands: (list 4 {from: uint, rate: uint})
})

;; I4: the period that the zone bills next; all before it, from its first one on, have final bills.
(define-map next-periods uint uint)

;; I5: the bills of that period that wait for proofs. Bit band*parts + part of `proved` is set when these bills were
;; shown not to lie below that line in these slots. Constants are for all the period's blocks.
(define-map candidates uint {
  version: uint, bills: (list 64 (buff 33)), bills-hash: (buff 32), lines: (list 4 {rate: uint, constant: int}),
  proved: uint
})

;; I6: bills - line by band, of the candidate; of an earlier one if the candidate's first part is not proved.
(define-map excesses {zone: uint, band: uint} (list 64 (buff 33)))

;; I7: inserted once, never changed. `due` is the burn height from which nobody disputes them.
(define-map final-bills {zone: uint, period: uint} {bills: (list 64 (buff 33)), version: uint, due: uint})

;; I8: a bill under dispute, since before it was due. I9: `frozen-counts` counts them; of a period that is due it only
;; falls.
(define-map frozen {zone: uint, slot: uint, period: uint} bool)
(define-map frozen-counts {zone: uint, period: uint} uint)

;; I10: what a ruling takes off a bill: once, while it is frozen. I11: `pending-counts` counts the zone's not taken.
(define-map corrections {zone: uint, slot: uint, period: uint} {correction: (buff 33), taken: bool})
(define-map pending-counts uint uint)

;; I12: a slot's bills under dispute and its corrections that are not taken.
(define-map claims {zone: uint, slot: uint} uint)

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (get-utility (utility uint))
  (map-get? utilities utility))

(define-read-only (get-tariff (utility uint) (version uint))
  (map-get? tariffs {utility: utility, version: version}))

;; The number of the version that a period is billed by; none before tariffs are founded.
(define-read-only (get-version (utility uint) (period uint))
  (match (map-get? utilities utility)
    known (some (get low (fold halve HALVINGS
      {utility: utility, period: period, low: u1, high: (+ (get versions known) u1)})))
    none))

;; What a period is billed by.
(define-read-only (get-tariff-for (utility uint) (period uint))
  (get-tariff utility (default-to u0 (get-version utility period))))

;; The period that the zone bills next.
(define-read-only (get-next-period (zone uint))
  (match (map-get? next-periods zone)
    period (some period)
    (match (contract-call? .user-registry get-zone zone) known (some (get first-period known)) none)))

;; The bills that wait for proofs.
(define-read-only (get-candidate (zone uint))
  (map-get? candidates zone))

;; Final bills by slot.
(define-read-only (get-bills (zone uint) (period uint))
  (map-get? final-bills {zone: zone, period: period}))

;; The bill of a dwelling's connection to a utility; status is "final", "disputed" or "corrected".
(define-read-only (get-user-bill (dwelling uint) (utility uint) (period uint))
  (get found (fold bill-of
    (match (contract-call? .user-registry get-dwelling dwelling) known (get homes known) (list))
    {dwelling: dwelling, utility: utility, period: period, found: none})))

(define-read-only (is-frozen (zone uint) (slot uint) (period uint))
  (default-to false (map-get? frozen {zone: zone, slot: slot, period: period})))

;; How many bills of the period are under dispute.
(define-read-only (get-frozen-count (zone uint) (period uint))
  (default-to u0 (map-get? frozen-counts {zone: zone, period: period})))

;; How many disputes and corrections of a slot are open.
(define-read-only (get-claims (zone uint) (slot uint))
  (default-to u0 (map-get? claims {zone: zone, slot: slot})))

(define-read-only (get-correction (zone uint) (slot uint) (period uint))
  (map-get? corrections {zone: zone, slot: slot, period: period}))

;; How many corrections of the zone were ruled and are not settled yet.
(define-read-only (get-pending-count (zone uint))
  (default-to u0 (map-get? pending-counts zone)))

;; ----------------------------------------------------------------------------------------------------
;; private: tariffs
;; ----------------------------------------------------------------------------------------------------

;; `low` begins in time, `high` does not; half of what lies between is ruled out.
(define-private (halve (step uint) (at {utility: uint, period: uint, low: uint, high: uint}))
  (let ((middle (/ (+ (get low at) (get high at)) u2)))
    (if (is-eq middle (get low at))
      at
      (match (map-get? tariffs {utility: (get utility at), version: middle})
        tariff (if (<= (get from-period tariff) (get period at))
          (merge at {low: middle})
          (merge at {high: middle}))
        at))))

(define-private (is-band (band {from: uint, rate: uint}))
  (and (< (get rate band) RATE_LIMIT) (< (get from band) (to-uint MAX_BLOCK_USAGE))))

(define-private (rises (band {from: uint, rate: uint}) (so-far {from: int, rate: uint, rising: bool}))
  {
    from: (to-int (get from band)),
    rate: (get rate band),
    rising: (and
      (get rising so-far)
      (> (to-int (get from band)) (get from so-far))
      (>= (get rate band) (get rate so-far)))
  })

;; One line more, for a single block.
(define-private (add-line
    (band {from: uint, rate: uint})
    (so-far {rate: uint, constant: int, lines: (list 4 {rate: uint, constant: int})}))
  (let ((constant (- (get constant so-far)
      (* (- (to-int (get rate band)) (to-int (get rate so-far))) (to-int (get from band))))))
    {
      rate: (get rate band),
      constant: constant,
      lines: (default-to (list) (as-max-len?
        (append (get lines so-far) {rate: (get rate band), constant: constant}) u4))
    }))

(define-private (lines-of (charge uint) (bands (list 4 {from: uint, rate: uint})))
  (get lines (fold add-line bands {rate: u0, constant: (to-int charge), lines: (list)})))

(define-private (dearer (line {rate: uint, constant: int}) (so-far int))
  (let ((amount (+ (* (to-int (get rate line)) MAX_BLOCK_USAGE) (get constant line))))
    (if (> amount so-far) amount so-far)))

;; 1 to 4 bands, the first from zero; something costs something; no bill of LONGEST blocks reaches the limit.
(define-private (is-tariff (charge uint) (bands (list 4 {from: uint, rate: uint})))
  (match (element-at? bands u0)
    first (and
      (is-none (index-of? (map is-band bands) false))
      (is-eq (get from first) u0)
      (get rising (fold rises bands {from: -1, rate: u0, rising: true}))
      (or (> (get rate first) u0) (> charge u0) (> (len bands) u1))
      (< charge (to-uint BILL_LIMIT))
      (< (* LONGEST (fold dearer (lines-of charge bands) 0)) BILL_LIMIT))
    false))

;; Does any band that begins below the lifeline cost more than the ceiling?
(define-private (exceeds (band {from: uint, rate: uint}) (limits {ceiling: uint, lifeline: uint, exceeded: bool}))
  (if (and (> (get rate band) (get ceiling limits)) (< (get from band) (get lifeline limits)))
    (merge limits {exceeded: true})
    limits))

(define-private (is-affordable
    (charge uint)
    (bands (list 4 {from: uint, rate: uint}))
    (limits {ceiling: uint, charge-ceiling: uint, lifeline: uint}))
  (and
    (<= charge (get charge-ceiling limits))
    (not (get exceeded (fold exceeds bands
      {ceiling: (get ceiling limits), lifeline: (get lifeline limits), exceeded: false})))))

(define-private (is-near (new uint) (old uint))
  (<= (* (if (> new old) (- new old) (- old new)) STEP) old))

;; Band k against the k-th of before; one that there was not against the last, and that by its rate alone.
(define-private (moves-little
    (band {from: uint, rate: uint})
    (so-far {k: uint, old: (list 4 {from: uint, rate: uint}), last: {from: uint, rate: uint}, little: bool}))
  (let (
      (same (element-at? (get old so-far) (get k so-far)))
      (before (default-to (get last so-far) same)))
    (merge so-far {
      k: (+ (get k so-far) u1),
      last: before,
      little: (and
        (get little so-far)
        (is-near (get rate band) (get rate before))
        (or (is-none same) (is-near (get from band) (get from before))))
    })))

;; Prints {topic: "tariff", utility, version, from-period, charge, bands, ceiling, charge-ceiling, lifeline}.
(define-private (add-tariff
    (utility uint)
    (version uint)
    (from-period uint)
    (charge uint)
    (bands (list 4 {from: uint, rate: uint}))
    (limits {ceiling: uint, charge-ceiling: uint, lifeline: uint}))
  (let (
      (tariff {from-period: from-period, charge: charge, bands: bands})
      (event (merge (merge tariff limits) {topic: "tariff", utility: utility, version: version})))
    (map-set tariffs {utility: utility, version: version} tariff)
    (recorded TOPIC_TARIFF (to-consensus-buff? (print event)))))

(define-private (found
    (first {
      utility: uint, ceiling: uint, charge-ceiling: uint, lifeline: uint, charge: uint,
      bands: (list 4 {from: uint, rate: uint})
    })
    (so-far (response bool uint)))
  (let (
      (utility (get utility first))
      (limits {
        ceiling: (get ceiling first), charge-ceiling: (get charge-ceiling first), lifeline: (get lifeline first)
      }))
    (try! so-far)
    (asserts! (is-tariff (get charge first) (get bands first)) ERR_TARIFF)
    (asserts! (> (get lifeline first) u0) ERR_CEILING)
    (asserts! (is-affordable (get charge first) (get bands first) limits) ERR_CEILING)
    (asserts!
      (map-insert utilities utility (merge limits {versions: u1, changed: burn-block-height}))
      ERR_FOUNDED)
    (add-tariff utility u1 u0 (get charge first) (get bands first) limits)))

;; ----------------------------------------------------------------------------------------------------
;; private: bills
;; ----------------------------------------------------------------------------------------------------

;; One entry in the audit log, whose digest is that of `event`'s consensus bytes.
(define-private (recorded (topic uint) (event (optional (buff 12000))))
  (begin
    (try! (contract-call? .audit-log record topic (sha256 (unwrap! event ERR_SERIALIZE))))
    (ok true)))

;; Is this the gateway that serves the zone or, with one band, its provider? Who names bills knows what is in them.
(define-private (is-biller (zone uint) (bands uint) (provider principal))
  (or
    (contract-call? .user-registry is-gateway zone contract-caller)
    (and (is-eq bands u1) (is-eq contract-caller provider))))

(define-private (is-proof (proof principal))
  (contract-call? .user-registry is-active "privacy-proof" proof))

(define-private (add-over-blocks
    (line {rate: uint, constant: int})
    (so-far {blocks: int, lines: (list 4 {rate: uint, constant: int})}))
  (merge so-far {lines: (default-to (list) (as-max-len?
    (append (get lines so-far) {rate: (get rate line), constant: (* (get constant line) (get blocks so-far))})
    u4))}))

(define-private (has-bit (slot uint) (mask uint))
  (> (bit-and mask (pow u2 slot)) u0))

;; 64 times the same.
(define-private (copies (mask uint))
  (let (
      (four (list mask mask mask mask))
      (sixteen (concat four four four four)))
    (concat sixteen sixteen sixteen sixteen)))

;; By slot: did somebody live there?
(define-private (occupancy (zone uint) (period uint) (slots uint))
  (default-to (list) (slice?
    (map has-bit SLOTS (copies (get occupied (contract-call? .user-registry get-membership zone period))))
    u0 slots)))

(define-private (parts-of (slots uint))
  (if (> slots PART) u2 u1))

;; The slots of a part.
(define-private (part-of (points (list 64 (buff 33))) (part uint))
  (let ((from (* part PART)) (slots (len points)))
    (default-to (list) (slice? points from (if (> slots (+ from PART)) (+ from PART) slots)))))

(define-private (add-branch (band uint) (so-far {zone: uint, branches: (list 4 (list 64 (buff 33)))}))
  (merge so-far {branches: (default-to (list) (as-max-len?
    (append (get branches so-far) (default-to (list) (map-get? excesses {zone: (get zone so-far), band: band})))
    u4))}))

;; Prints {topic: "bills", zone, period, version, due, bills}.
(define-private (finalise (zone uint) (period uint) (version uint) (bills (list 64 (buff 33))))
  (let (
      (record {
        bills: bills,
        version: version,
        due: (+ burn-block-height (contract-call? .user-registry get-parameter "dispute-window"))
      })
      (event (merge record {topic: "bills", zone: zone, period: period})))
    (map-insert final-bills {zone: zone, period: period} record)
    (map-set next-periods zone (+ period u1))
    (map-delete candidates zone)
    (recorded TOPIC_BILLS (to-consensus-buff? (print event)))))

(define-private (bill-of
    (home {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    (so-far {dwelling: uint, utility: uint, period: uint,
      found: (optional {commitment: (buff 33), version: uint, status: (string-ascii 9), due: uint})}))
  (let ((zone (get zone home)) (slot (get slot home)) (period (get period so-far)))
    (if (and
        (is-eq (get utility home) (get utility so-far))
        (is-eq (contract-call? .user-registry get-occupant zone slot period) (some (get dwelling so-far))))
      (match (get-bills zone period)
        final (match (element-at? (get bills final) slot)
          commitment (merge so-far {found: (some {
            commitment: commitment,
            version: (get version final),
            status: (if (is-frozen zone slot period)
              "disputed"
              (if (is-some (get-correction zone slot period)) "corrected" "final")),
            due: (get due final)
          })})
          so-far)
        so-far)
      so-far)))

;; One claim of the slot more, or one less.
(define-private (count-claim (zone uint) (slot uint) (more bool))
  (map-set claims {zone: zone, slot: slot}
    (if more (+ (get-claims zone slot) u1) (- (get-claims zone slot) u1))))

;; Prints {topic: "freeze", zone, slot, period, frozen}.
(define-private (set-frozen (zone uint) (slot uint) (period uint) (is-so bool))
  (begin
    (asserts! (contract-call? .user-registry is-active "dispute-resolution" contract-caller) ERR_CALLER)
    (asserts! (not (is-eq (is-frozen zone slot period) is-so)) ERR_FREEZE)
    (map-set frozen {zone: zone, slot: slot, period: period} is-so)
    (count-claim zone slot is-so)
    (map-set frozen-counts {zone: zone, period: period}
      (if is-so (+ (get-frozen-count zone period) u1) (- (get-frozen-count zone period) u1)))
    (recorded TOPIC_FREEZE (to-consensus-buff?
      (print {topic: "freeze", zone: zone, slot: slot, period: period, frozen: is-so})))))

;; ----------------------------------------------------------------------------------------------------
;; public: tariffs
;; ----------------------------------------------------------------------------------------------------

;; The deployer, once, before there is a zone: the first tariff of each utility, and what no vote can exceed.
(define-public (found-tariffs (first (list 2 {
      utility: uint, ceiling: uint, charge-ceiling: uint, lifeline: uint, charge: uint,
      bands: (list 4 {from: uint, rate: uint})
    })))
  (begin
    (asserts! (is-eq contract-caller DEPLOYER) ERR_NOT_DEPLOYER)
    (asserts! (not (var-get founded)) ERR_FOUNDED)
    (asserts! (is-eq (len (contract-call? .user-registry get-zones)) u0) ERR_FOUNDED)
    (var-set founded true)
    (fold found first (ok true))))

;; Governance: another version, from one of the next twelve periods that are open nowhere yet, in the place of one that
;; has not begun. It moves by a fifth at most against the version before it.
(define-public (set-tariff
    (utility uint)
    (from-period uint)
    (charge uint)
    (bands (list 4 {from: uint, rate: uint})))
  (let (
      (known (unwrap! (map-get? utilities utility) ERR_NO_TARIFF))
      (latest (contract-call? .user-registry get-latest-period utility))
      (last (unwrap! (get-tariff utility (get versions known)) ERR_NO_TARIFF))
      (version (+ (get versions known) (if (> (get from-period last) latest) u0 u1)))
      (before (unwrap! (get-tariff utility (- version u1)) ERR_NO_TARIFF))
      (limits {
        ceiling: (get ceiling known), charge-ceiling: (get charge-ceiling known), lifeline: (get lifeline known)
      }))
    (asserts! (contract-call? .user-registry is-active "governance" contract-caller) ERR_CALLER)
    (asserts! (is-tariff charge bands) ERR_TARIFF)
    (asserts!
      (and
        (> from-period latest)
        (<= from-period (+ latest AHEAD))
        (> from-period (get from-period before)))
      ERR_PERIOD)
    (asserts! (is-affordable charge bands limits) ERR_CEILING)
    (asserts!
      (and
        (>= burn-block-height (+ (get changed known) REST))
        (is-near charge (get charge before))
        (get little (fold moves-little bands
          {k: u0, old: (get bands before), last: {from: u0, rate: u0}, little: true})))
      ERR_STEP)
    (map-set utilities utility (merge known {versions: version, changed: burn-block-height}))
    (add-tariff utility version from-period charge bands limits)))

;; ----------------------------------------------------------------------------------------------------
;; public: bills
;; ----------------------------------------------------------------------------------------------------

;; Bills of the oldest closed period without. One band, provider or gateway: `bills` is empty, `hint` that of
;; compute-line, and they are final. More, gateway: `bills` are the commitments that are to be proved, and `hint` is
;; empty; whatever waited for proofs before is forgotten. Errors of the proof contract pass through, here and below.
(define-public (calculate-bills (zone uint) (bills (list 64 (buff 33))) (hint (buff 32)) (proof <proof-trait>))
  (let (
      (known (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))
      (period (unwrap! (get-next-period zone) ERR_ZONE_UNKNOWN))
      (metered (unwrap! (contract-call? .meter-data get-period-usage zone period) ERR_NOT_CLOSED))
      (version (unwrap! (get-version (get utility known) period) ERR_NO_TARIFF))
      (tariff (unwrap! (get-tariff (get utility known) version) ERR_NO_TARIFF))
      (lines (get lines (fold add-over-blocks
        (lines-of (get charge tariff) (get bands tariff))
        {blocks: (to-int (get blocks metered)), lines: (list)})))
      (first (unwrap! (element-at? lines u0) ERR_NO_TARIFF)))
    (asserts! (is-biller zone (len lines) (get provider known)) ERR_NOT_BILLER)
    (asserts! (is-proof (contract-of proof)) ERR_PROOF_CONTRACT)
    (if (is-eq (len lines) u1)
      (begin
        (asserts! (is-eq (len bills) u0) ERR_BILLS)
        (finalise zone period version (try! (contract-call? proof compute-line
          (get usage metered) (get rate first) (get constant first) (occupancy zone period (get slots known)) hint))))
      (begin
        (asserts! (and (is-eq (len bills) (get slots known)) (is-eq (len hint) u0)) ERR_BILLS)
        (map-set candidates zone {
          version: version,
          bills: bills,
          bills-hash: (sha256 (unwrap! (to-consensus-buff? bills) ERR_SERIALIZE)),
          lines: lines,
          proved: u0
        })
        (ok true)))))

;; The gateway: no waiting bill of a part of the zone lies below the line of this band. `line-hint` and
;; `difference-hint` are those of compute-line and subtract-commitments, for the first part; a line of nothing has none.
(define-public (prove-band
    (zone uint)
    (band uint)
    (part uint)
    (line-hint (buff 32))
    (difference-hint (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (waiting (unwrap! (map-get? candidates zone) ERR_NO_CANDIDATE))
      (period (unwrap! (get-next-period zone) ERR_ZONE_UNKNOWN))
      (metered (unwrap! (contract-call? .meter-data get-period-usage zone period) ERR_NOT_CLOSED))
      (line (unwrap! (element-at? (get lines waiting) band) ERR_BAND))
      (slots (len (get bills waiting)))
      (parts (parts-of slots))
      (bit (pow u2 (+ (* band parts) part)))
      (key {zone: zone, band: band}))
    (asserts! (contract-call? .user-registry is-gateway zone contract-caller) ERR_NOT_BILLER)
    (asserts! (is-proof (contract-of proof)) ERR_PROOF_CONTRACT)
    (asserts! (< part parts) ERR_BAND)
    (asserts! (or (is-eq part u0) (has-bit (* band parts) (get proved waiting))) ERR_UNPROVED)
    (let (
        (excess (if (is-eq part u0)
          (if (and (is-eq (get rate line) u0) (is-eq (get constant line) 0))
            (get bills waiting)
            (try! (contract-call? proof subtract-commitments
              (get bills waiting)
              (try! (contract-call? proof compute-line
                (get usage metered) (get rate line) (get constant line)
                (occupancy zone period slots) line-hint))
              difference-hint)))
          (unwrap! (map-get? excesses key) ERR_UNPROVED)))
        (context (sha256 (unwrap! (to-consensus-buff? {
            domain: "mita/v1/bill-band",
            chain: chain-id,
            contract: current-contract,
            proof: (contract-of proof),
            submitter: contract-caller,
            zone: zone,
            period: period,
            version: (get version waiting),
            band: band,
            part: part,
            bills-hash: (get bills-hash waiting)
          }) ERR_SERIALIZE))))
      (try! (contract-call? proof verify-money context (part-of excess part) points scalars hints))
      (map-set excesses key excess)
      (map-set candidates zone (merge waiting {proved: (bit-or (get proved waiting) bit)}))
      (ok true))))

;; The gateway: every waiting bill lies on a line, and all bands are proved: they are final. `nonces`, `shares`
;; and `responses` are verify-each-zero's, by band.
(define-public (prove-bills
    (zone uint)
    (nonces (list 4 (list 64 (buff 33))))
    (shares (list 3 (list 64 (buff 16))))
    (responses (list 4 (list 64 (buff 32))))
    (proof <proof-trait>))
  (let (
      (waiting (unwrap! (map-get? candidates zone) ERR_NO_CANDIDATE))
      (period (unwrap! (get-next-period zone) ERR_ZONE_UNKNOWN))
      (bands (len (get lines waiting)))
      (context (sha256 (unwrap! (to-consensus-buff? {
          domain: "mita/v1/bills",
          chain: chain-id,
          contract: current-contract,
          proof: (contract-of proof),
          submitter: contract-caller,
          zone: zone,
          period: period,
          version: (get version waiting),
          bills-hash: (get bills-hash waiting)
        }) ERR_SERIALIZE))))
    (asserts! (contract-call? .user-registry is-gateway zone contract-caller) ERR_NOT_BILLER)
    (asserts! (is-proof (contract-of proof)) ERR_PROOF_CONTRACT)
    (asserts! (is-eq (get proved waiting) (- (pow u2 (* bands (parts-of (len (get bills waiting))))) u1)) ERR_UNPROVED)
    (try! (contract-call? proof verify-each-zero
      context
      (get branches (fold add-branch (default-to (list) (slice? BANDS u0 bands)) {zone: zone, branches: (list)}))
      nonces shares responses))
    (finalise zone period (get version waiting) (get bills waiting))))

;; ----------------------------------------------------------------------------------------------------
;; public: disputes
;; ----------------------------------------------------------------------------------------------------

;; dispute-resolution: a bill is disputed, before it is due.
(define-public (freeze (zone uint) (slot uint) (period uint))
  (let ((final (unwrap! (get-bills zone period) ERR_NO_BILL)))
    (asserts! (< slot (len (get bills final))) ERR_NO_BILL)
    (asserts! (< burn-block-height (get due final)) ERR_DUE)
    (set-frozen zone slot period true)))

;; dispute-resolution: no longer.
(define-public (unfreeze (zone uint) (slot uint) (period uint))
  (set-frozen zone slot period false))

;; dispute-resolution: a ruling takes this commitment off a disputed bill, once. The zone's settlement that names it
;; takes it off what is due. Prints {topic: "correction", zone, slot, period, correction}.
(define-public (correct-bill (zone uint) (slot uint) (period uint) (correction (buff 33)))
  (begin
    (asserts! (contract-call? .user-registry is-active "dispute-resolution" contract-caller) ERR_CALLER)
    (asserts! (is-frozen zone slot period) ERR_FREEZE)
    (asserts!
      (map-insert corrections {zone: zone, slot: slot, period: period} {correction: correction, taken: false})
      ERR_CORRECTION)
    (map-set pending-counts zone (+ (get-pending-count zone) u1))
    (count-claim zone slot true)
    (recorded TOPIC_CORRECTION (to-consensus-buff?
      (print {topic: "correction", zone: zone, slot: slot, period: period, correction: correction})))))

;; payment, whose entry in the log stands for it: the correction is settled.
(define-public (take-correction (zone uint) (slot uint) (period uint))
  (let (
      (key {zone: zone, slot: slot, period: period})
      (ruled (unwrap! (map-get? corrections key) ERR_CORRECTION)))
    (asserts! (contract-call? .user-registry is-active "payment" contract-caller) ERR_CALLER)
    (asserts! (not (get taken ruled)) ERR_CORRECTION)
    (map-set corrections key (merge ruled {taken: true}))
    (map-set pending-counts zone (- (get-pending-count zone) u1))
    (count-claim zone slot false)
    (ok (get correction ruled))))
