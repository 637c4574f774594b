;; dispute-resolution: a dwelling that doubts its bill names another; neighbours drawn by lot choose between the two.
;; And a payer asks whether a payment reached the dwelling that it was for.
;;
;; The lot is the hash of a Bitcoin block that is not mined yet when the dispute is opened, over a list of jurors that
;; is fixed by then. Where too few can be drawn, three observers record what an assembly decided. Nobody pays for
;; asking.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(use-trait proof-trait .user-registry.proof-trait)
(use-trait sip-010 .utility-token.sip-010-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant OBSERVER u5) ;; stewards and treasurers, in the registry
(define-constant OBSERVERS u3) ;; persons who answer for what an assembly decided

;; Times in burn blocks.
(define-constant DRAW_DELAY u6)
(define-constant ANSWER_TIME u1008) ;; for the operator to be heard
(define-constant PANEL_TIME u1008)
(define-constant ASSEMBLY_TIME u2016)
(define-constant APPEAL_TIME u1008)
(define-constant CLAIM_TIME u4320) ;; after a payment was credited
(define-constant SILENCE u12960) ;; after so many without a batch the clock runs all the same

(define-constant POOL_MINIMUM u12) ;; jurors outside the disputed zone; with fewer an assembly decides
(define-constant FIRST_PANEL u3)
(define-constant LARGE_PANEL u7) ;; on appeal
(define-constant TRIES (list
  u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15
  u16 u17 u18 u19 u20 u21 u22 u23 u24 u25 u26 u27 u28 u29 u30 u31))

(define-constant MAX_EVIDENCE u8) ;; of each side

;; (2^36 - 1)*A: no bill is as high as 2^36, and no alternative to one.
(define-constant CEILING 0x034c249f58e1a1b115e806ffb25edfb8e75bfb7fec251214e367a3537fc6774b42)

(define-constant TOPIC_DISPUTE u700)
(define-constant TOPIC_JUROR u701)
(define-constant TOPIC_EVIDENCE u702)
(define-constant TOPIC_PANEL u703)
(define-constant TOPIC_VOTE u704)
(define-constant TOPIC_RULING u705)
(define-constant TOPIC_APPEAL u706)
(define-constant TOPIC_CLOSED u707)
(define-constant TOPIC_CLAIM u708)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_NOT_DWELLING (err u700)) ;; not the dwelling that had this slot in that period
(define-constant ERR_NO_BILLS (err u701)) ;; the period has no final bills
(define-constant ERR_LATE (err u702)) ;; the time to dispute these bills is over
(define-constant ERR_DISPUTED (err u703)) ;; this bill was disputed by a key that counts as much, or is corrected
(define-constant ERR_DISPUTING (err u704)) ;; the dwelling has another dispute that is not closed
(define-constant ERR_PROOF_CONTRACT (err u705)) ;; not the active privacy-proof contract
(define-constant ERR_NOT_SETTLED (err u706)) ;; only a dwelling of two periods may be drawn, with a principal of its own
(define-constant ERR_JUROR (err u707)) ;; in the pool already
(define-constant ERR_DISPUTE_UNKNOWN (err u708)) ;; no such dispute
(define-constant ERR_NOT_PARTY (err u709)) ;; neither the dwelling nor the zone's gateway or provider
(define-constant ERR_HASH (err u710)) ;; a hash has 32 bytes
(define-constant ERR_EVIDENCE_FULL (err u711)) ;; this side has said enough
(define-constant ERR_RULED (err u712)) ;; the dispute is ruled on
(define-constant ERR_DEADLINE (err u713)) ;; the time for this is over
(define-constant ERR_DRAWN (err u714)) ;; there is a panel, or an assembly decides
(define-constant ERR_NO_BLOCK (err u715)) ;; the block that is the lot is not mined yet
(define-constant ERR_NOT_MEMBER (err u716)) ;; not of the panel
(define-constant ERR_UNANSWERED (err u717)) ;; the operator has not been heard
(define-constant ERR_VOTED (err u718)) ;; a member votes once
(define-constant ERR_NO_ASSEMBLY (err u719)) ;; a panel decides this
(define-constant ERR_PARTIAL (err u720)) ;; nobody records an assembly about a dispute of its own
(define-constant ERR_NOT_DUE (err u721)) ;; no deadline was missed, or no batch has come since
(define-constant ERR_NOT_RULED (err u722)) ;; no ruling yet
(define-constant ERR_FINAL (err u723)) ;; no appeal against this
(define-constant ERR_APPEALABLE (err u724)) ;; an appeal, or a dispute with the dwelling's own key, may still come
(define-constant ERR_CLOSED (err u725)) ;; closed already
(define-constant ERR_NOT_PAYER (err u726)) ;; somebody else paid this
(define-constant ERR_PAYMENT (err u727)) ;; not a payment with tokens that was credited within a month
(define-constant ERR_REFERENCE (err u728)) ;; not what salt and dwelling make
(define-constant ERR_CLAIMED (err u729)) ;; this payment was asked about before
(define-constant ERR_CLAIM_UNKNOWN (err u730)) ;; nobody asked about this payment
(define-constant ERR_ANSWERED (err u731)) ;; the gateway has shown it already, or it is refunded
(define-constant ERR_NOT_GATEWAY (err u732)) ;; not the gateway that serves the zone
(define-constant ERR_SLOT (err u733)) ;; not a slot that was this dwelling's when it was credited
(define-constant ERR_SERIALIZE (err u734)) ;; a value without consensus bytes
(define-constant ERR_SEALED (err u735)) ;; a key that the gateway has takes nothing but off a bill
(define-constant ERR_ZONE_CLOSED (err u736)) ;; in a closed zone everybody takes out what is theirs

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

;; I1: the number of disputes; they are u1 to this one.
(define-data-var count uint u0)

;; I2: jurors u0 to below this one are in the pool; it only grows.
(define-data-var pool-size uint u0)

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I3: inserted once, never changed: who may be drawn, and in which zones it lived when it joined.
(define-map pool uint {dwelling: uint, zones: (list 8 uint)})
(define-map jurors uint bool)

;; I4: the jurors of `pool` that name the zone.
(define-map zone-jurors uint uint)

;; I5: dwelling to opened never change; correction is bill - alternative, and both are the committed points. I6: pool
;; and outside (jurors not of the zone) are those of the time of opening. I7: round is 0, or 1 once appealed. I8: a
;; panel has distinct dwellings, none of the zone, none of `former`, those who sat in this dispute before. I9:
;; `answer-by` and `rule-by` are burn heights; rule-by is u0 until there is a panel. I10: a ruling changes only by
;; appeal, and not if `final`. `own`: opened by a key that the gateway does not have. One that gave way to such a
;; dispute is ruled against and closed.
(define-map disputes uint {
  dwelling: uint, zone: uint, slot: uint, period: uint, bill: (buff 33), alternative: (buff 33),
  correction: (buff 33), own: bool, opened: uint, pool: uint, outside: uint,
  answer-by: uint, answered: bool, round: uint, draw-at: uint, assembly: bool, panel: (list 7 uint),
  former: (list 24 uint), redrawn: bool, rule-by: uint, votes-for: uint, votes-against: uint,
  ruling: (optional {for-resident: bool, height: uint, final: bool}), closed: bool
})

;; I11: each bill is disputed at most once with the key that the gateway has too and once with the dwelling's own, and
;; corrected at most once; each dwelling has at most one dispute of either kind that is not closed. `disputed` is the
;; newest.
(define-map disputed {zone: uint, slot: uint, period: uint} uint)
(define-map disputing {dwelling: uint, own: bool} uint)

;; I12: hashes of what each side shows.
(define-map evidence {dispute: uint, resident: bool} (list 8 (buff 32)))

;; I13: how each member of a panel voted, once.
(define-map votes {dispute: uint, round: uint, dwelling: uint} bool)

;; I14: by payment; inserted once. `total` is what all payments claimed so far for the dwelling, and credited together,
;; come to with this one, in units of account, less those refunded by then. `over`: shown to be credited, or refunded.
;; I15: `claimed` is the sum of those that are not refunded.
(define-map claims uint {
  zone: uint, sequence: uint, dwelling: uint, total: uint, opened: uint, answer-by: uint, over: bool
})
(define-map claimed {zone: uint, sequence: uint, dwelling: uint} uint)

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (get-dispute (dispute uint))
  (map-get? disputes dispute))

(define-read-only (get-dispute-of (zone uint) (slot uint) (period uint))
  (map-get? disputed {zone: zone, slot: slot, period: period}))

(define-read-only (get-evidence (dispute uint) (resident bool))
  (default-to (list) (map-get? evidence {dispute: dispute, resident: resident})))

;; `total` is what the gateway has to show: all claimed until then, less what was refunded since.
(define-read-only (get-claim (payment uint))
  (match (map-get? claims payment)
    claim (let ((left (default-to u0 (map-get? claimed
        {zone: (get zone claim), sequence: (get sequence claim), dwelling: (get dwelling claim)}))))
      (some (merge claim {total: (if (< left (get total claim)) left (get total claim))})))
    none))

;; What a payment for a dwelling refers to: sha256(salt of 16 bytes | id, 16 bytes).
(define-read-only (get-reference (salt (buff 16)) (dwelling uint))
  (sha256 (concat salt (default-to 0x (slice? (unwrap! (to-consensus-buff? dwelling) 0x) u1 u17)))))

(define-read-only (get-juror (index uint))
  (map-get? pool index))

(define-read-only (get-pool-size)
  (var-get pool-size))

;; The index in a pool of `size` that a try draws.
(define-read-only (get-drawn (header-hash (buff 32)) (dispute uint) (round uint) (try uint) (size uint))
  (mod
    (buff-to-uint-be (unwrap! (as-max-len? (unwrap! (slice?
      (sha256 (unwrap! (to-consensus-buff?
        {header-hash: header-hash, dispute: dispute, round: round, try: try}) u0))
      u0 u16) u0) u16) u0))
    size))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

(define-private (log (topic uint) (event (optional (buff 4096))))
  (contract-call? .audit-log record topic (sha256 (unwrap! event ERR_SERIALIZE))))

(define-private (principal-of (dwelling uint))
  (match (contract-call? .user-registry get-dwelling dwelling) known (some (get principal known)) none))

;; Not one that it has left.
(define-private (is-home (home {zone: uint, slot: uint, utility: uint, until: (optional uint)}))
  (match (get until home) last (>= last (contract-call? .user-registry get-open-period (get zone home))) true))

(define-private (add-zone
    (home {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    (zones (list 8 uint)))
  (if (is-some (index-of? zones (get zone home)))
    zones
    (default-to zones (as-max-len? (append zones (get zone home)) u8))))

;; The zones in which a dwelling lives, by its homes, each once: who moves within a zone has two homes there for a time.
(define-private (zones-of (homes (list 8 {zone: uint, slot: uint, utility: uint, until: (optional uint)})))
  (fold add-zone (filter is-home homes) (list)))

;; Has it been there for two periods?
(define-private (add-settled
    (home {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    (so-far {dwelling: uint, settled: bool}))
  (let ((zone (get zone home)) (slot (get slot home)))
    (if (and
        (is-eq
          (contract-call? .user-registry get-occupant zone slot (contract-call? .user-registry get-open-period zone))
          (some (get dwelling so-far)))
        (contract-call? .user-registry is-settled zone slot))
      (merge so-far {settled: true})
      so-far)))

(define-private (count-juror (zone uint))
  (map-set zone-jurors zone (+ (default-to u0 (map-get? zone-jurors zone)) u1)))

;; One try of the draw: another member unless the panel is whole or the juror may not sit.
(define-private (draw
    (try uint)
    (so-far {
      header-hash: (buff 32), dispute: uint, round: uint, pool: uint, size: uint, zone: uint,
      parties: (list 2 principal), former: (list 24 uint), panel: (list 7 uint)
    }))
  (if (>= (len (get panel so-far)) (get size so-far))
    so-far
    (match (map-get? pool
        (get-drawn (get header-hash so-far) (get dispute so-far) (get round so-far) try (get pool so-far)))
      juror (if (and
          (is-none (index-of? (get zones juror) (get zone so-far)))
          (is-none (index-of? (get panel so-far) (get dwelling juror)))
          (is-none (index-of? (get former so-far) (get dwelling juror)))
          (may-sit (get dwelling juror) (get zone so-far) (get parties so-far)))
        (merge so-far {panel:
          (default-to (get panel so-far) (as-max-len? (append (get panel so-far) (get dwelling juror)) u7))})
        so-far)
      so-far)))

;; Does the dwelling still live somewhere, not in the zone, and belongs to no party?
(define-private (may-sit (dwelling uint) (zone uint) (parties (list 2 principal)))
  (match (contract-call? .user-registry get-dwelling dwelling)
    known (let ((zones (zones-of (get homes known))))
      (and
        (> (len zones) u0)
        (is-none (index-of? zones zone))
        (is-none (index-of? parties (get principal known)))))
    false))

;; Whoever sat before does not sit again: at most two panels of three and two of seven.
(define-private (with-panel (former (list 24 uint)) (panel (list 7 uint)))
  (default-to former (as-max-len? (concat former panel) u24)))

;; Has a deadline passed, as the clock goes? It stands still while no batch of the zone has come since the opening, but
;; not for ever.
(define-private (is-over (deadline uint) (zone uint) (opened uint))
  (and
    (> burn-block-height deadline)
    (or
      (> (contract-call? .meter-data get-last-heard zone) opened)
      (> burn-block-height (+ deadline SILENCE)))))

;; The money in the slot is the dwelling's and was before these credits of the zone, or it was the dwelling's then.
(define-private (was-credited (zone uint) (slot uint) (dwelling uint) (sequence uint))
  (let ((release (contract-call? .user-registry get-release zone slot)))
    (or
      (and
        (is-eq (contract-call? .user-registry get-holder zone slot) (some dwelling))
        (match release last (>= sequence (get until last)) true))
      (match release last
        (and
          (is-eq (get dwelling last) dwelling)
          (>= sequence (get since last))
          (< sequence (get until last)))
        false))))

;; Answered or refunded.
(define-private (end-claim (payment uint))
  (match (map-get? claims payment)
    claim (map-set claims payment (merge claim {over: true}))
    false))

;; Whose side the sender is on: true for the resident's. A revoked gateway is on none.
(define-private (side-of (zone uint) (dwelling uint))
  (let ((registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_NOT_PARTY)))
    (if (or
        (contract-call? .user-registry is-gateway zone contract-caller)
        (is-eq contract-caller (get provider registered)))
      (ok false)
      (begin
        (asserts! (is-eq (principal-of dwelling) (some contract-caller)) ERR_NOT_PARTY)
        (ok true)))))

;; Is the sender the dwelling, the zone's provider, or a gateway, be it that of another zone or one that was revoked?
(define-private (is-party (zone uint) (dwelling uint))
  (or
    (is-eq (principal-of dwelling) (some contract-caller))
    (is-some (contract-call? .user-registry get-gateway contract-caller))
    (match (contract-call? .user-registry get-zone zone)
      registered (is-eq (get provider registered) contract-caller)
      false)))

;; A bill that nobody disputed before, or only with the key that the gateway has too, whatever became of that: before
;; the bill is due it corrected nothing. It gives way to this one, `dispute`, with the dwelling's own key. Prints
;; {topic: "dispute-lapsed", dispute, by} of it.
(define-private (give-way (dispute uint) (zone uint) (slot uint) (period uint) (own bool))
  (match (map-get? disputed {zone: zone, slot: slot, period: period})
    earlier (let ((before (unwrap! (map-get? disputes earlier) ERR_DISPUTE_UNKNOWN)))
      (asserts! (and own (not (get own before))) ERR_DISPUTED)
      (if (get closed before)
        (ok u0)
        (begin
          (map-set disputes earlier (merge before
            {ruling: (some {for-resident: false, height: burn-block-height, final: true}), closed: true}))
          (map-delete disputing {dwelling: (get dwelling before), own: false})
          (try! (contract-call? .billing unfreeze zone slot period))
          (log TOPIC_CLOSED (to-consensus-buff?
            (print {topic: "dispute-lapsed", dispute: earlier, by: dispute}))))))
    (ok u0)))

;; Prints {topic: "ruling", dispute, for-resident, final, round, photo-hash}.
(define-private (decide (dispute uint) (for-resident bool) (final bool) (photo-hash (optional (buff 32))))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (event {
        topic: "ruling", dispute: dispute, for-resident: for-resident, final: final, round: (get round known),
        photo-hash: photo-hash
      }))
    (map-set disputes dispute (merge known
      {ruling: (some {for-resident: for-resident, height: burn-block-height, final: final})}))
    (log TOPIC_RULING (to-consensus-buff? (print event)))))

;; ----------------------------------------------------------------------------------------------------
;; public: bills
;; ----------------------------------------------------------------------------------------------------

;; A settled dwelling: may be drawn from now on, for disputes that are opened later. Its principal is its own: with
;; those that a gateway made, the gateway would sit in judgement on itself. Prints {topic: "juror", dwelling, index,
;; zones}.
(define-public (join-pool)
  (let (
      (dwelling (unwrap! (contract-call? .user-registry get-dwelling-of contract-caller) ERR_NOT_SETTLED))
      (known (unwrap! (contract-call? .user-registry get-dwelling dwelling) ERR_NOT_SETTLED))
      (zones (zones-of (get homes known)))
      (settled (get settled (fold add-settled (get homes known) {dwelling: dwelling, settled: false})))
      (index (var-get pool-size))
      (event {topic: "juror", dwelling: dwelling, index: index, zones: zones}))
    (asserts! (and (get own known) settled) ERR_NOT_SETTLED)
    (asserts! (map-insert jurors dwelling true) ERR_JUROR)
    (map-insert pool index {dwelling: dwelling, zones: zones})
    (map count-juror zones)
    (var-set pool-size (+ index u1))
    (log TOPIC_JUROR (to-consensus-buff? (print event)))))

;; The dwelling that had the slot in that period and whose money is still there, while its bills may be disputed: what
;; the bill should be. Who can open the bill shows that the alternative and what it takes off the bill are in [0, 2^48).
;; A gateway could hide the opening; with a principal of its own a dwelling says `sealed` then, and alternative and
;; (2^36 - 1) - alternative are shown to be in that range instead: what a ruling takes off may be negative, at the cost
;; of who asked for it, and no settlement becomes unprovable. What was opened with the key that the gateway has too
;; gives way to the dwelling's own. The proof is of both commitments, each twice; `hint` that of subtracting
;; (alternative, alternative) from (bill, CEILING). Answers with the dispute's number. Prints {topic: "dispute",
;; dispute, sealed, context, and the first thirteen of its fields}.
(define-public (open-dispute
    (zone uint)
    (slot uint)
    (period uint)
    (alternative (buff 33))
    (sealed bool)
    (hint (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (dispute (+ (var-get count) u1))
      (dwelling (unwrap! (contract-call? .user-registry get-occupant zone slot period) ERR_NOT_DWELLING))
      (known (unwrap! (contract-call? .user-registry get-dwelling dwelling) ERR_NOT_DWELLING))
      (own (get own known))
      (bills (unwrap! (contract-call? .billing get-bills zone period) ERR_NO_BILLS))
      (bill (unwrap! (element-at? (get bills bills) slot) ERR_NO_BILLS))
      (size (var-get pool-size))
      (outside (- size (default-to u0 (map-get? zone-jurors zone))))
      (assembly (< outside POOL_MINIMUM))
      (answer-by (+ burn-block-height ANSWER_TIME))
      (context (sha256 (unwrap! (to-consensus-buff? {
          domain: "mita/v1/dispute",
          chain: chain-id,
          contract: current-contract,
          proof: (contract-of proof),
          submitter: contract-caller,
          zone: zone,
          slot: slot,
          period: period,
          sealed: sealed,
          bill: bill
        }) ERR_SERIALIZE))))
    (asserts!
      (and
        (is-eq contract-caller (get principal known))
        (is-eq (contract-call? .user-registry get-holder zone slot) (some dwelling)))
      ERR_NOT_DWELLING)
    (asserts! (< burn-block-height (get due bills)) ERR_LATE)
    (asserts! (or own (not sealed)) ERR_SEALED)
    (try! (give-way dispute zone slot period own))
    (map-set disputed {zone: zone, slot: slot, period: period} dispute)
    (asserts! (map-insert disputing {dwelling: dwelling, own: own} dispute) ERR_DISPUTING)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" (contract-of proof)) ERR_PROOF_CONTRACT)
    (let (
        (differences (try! (contract-call? proof subtract-commitments
          (list bill CEILING) (list alternative alternative) hint)))
        (correction (unwrap! (element-at? differences u0) ERR_SERIALIZE))
        (second (unwrap! (element-at? differences (if sealed u1 u0)) ERR_SERIALIZE))
        (record {
          dwelling: dwelling, zone: zone, slot: slot, period: period, bill: bill, alternative: alternative,
          correction: correction, own: own, opened: burn-block-height, pool: size, outside: outside,
          answer-by: answer-by, draw-at: (+ burn-block-height DRAW_DELAY), assembly: assembly
        }))
      (try! (contract-call? proof verify-money
        context (list alternative second alternative second) points scalars hints))
      (var-set count dispute)
      (map-set disputes dispute (merge record {
        answered: false, round: u0, panel: (list), former: (list), redrawn: false,
        rule-by: (if assembly (+ answer-by ASSEMBLY_TIME) u0), votes-for: u0, votes-against: u0,
        ruling: none, closed: false
      }))
      (try! (contract-call? .billing freeze zone slot period))
      (try! (log TOPIC_DISPUTE (to-consensus-buff?
        (print (merge record {topic: "dispute", dispute: dispute, sealed: sealed, context: context})))))
      (ok dispute))))

;; Either side, until the ruling: the hash of what it shows to the panel. The operator is heard with its first; those
;; who decide have their whole time from then on, even where the clock had stood still. Prints {topic: "evidence",
;; dispute, resident, hash, rule-by}.
(define-public (submit-evidence (dispute uint) (hash (buff 32)))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (resident (try! (side-of (get zone known) (get dwelling known))))
      (earliest (+ burn-block-height (if (get assembly known) ASSEMBLY_TIME PANEL_TIME)))
      (set-by (get rule-by known))
      (late (and (not resident) (not (get answered known)) (> set-by u0) (< set-by earliest)))
      (rule-by (if late earliest set-by))
      (event {topic: "evidence", dispute: dispute, resident: resident, hash: hash, rule-by: rule-by}))
    (asserts! (is-none (get ruling known)) ERR_RULED)
    (asserts!
      (or resident (get answered known) (not (is-over (get answer-by known) (get zone known) (get opened known))))
      ERR_DEADLINE)
    (asserts! (is-eq (len hash) u32) ERR_HASH)
    (map-set evidence {dispute: dispute, resident: resident}
      (unwrap! (as-max-len? (append (get-evidence dispute resident) hash) u8) ERR_EVIDENCE_FULL))
    (map-set disputes dispute
      (merge known {answered: (or (get answered known) (not resident)), rule-by: rule-by}))
    (log TOPIC_EVIDENCE (to-consensus-buff? (print event)))))

;; Anyone, once the block that is the lot is mined: the panel, or an assembly where too few can be drawn. Prints {topic:
;; "panel", dispute, round, panel, assembly, rule-by, header-hash}.
(define-public (draw-panel (dispute uint))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (registered (unwrap! (contract-call? .user-registry get-zone (get zone known)) ERR_NOT_PARTY))
      (size (if (is-eq (get round known) u0) FIRST_PANEL LARGE_PANEL))
      (from (if (> (get answer-by known) burn-block-height) (get answer-by known) burn-block-height)))
    (asserts! (is-none (get ruling known)) ERR_RULED)
    (asserts! (is-eq (get rule-by known) u0) ERR_DRAWN)
    (let (
        (header-hash (unwrap! (get-burn-block-info? header-hash (get draw-at known)) ERR_NO_BLOCK))
        (drawn (get panel (fold draw TRIES {
          header-hash: header-hash, dispute: dispute, round: (get round known), pool: (get pool known), size: size,
          zone: (get zone known), parties: (list (get gateway registered) (get provider registered)),
          former: (get former known), panel: (list)
        })))
        (whole (is-eq (len drawn) size))
        (state {
          panel: (if whole drawn (list)),
          assembly: (not whole),
          rule-by: (+ from (if whole PANEL_TIME ASSEMBLY_TIME))
        }))
      (map-set disputes dispute (merge known state))
      (log TOPIC_PANEL (to-consensus-buff? (print (merge state
        {topic: "panel", dispute: dispute, round: (get round known), header-hash: header-hash})))))))

;; A member of the panel, once, after the operator was heard; more than half of them decide. Prints {topic:
;; "vote", dispute, round, dwelling, for-resident}.
(define-public (rule (dispute uint) (for-resident bool))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (dwelling (unwrap! (contract-call? .user-registry get-dwelling-of contract-caller) ERR_NOT_MEMBER))
      (key {dispute: dispute, round: (get round known), dwelling: dwelling})
      (votes-for (+ (get votes-for known) (if for-resident u1 u0)))
      (votes-against (+ (get votes-against known) (if for-resident u0 u1)))
      (decisive (/ (+ (len (get panel known)) u1) u2)))
    (asserts! (is-some (index-of? (get panel known) dwelling)) ERR_NOT_MEMBER)
    (asserts! (is-none (get ruling known)) ERR_RULED)
    (asserts! (get answered known) ERR_UNANSWERED)
    (asserts! (<= burn-block-height (get rule-by known)) ERR_DEADLINE)
    (asserts! (map-insert votes key for-resident) ERR_VOTED)
    (map-set disputes dispute (merge known {votes-for: votes-for, votes-against: votes-against}))
    (try! (log TOPIC_VOTE (to-consensus-buff? (print (merge key {topic: "vote", for-resident: for-resident})))))
    (if (>= (if for-resident votes-for votes-against) decisive)
      (decide dispute for-resident (is-eq (get round known) u1) none)
      (ok u0))))

;; Three stewards or treasurers, each, none of them a party: what an assembly decided on paper, for good. ok false until
;; the third.
(define-public (rule-by-assembly (dispute uint) (for-resident bool) (photo-hash (buff 32)))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (call {call: "assembly", dispute: dispute, for-resident: for-resident, photo-hash: photo-hash}))
    (asserts! (not (is-party (get zone known) (get dwelling known))) ERR_PARTIAL)
    (asserts! (is-none (get ruling known)) ERR_RULED)
    (asserts! (get assembly known) ERR_NO_ASSEMBLY)
    (asserts! (get answered known) ERR_UNANSWERED)
    (asserts! (<= burn-block-height (get rule-by known)) ERR_DEADLINE)
    (asserts! (is-eq (len photo-hash) u32) ERR_HASH)
    (if (try! (contract-call? .user-registry approve "dispute-resolution" OBSERVER contract-caller
        (sha256 (unwrap! (to-consensus-buff? (print call)) ERR_SERIALIZE)) OBSERVERS))
      (begin
        (try! (decide dispute for-resident true (some photo-hash)))
        (ok true))
      (ok false))))

;; Anyone: a deadline was missed. The operator's and an assembly's rule for the resident, for good. A panel that did not
;; decide is drawn once more from those that are left, and the second time an assembly takes its place, so that silence
;; of the jurors wins nothing. Prints {topic: "panel-missed", dispute, assembly, draw-at, rule-by} then.
(define-public (expire (dispute uint))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (panel (and (get answered known) (not (get assembly known))))
      (again (not (get redrawn known)))
      (state {
        assembly: (not again),
        draw-at: (if again (+ burn-block-height DRAW_DELAY) (get draw-at known)),
        rule-by: (if again u0 (+ burn-block-height ASSEMBLY_TIME))
      }))
    (asserts! (is-none (get ruling known)) ERR_RULED)
    (asserts!
      (and
        (or (not panel) (> (get rule-by known) u0))
        (is-over
          (if (get answered known) (get rule-by known) (get answer-by known))
          (get zone known) (get opened known)))
      ERR_NOT_DUE)
    (if (not panel)
      (decide dispute true true none)
      (begin
        (map-set disputes dispute (merge known (merge state {
          redrawn: true, panel: (list), former: (with-panel (get former known) (get panel known)), votes-for: u0,
          votes-against: u0
        })))
        (log TOPIC_PANEL (to-consensus-buff?
          (print (merge state {topic: "panel-missed", dispute: dispute}))))))))

;; Either side, once, within a week of the first panel's ruling: seven others. Prints {topic: "appeal", dispute,
;; resident, draw-at}.
(define-public (appeal (dispute uint))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (resident (try! (side-of (get zone known) (get dwelling known))))
      (ruling (unwrap! (get ruling known) ERR_NOT_RULED))
      (draw-at (+ burn-block-height DRAW_DELAY)))
    (asserts! (not (get final ruling)) ERR_FINAL)
    (asserts! (<= burn-block-height (+ (get height ruling) APPEAL_TIME)) ERR_DEADLINE)
    (map-set disputes dispute (merge known {
      round: u1, draw-at: draw-at, redrawn: false, panel: (list),
      former: (with-panel (get former known) (get panel known)), rule-by: u0, votes-for: u0, votes-against: u0,
      ruling: none
    }))
    (log TOPIC_APPEAL (to-consensus-buff?
      (print {topic: "appeal", dispute: dispute, resident: resident, draw-at: draw-at})))))

;; Anyone, once no appeal is possible: the bill is free again, and if the ruling is for the resident, the correction
;; waits to be settled. One that was asked for with a key that the gateway has too waits until the bill is due: the
;; dwelling's own key comes first. Prints {topic: "dispute-closed", dispute, for-resident}.
(define-public (close-dispute (dispute uint))
  (let (
      (known (unwrap! (map-get? disputes dispute) ERR_DISPUTE_UNKNOWN))
      (ruling (unwrap! (get ruling known) ERR_NOT_RULED))
      (for-resident (get for-resident ruling))
      (zone (get zone known))
      (slot (get slot known))
      (period (get period known)))
    (asserts! (not (get closed known)) ERR_CLOSED)
    (asserts!
      (and
        (or (get final ruling) (> burn-block-height (+ (get height ruling) APPEAL_TIME)))
        (or
          (get own known)
          (not for-resident)
          (match (contract-call? .billing get-bills zone period) bills (>= burn-block-height (get due bills)) true)))
      ERR_APPEALABLE)
    (map-set disputes dispute (merge known {closed: true}))
    (map-delete disputing {dwelling: (get dwelling known), own: (get own known)})
    (and for-resident (try! (contract-call? .billing correct-bill zone slot period (get correction known))))
    (try! (contract-call? .billing unfreeze zone slot period))
    (log TOPIC_CLOSED (to-consensus-buff?
      (print {topic: "dispute-closed", dispute: dispute, for-resident: for-resident})))))

;; ----------------------------------------------------------------------------------------------------
;; public: payments
;; ----------------------------------------------------------------------------------------------------

;; The payer, once, while the zone is open: for whom the payment was; the gateway has a week to show that it got there.
;; Prints {topic: "claim", payment, zone, sequence, dwelling, total, answer-by}.
(define-public (claim-credit (payment uint) (salt (buff 16)) (dwelling uint))
  (let (
      (paid (unwrap! (contract-call? .payment get-payment payment) ERR_PAYMENT))
      (zone (get zone paid))
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_PAYMENT))
      (sequence (unwrap! (get sequence paid) ERR_PAYMENT))
      (credit (unwrap! (contract-call? .payment get-credit zone sequence) ERR_PAYMENT))
      (key {zone: zone, sequence: sequence, dwelling: dwelling})
      (total (+ (default-to u0 (map-get? claimed key)) (* (get amount paid) (get ratio registered))))
      (claim (merge key
        {total: total, answer-by: (+ burn-block-height ANSWER_TIME)})))
    (asserts! (is-eq contract-caller (get payer paid)) ERR_NOT_PAYER)
    (asserts! (not (get closed registered)) ERR_ZONE_CLOSED)
    (asserts!
      (and
        (not (get reward paid))
        (not (get returned paid))
        (< burn-block-height (+ (get height credit) CLAIM_TIME)))
      ERR_PAYMENT)
    (asserts!
      (and (is-eq (len salt) u16) (is-eq (get-reference salt dwelling) (get reference paid)))
      ERR_REFERENCE)
    (asserts!
      (map-insert claims payment (merge claim {opened: burn-block-height, over: false}))
      ERR_CLAIMED)
    (map-set claimed key total)
    (log TOPIC_CLAIM (to-consensus-buff? (print (merge claim {topic: "claim", payment: payment}))))))

;; The gateway, even where the zone has closed since: a slot that was the dwelling's then was credited with the total of
;; get-claim or more. `hint`: of K - total*A, which the proof shows to be in range. Nothing is opened. Prints {topic:
;; "claim-answer", payment, slot, context}.
(define-public (answer-claim
    (payment uint)
    (slot uint)
    (hint (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (claim (unwrap! (get-claim payment) ERR_CLAIM_UNKNOWN))
      (zone (get zone claim))
      (total (get total claim))
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_NOT_GATEWAY))
      (credit (unwrap! (contract-call? .payment get-credit zone (get sequence claim)) ERR_PAYMENT))
      (commitment (list (unwrap! (element-at? (get credits credit) slot) ERR_SLOT)))
      (context (sha256 (unwrap! (to-consensus-buff? {
          domain: "mita/v1/claim",
          chain: chain-id,
          contract: current-contract,
          proof: (contract-of proof),
          submitter: contract-caller,
          payment: payment,
          zone: zone,
          sequence: (get sequence claim),
          slot: slot,
          total: total
        }) ERR_SERIALIZE)))
      (event {topic: "claim-answer", payment: payment, slot: slot, context: context}))
    (asserts!
      (and (is-eq contract-caller (get gateway registered)) (not (get frozen registered)))
      ERR_NOT_GATEWAY)
    (asserts! (not (get over claim)) ERR_ANSWERED)
    (asserts! (not (is-over (get answer-by claim) zone (get opened claim))) ERR_DEADLINE)
    (asserts! (was-credited zone slot (get dwelling claim) (get sequence claim)) ERR_SLOT)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" (contract-of proof)) ERR_PROOF_CONTRACT)
    (try! (contract-call? proof verify-money
      context
      (try! (contract-call? proof subtract-commitments
        commitment
        (try! (contract-call? proof compute-line commitment u0 (to-int total) (list true) 0x))
        hint))
      points scalars hints))
    (end-claim payment)
    (log TOPIC_CLAIM (to-consensus-buff? (print event)))))

;; Anyone, when the gateway did not show it in time: the payer is paid back, out of the hold-back of a settled period
;; and what income the provider has left there.
;; Prints {topic: "claim-refunded", payment, period, amount}.
(define-public (refund-claim (payment uint) (period uint) (token <sip-010>))
  (let (
      (claim (unwrap! (map-get? claims payment) ERR_CLAIM_UNKNOWN))
      (zone (get zone claim))
      (key {zone: zone, sequence: (get sequence claim), dwelling: (get dwelling claim)})
      (paid (unwrap! (contract-call? .payment get-payment payment) ERR_PAYMENT))
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_PAYMENT))
      (amount (* (get amount paid) (get ratio registered))))
    (asserts! (not (get over claim)) ERR_ANSWERED)
    (asserts! (is-over (get answer-by claim) zone (get opened claim)) ERR_NOT_DUE)
    (end-claim payment)
    (map-set claimed key (- (default-to u0 (map-get? claimed key)) amount))
    (try! (contract-call? .payment refund payment period token))
    (log TOPIC_CLAIM (to-consensus-buff?
      (print {topic: "claim-refunded", payment: payment, period: period, amount: amount})))))
