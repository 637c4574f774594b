;; governance: dwellings propose and vote; what they decide is done after a timelock, and by nobody else.
;;
;; A zone's ballots come as one vector: for every slot a commitment Y and a commitment N, each to 0 or 1 and not both 1.
;; Only sums over those who may vote are opened, after the close, once for each zone: of one zone, or of up to four.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(use-trait proof-trait .user-registry.proof-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

;; Roles of the registry. Observers are stewards and treasurers.
(define-constant STEWARD u1)
(define-constant OBSERVER u5)
(define-constant TOGETHER u2) ;; stewards that it takes to pause
(define-constant OBSERVERS u3) ;; persons who answer for what an assembly decided

;; Times in burn blocks. TALLY_TIME is at most VERIFIER_LOCK, so that no result is acted on before all tallies are in.
(define-constant SHORTEST_VOTE u1008)
(define-constant LONGEST_VOTE u8640)
(define-constant TALLY_TIME u432)
(define-constant VERIFIER_LOCK u432) ;; for another privacy-proof; everything else waits for the parameter "timelock"
(define-constant EXECUTION_TIME u4320) ;; what is not done by then lapses
(define-constant PAUSE_TIME u432)
(define-constant PAUSE_REST u4320)

;; A, the commitment to 1 with blinding 0.
(define-constant VALUE_BASE 0x02a3204d9656be8a9c085ea33ea60ceca693a522910824cff8c7dcc54166431bdf)

(define-constant TOPIC_PROPOSAL u800)
(define-constant TOPIC_BALLOTS u801)
(define-constant TOPIC_TALLY u802)
(define-constant TOPIC_CONTEST u803)
(define-constant TOPIC_ANSWER u804)
(define-constant TOPIC_ASSEMBLY u805)
(define-constant TOPIC_EXECUTED u806)
(define-constant TOPIC_PAUSE u807)
(define-constant TOPIC_TOGETHER u808)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_NOT_PROPOSER (err u800)) ;; neither a dwelling that may vote nor a steward
(define-constant ERR_PROPOSING (err u801)) ;; the proposer's last proposal is still being voted on
(define-constant ERR_ACTION (err u802)) ;; not a kind of action, or not exactly what that kind needs
(define-constant ERR_HASH (err u803)) ;; a hash has 32 bytes
(define-constant ERR_CLOSE (err u804)) ;; a vote too short or too long
(define-constant ERR_PROPOSAL_UNKNOWN (err u805)) ;; no such proposal
(define-constant ERR_ZONE_UNKNOWN (err u806)) ;; no such zone in the registry
(define-constant ERR_NOT_GATEWAY (err u807)) ;; the sender is not the zone's gateway
(define-constant ERR_CLOSED (err u808)) ;; the vote is closed
(define-constant ERR_OPEN (err u809)) ;; the vote is not closed yet
(define-constant ERR_SLOT_COUNT (err u810)) ;; one Y and one N for each slot, and three proofs of bits
(define-constant ERR_PROOF_CONTRACT (err u811)) ;; not the active privacy-proof contract
(define-constant ERR_NO_BALLOTS (err u812)) ;; this zone has no vector
(define-constant ERR_TALLIED (err u813)) ;; this zone's sums were opened already
(define-constant ERR_TALLY_LATE (err u814)) ;; the time for tallies is over
(define-constant ERR_K_MIN (err u815)) ;; too few voters to open their sum
(define-constant ERR_NOT_VOTER (err u816)) ;; not the dwelling of a slot that votes here, with a principal of its own
(define-constant ERR_CONTESTED (err u817)) ;; this ballot was contested already
(define-constant ERR_NOT_CONTESTED (err u818)) ;; this ballot was not contested, or that is answered already
(define-constant ERR_EXECUTED (err u819)) ;; done already
(define-constant ERR_OBSERVED (err u820)) ;; an assembly's vote on this is recorded already
(define-constant ERR_NO_RESULT (err u821)) ;; no tally and no assembly
(define-constant ERR_LOCKED (err u822)) ;; the timelock still runs
(define-constant ERR_LAPSED (err u823)) ;; not done in time
(define-constant ERR_QUORUM (err u824)) ;; too few voted
(define-constant ERR_REJECTED (err u825)) ;; not more for it than against it
(define-constant ERR_PAUSED_LATELY (err u826)) ;; a pause was begun less than 30 days ago
(define-constant ERR_NO_ASSEMBLY (err u827)) ;; an assembly stops the switch of a contract, but ballots alone make it
(define-constant ERR_SERIALIZE (err u828)) ;; a value without consensus bytes
(define-constant ERR_GATEWAYS (err u829)) ;; zones of more than one gateway

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

;; I1: the number of proposals; they are u1 to this one.
(define-data-var count uint u0)

;; I2: how many pauses there were, and the burn height at which the last began.
(define-data-var pauses {count: uint, begun: uint} {count: u0, begun: u0})

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I3: action, text-hash, closes and proposer never change. I4: yes and no are the sums of the zones' tallies or, where
;; `assembly`, that assembly's. I5: `ready` is u0 while there is no result, then at least VERIFIER_LOCK after the last
;; tally or the assembly. I6: electorate counts the voters of all open zones when the first result came, those of a zone
;; with a vector, even a closed one, when that came: `eligible` of `zones`. I7: executed once.
(define-map proposals uint {
  action: {
    kind: (string-ascii 16), name: (optional (string-ascii 32)), number: (optional uint),
    who: (optional principal), holds: (optional bool),
    tariff: (optional {utility: uint, from-period: uint, charge: uint, bands: (list 4 {from: uint, rate: uint})})
  },
  text-hash: (buff 32), closes: uint, proposer: principal, zones: (list 64 uint), eligible: uint,
  electorate: uint, yes: uint, no: uint, contested: uint, assembly: bool, ready: uint, executed: bool
})

;; I8: the close of a proposer's newest proposal. A dwelling stays the same proposer when its principal changes, but
;; whoever has its own is another than the gateway with the key that this has too.
(define-map proposing {dwelling: (optional uint), own: bool, steward: (optional principal)} uint)

;; I9: a zone's last vector before the close. voters and period are those of the first, so that who counts is settled
;; before anybody knows how it goes; `eligible` counts the voters, `hidden` those whose ballots nobody opened. Once
;; tallied, `together` are the zones, itself included, whose ballots were opened in one sum. I11: all of them say so.
(define-map ballots {proposal: uint, zone: uint} {
  yes: (list 64 (buff 33)), no: (list 64 (buff 33)), voters: (list 64 bool), period: uint, eligible: uint,
  hidden: uint, tallied: bool, together: (list 4 uint)
})

;; I10: ballots that their dwellings say they did not cast; true while the gateway has not shown that it is no Y.
(define-map contests {proposal: uint, zone: uint, slot: uint} bool)

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (get-proposal (proposal uint))
  (map-get? proposals proposal))

(define-read-only (get-proposal-count)
  (var-get count))

;; A zone's vector, and who votes in it.
(define-read-only (get-ballots (proposal uint) (zone uint))
  (map-get? ballots {proposal: proposal, zone: zone}))

;; Whether a ballot was contested, and that not answered.
(define-read-only (is-contested (proposal uint) (zone uint) (slot uint))
  (default-to false (map-get? contests {proposal: proposal, zone: zone, slot: slot})))

(define-read-only (get-last-pause)
  (var-get pauses))

;; ok when enough voted, and more for it than against it, even if every ballot that is contested was not for it but
;; against it.
(define-read-only (check-result (proposal uint))
  (let ((asked (unwrap! (map-get? proposals proposal) ERR_PROPOSAL_UNKNOWN)))
    (asserts! (> (get ready asked) u0) ERR_NO_RESULT)
    (asserts!
      (>= (* (+ (get yes asked) (get no asked)) u100)
        (* (contract-call? .user-registry get-parameter "quorum-pct") (get electorate asked)))
      ERR_QUORUM)
    (asserts!
      (> (get yes asked) (+ (get no asked) (if (get assembly asked) u0 (* u2 (get contested asked)))))
      ERR_REJECTED)
    (ok true)))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

(define-private (log (topic uint) (event (optional (buff 16384))))
  (contract-call? .audit-log record topic (sha256 (unwrap! event ERR_SERIALIZE))))

(define-private (is-steward (who principal))
  (contract-call? .user-registry has-role STEWARD who))

(define-private (agreed (role uint) (needed uint) (action (optional (buff 16384))))
  (contract-call? .user-registry approve "governance" role contract-caller
    (sha256 (unwrap! action ERR_SERIALIZE)) needed))

;; As many commitments to 1 with blinding 0 as there are slots.
(define-private (ones (slots uint))
  (let (
      (four (list VALUE_BASE VALUE_BASE VALUE_BASE VALUE_BASE))
      (sixteen (concat four four four four)))
    (unwrap! (slice? (concat sixteen sixteen sixteen sixteen) u0 slots) (list))))

;; Every commitment is to 0 or to 1: it, or it less A, commits to zero. `hint` is that of subtracting A from each.
(define-private (are-bits
    (context (buff 32))
    (commitments (list 64 (buff 33)))
    (hint (buff 32))
    (bits {
      nonces: (list 2 (list 64 (buff 33))), shares: (list 1 (list 64 (buff 16))),
      responses: (list 2 (list 64 (buff 32)))
    })
    (proof <proof-trait>))
  (contract-call? proof verify-each-zero
    context
    (list commitments
      (try! (contract-call? proof subtract-commitments commitments (ones (len commitments)) hint)))
    (get nonces bits) (get shares bits) (get responses bits)))

(define-private (chosen (commitment (buff 33)) (votes bool))
  (if votes commitment 0x))

(define-private (is-chosen (commitment (buff 33)))
  (not (is-eq commitment 0x)))

;; The commitments of those who vote.
(define-private (of-voters (commitments (list 64 (buff 33))) (voters (list 64 bool)))
  (filter is-chosen (map chosen commitments voters)))

(define-private (is-true (voter bool))
  voter)

;; One zone more, whose ballots are opened in no sum yet, of the same gateway as those before it. It is marked at once,
;; so that none comes twice.
(define-private (join
    (zone uint)
    (so-far (response {proposal: uint, zones: (list 4 uint), gateway: (optional principal)} uint)))
  (let (
      (at (try! so-far))
      (key {proposal: (get proposal at), zone: zone})
      (cast (unwrap! (map-get? ballots key) ERR_NO_BALLOTS))
      (gateway (get gateway (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))))
    (asserts! (not (get tallied cast)) ERR_TALLIED)
    (asserts! (is-eq (default-to gateway (get gateway at)) gateway) ERR_GATEWAYS)
    (map-set ballots key (merge cast {tallied: true, together: (get zones at)}))
    (ok (merge at {gateway: (some gateway)}))))

;; How many ballots of these zones nobody opened, and the most that any of them asks for.
(define-private (add-hidden (zone uint) (so-far {proposal: uint, hidden: uint, k-min: uint}))
  (let (
      (hidden (match (get-ballots (get proposal so-far) zone) cast (get hidden cast) u0))
      (k-min (contract-call? .user-registry get-k-min zone)))
    (merge so-far {
      hidden: (+ (get hidden so-far) hidden),
      k-min: (if (> k-min (get k-min so-far)) k-min (get k-min so-far))
    })))

(define-private (hidden-in (proposal uint) (zones (list 4 uint)))
  (fold add-hidden zones {proposal: proposal, hidden: u0, k-min: u1}))

;; The sum of a zone's Y (else N) of those who vote, in a list; an empty one for no zone.
(define-private (summed
    (proposal uint)
    (zone (optional uint))
    (for bool)
    (hints (optional (list 12 (buff 32))))
    (proof <proof-trait>))
  (match zone
    known (let ((cast (unwrap! (get-ballots proposal known) ERR_NO_BALLOTS)))
      (ok (list (try! (contract-call? proof sum-commitments
        (of-voters (if for (get yes cast) (get no cast)) (get voters cast))
        (default-to (list) hints))))))
    (ok (list))))

;; Does the sum of all their Y (else N) open?
(define-private (opens
    (proposal uint)
    (zones (list 4 uint))
    (for bool)
    (total uint)
    (blinding (buff 32))
    (zone-hints (list 4 (list 12 (buff 32))))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (contract-call? proof verify-sum
    (concat
      (try! (summed proposal (element-at? zones u0) for (element-at? zone-hints u0) proof))
      (try! (summed proposal (element-at? zones u1) for (element-at? zone-hints u1) proof))
      (try! (summed proposal (element-at? zones u2) for (element-at? zone-hints u2) proof))
      (try! (summed proposal (element-at? zones u3) for (element-at? zone-hints u3) proof)))
    total blinding hints))

;; All who may vote, counted once for a proposal.
(define-private (electorate-of (counted uint) (eligible uint) (zones (list 64 uint)))
  (if (> counted u0)
    counted
    (+ eligible (contract-call? .user-registry count-voters zones))))

;; Adds what was opened to the result, in the time for it. Answers with the electorate, and when it may be acted on.
(define-private (add-result (proposal uint) (yes uint) (no uint) (proof principal))
  (let (
      (asked (unwrap! (map-get? proposals proposal) ERR_PROPOSAL_UNKNOWN))
      (result {
        electorate: (electorate-of (get electorate asked) (get eligible asked) (get zones asked)),
        ready: (+ burn-block-height (lock-of (get kind (get action asked)) (get name (get action asked))))
      }))
    (asserts! (>= burn-block-height (get closes asked)) ERR_OPEN)
    (asserts! (< burn-block-height (+ (get closes asked) TALLY_TIME)) ERR_TALLY_LATE)
    (asserts! (not (get assembly asked)) ERR_OBSERVED)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" proof) ERR_PROOF_CONTRACT)
    (map-set proposals proposal
      (merge asked (merge result {yes: (+ (get yes asked) yes), no: (+ (get no asked) no)})))
    (ok result)))

;; How long a decided action waits. "timelock" is in burn blocks.
(define-private (lock-of (kind (string-ascii 16)) (name (optional (string-ascii 32))))
  (if (and (is-eq kind "contract") (is-eq name (some "privacy-proof")))
    VERIFIER_LOCK
    (contract-call? .user-registry get-parameter "timelock")))

;; Is there what the kind of action needs, and nothing else?
(define-private (is-action (kind (string-ascii 16)) (given (list 5 bool)))
  (or
    (and (is-eq kind "tariff") (is-eq given (list false false false false true)))
    (and (is-eq kind "parameter") (is-eq given (list true true false false false)))
    (and (is-eq kind "role") (is-eq given (list false true true true false)))
    (and (is-eq kind "token") (is-eq given (list false true true false false)))
    (and (is-eq kind "contract") (is-eq given (list true false true false false)))
    (and (is-eq kind "pause-off") (is-eq given (list false false false false false)))))

;; Does what was decided. The error is that of the contract which refuses it.
(define-private (perform
    (kind (string-ascii 16))
    (name (optional (string-ascii 32)))
    (number (optional uint))
    (who (optional principal))
    (holds (optional bool))
    (tariff (optional
      {utility: uint, from-period: uint, charge: uint, bands: (list 4 {from: uint, rate: uint})})))
  (begin
    (if (is-eq kind "tariff")
      (let ((rates (unwrap! tariff ERR_ACTION)))
        (try! (contract-call? .billing set-tariff
          (get utility rates) (get from-period rates) (get charge rates) (get bands rates))))
    (if (is-eq kind "parameter")
      (try! (contract-call? .user-registry set-parameter (unwrap! name ERR_ACTION) (unwrap! number ERR_ACTION)))
    (if (is-eq kind "role")
      (try! (contract-call? .user-registry set-role
        (unwrap! number ERR_ACTION) (unwrap! who ERR_ACTION) (unwrap! holds ERR_ACTION)))
    (if (is-eq kind "token")
      (try! (contract-call? .user-registry list-token (unwrap! who ERR_ACTION) (unwrap! number ERR_ACTION)))
    (if (is-eq kind "contract")
      (try! (contract-call? .user-registry switch-contract (unwrap! name ERR_ACTION) (unwrap! who ERR_ACTION)))
      (try! (contract-call? .user-registry set-pause burn-block-height)))))))
    (ok true)))

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; A dwelling that votes, or a steward: asks all the others, until the burn height `closes`. The text is read elsewhere.
;; Answers with the proposal's number. Prints {topic: "proposal", proposal, action, text-hash, closes, proposer}.
(define-public (propose
    (action {
      kind: (string-ascii 16), name: (optional (string-ascii 32)), number: (optional uint),
      who: (optional principal), holds: (optional bool),
      tariff: (optional {utility: uint, from-period: uint, charge: uint, bands: (list 4 {from: uint, rate: uint})})
    })
    (text-hash (buff 32))
    (closes uint))
  (let (
      (proposal (+ (var-get count) u1))
      (dwelling (contract-call? .user-registry get-dwelling-of contract-caller))
      (proposer (if (match dwelling id (contract-call? .user-registry has-vote id) false)
        {dwelling: dwelling, own: (contract-call? .user-registry is-own contract-caller), steward: none}
        {dwelling: none, own: true, steward: (some contract-caller)}))
      (event {
        topic: "proposal", proposal: proposal, action: action, text-hash: text-hash, closes: closes,
        proposer: contract-caller
      }))
    (asserts! (or (is-some (get dwelling proposer)) (is-steward contract-caller)) ERR_NOT_PROPOSER)
    (asserts! (>= burn-block-height (default-to u0 (map-get? proposing proposer))) ERR_PROPOSING)
    (asserts!
      (is-action (get kind action) (list
        (is-some (get name action)) (is-some (get number action)) (is-some (get who action))
        (is-some (get holds action)) (is-some (get tariff action))))
      ERR_ACTION)
    (asserts! (is-eq (len text-hash) u32) ERR_HASH)
    (asserts!
      (and (>= closes (+ burn-block-height SHORTEST_VOTE)) (<= closes (+ burn-block-height LONGEST_VOTE)))
      ERR_CLOSE)
    (var-set count proposal)
    (map-set proposing proposer closes)
    (map-set proposals proposal {
      action: action, text-hash: text-hash, closes: closes, proposer: contract-caller, zones: (list), eligible: u0,
      electorate: u0, yes: u0, no: u0, contested: u0, assembly: false, ready: u0, executed: false
    })
    (try! (log TOPIC_PROPOSAL (to-consensus-buff? (print event))))
    (ok proposal)))

;; The zone's gateway, until the close: the ballots of all slots, in the place of those it sent before; the first vector
;; settles who votes. `hints` are for Y + N, then for Y - A, N - A and (Y + N) - A; `bits` are the proofs that these
;; three lists hold 0 or 1. Prints {topic: "ballots", proposal, zone, yes, no, voters, context}.
(define-public (cast-ballots
    (proposal uint)
    (zone uint)
    (yes (list 64 (buff 33)))
    (no (list 64 (buff 33)))
    (hints (list 4 (buff 32)))
    (bits (list 3 {
      nonces: (list 2 (list 64 (buff 33))), shares: (list 1 (list 64 (buff 16))),
      responses: (list 2 (list 64 (buff 32)))
    }))
    (proof <proof-trait>))
  (let (
      (asked (unwrap! (map-get? proposals proposal) ERR_PROPOSAL_UNKNOWN))
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))
      (key {proposal: proposal, zone: zone})
      (before (map-get? ballots key))
      (voters (match before
        known (get voters known)
        (default-to (list)
          (slice? (contract-call? .user-registry get-voters zone) u0 (get slots registered)))))
      (eligible (len (filter is-true voters)))
      (context (sha256 (unwrap! (to-consensus-buff? {
          domain: "mita/v1/ballots",
          chain: chain-id,
          contract: current-contract,
          proof: (contract-of proof),
          submitter: contract-caller,
          proposal: proposal,
          zone: zone,
          yes-hash: (sha256 (unwrap! (to-consensus-buff? yes) ERR_SERIALIZE)),
          no-hash: (sha256 (unwrap! (to-consensus-buff? no) ERR_SERIALIZE))
        }) ERR_SERIALIZE)))
      (event {
        topic: "ballots", proposal: proposal, zone: zone, yes: yes, no: no, voters: voters, context: context
      }))
    (asserts! (contract-call? .user-registry is-gateway zone contract-caller) ERR_NOT_GATEWAY)
    (asserts! (< burn-block-height (get closes asked)) ERR_CLOSED)
    (asserts! (is-eq (len yes) (len no) (get slots registered)) ERR_SLOT_COUNT)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" (contract-of proof)) ERR_PROOF_CONTRACT)
    (let ((either (try! (contract-call? proof add-commitments
        yes no (unwrap! (element-at? hints u0) ERR_SLOT_COUNT)))))
      (try! (are-bits context yes
        (unwrap! (element-at? hints u1) ERR_SLOT_COUNT) (unwrap! (element-at? bits u0) ERR_SLOT_COUNT) proof))
      (try! (are-bits context no
        (unwrap! (element-at? hints u2) ERR_SLOT_COUNT) (unwrap! (element-at? bits u1) ERR_SLOT_COUNT) proof))
      (try! (are-bits context either
        (unwrap! (element-at? hints u3) ERR_SLOT_COUNT) (unwrap! (element-at? bits u2) ERR_SLOT_COUNT) proof)))
    (map-set ballots key {
      yes: yes, no: no, voters: voters, period: (match before known (get period known) (get period registered)),
      eligible: eligible, hidden: eligible, tallied: false, together: (list)
    })
    (and
      (is-none before)
      (map-set proposals proposal (merge asked {
        zones: (unwrap! (as-max-len? (append (get zones asked) zone) u64) ERR_ZONE_UNKNOWN),
        eligible: (+ (get eligible asked) eligible)
      })))
    (log TOPIC_BALLOTS (to-consensus-buff? (print event)))))

;; Whoever can open them, once for each zone, in the time after the close: the sums over those who vote, of which there
;; must be as many as for any opened sum. `yes-hints` and `no-hints` are those of adding up. Prints {topic: "tally",
;; proposal, zone, yes, no, voters, electorate, ready}.
(define-public (tally
    (proposal uint)
    (zone uint)
    (yes uint)
    (yes-blinding (buff 32))
    (yes-hints (list 12 (buff 32)))
    (no uint)
    (no-blinding (buff 32))
    (no-hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (result (try! (add-result proposal yes no (contract-of proof))))
      (key {proposal: proposal, zone: zone})
      (cast (unwrap! (map-get? ballots key) ERR_NO_BALLOTS)))
    (asserts! (not (get tallied cast)) ERR_TALLIED)
    (asserts! (>= (get hidden cast) (contract-call? .user-registry get-k-min zone)) ERR_K_MIN)
    (try! (contract-call? proof verify-sum
      (of-voters (get yes cast) (get voters cast)) yes yes-blinding yes-hints))
    (try! (contract-call? proof verify-sum
      (of-voters (get no cast) (get voters cast)) no no-blinding no-hints))
    (map-set ballots key (merge cast {tallied: true, together: (list zone)}))
    (log TOPIC_TALLY (to-consensus-buff? (print (merge result {
      topic: "tally", proposal: proposal, zone: zone, yes: yes, no: no, voters: (get hidden cast)
    }))))))

;; As `tally`, of up to four zones of one gateway: one sum over all of their voters, who need be enough only together.
;; None of them is opened alone, before or after: the difference would be a sum over too few. `yes-zone-hints` and
;; `no-zone-hints` are those of adding up each zone, `yes-hints` and `no-hints` those of the zones' sums. Prints {topic:
;; "tally-together", proposal, zones, yes, no, voters, electorate, ready}.
(define-public (tally-together
    (proposal uint)
    (zones (list 4 uint))
    (yes uint)
    (yes-blinding (buff 32))
    (yes-zone-hints (list 4 (list 12 (buff 32))))
    (yes-hints (list 12 (buff 32)))
    (no uint)
    (no-blinding (buff 32))
    (no-zone-hints (list 4 (list 12 (buff 32))))
    (no-hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (result (try! (add-result proposal yes no (contract-of proof))))
      (joined (try! (fold join zones (ok {proposal: proposal, zones: zones, gateway: none}))))
      (all (hidden-in proposal zones)))
    (asserts! (>= (get hidden all) (get k-min all)) ERR_K_MIN)
    (try! (opens proposal (get zones joined) true yes yes-blinding yes-zone-hints yes-hints proof))
    (try! (opens proposal (get zones joined) false no no-blinding no-zone-hints no-hints proof))
    (log TOPIC_TOGETHER (to-consensus-buff? (print (merge result {
      topic: "tally-together", proposal: proposal, zones: zones, yes: yes, no: no, voters: (get hidden all)
    }))))))

;; The dwelling of a slot that votes, by a principal of its own, between tally and execution: the ballot under its slot
;; is not the one that it cast. Half as many of these as the votes for it lead by, and it is void: each may stand for a
;; vote against. Prints {topic: "contest", proposal, zone, slot, dwelling}.
(define-public (contest-ballot (proposal uint) (zone uint) (slot uint))
  (let (
      (asked (unwrap! (map-get? proposals proposal) ERR_PROPOSAL_UNKNOWN))
      (cast (unwrap! (map-get? ballots {proposal: proposal, zone: zone}) ERR_NO_BALLOTS))
      (dwelling (unwrap! (contract-call? .user-registry get-dwelling-of contract-caller) ERR_NOT_VOTER))
      (known (unwrap! (contract-call? .user-registry get-dwelling dwelling) ERR_NOT_VOTER))
      (event {topic: "contest", proposal: proposal, zone: zone, slot: slot, dwelling: dwelling}))
    (asserts! (get tallied cast) ERR_NO_RESULT)
    (asserts! (not (get executed asked)) ERR_EXECUTED)
    (asserts!
      (and
        (get own known)
        (is-eq (element-at? (get voters cast) slot) (some true))
        (is-eq (contract-call? .user-registry get-occupant zone slot (get period cast)) (some dwelling)))
      ERR_NOT_VOTER)
    (asserts! (map-insert contests {proposal: proposal, zone: zone, slot: slot} true) ERR_CONTESTED)
    (map-set proposals proposal (merge asked {contested: (+ (get contested asked) u1)}))
    (log TOPIC_CONTEST (to-consensus-buff? (print event)))))

;; The zone's gateway: a contested ballot is no Y, so that nothing can have been gained by it. Its dwelling gave up its
;; secret by what it said; still no more are opened than leave k-min hidden in the sum that it is part of. Prints
;; {topic: "contest-answer", proposal, zone, slot}.
(define-public (answer-contest (proposal uint) (zone uint) (slot uint) (blinding (buff 32)) (proof <proof-trait>))
  (let (
      (asked (unwrap! (map-get? proposals proposal) ERR_PROPOSAL_UNKNOWN))
      (key {proposal: proposal, zone: zone})
      (cast (unwrap! (map-get? ballots key) ERR_NO_BALLOTS))
      (all (hidden-in proposal (get together cast)))
      (registered (unwrap! (contract-call? .user-registry get-zone zone) ERR_NOT_GATEWAY))
      (event {topic: "contest-answer", proposal: proposal, zone: zone, slot: slot}))
    (asserts! (is-contested proposal zone slot) ERR_NOT_CONTESTED)
    (asserts! (not (get executed asked)) ERR_EXECUTED)
    (asserts!
      (and (is-eq contract-caller (get gateway registered)) (not (get frozen registered)))
      ERR_NOT_GATEWAY)
    (asserts! (> (get hidden all) (get k-min all)) ERR_K_MIN)
    (asserts! (contract-call? .user-registry is-active "privacy-proof" (contract-of proof)) ERR_PROOF_CONTRACT)
    (try! (contract-call? proof verify-opening
      (unwrap! (element-at? (get yes cast) slot) ERR_NOT_CONTESTED) u0 blinding))
    (map-set ballots key (merge cast {hidden: (- (get hidden cast) u1)}))
    (map-set contests {proposal: proposal, zone: zone, slot: slot} false)
    (map-set proposals proposal (merge asked {contested: (- (get contested asked) u1)}))
    (log TOPIC_ANSWER (to-consensus-buff? (print event)))))

;; Three stewards or treasurers, each, after the close: what an assembly decided on paper, which outranks the ballots.
;; It switches no contract, but may stop that: ballots are what gateways send. ok false until the third. Prints {topic:
;; "assembly", call, proposal, yes, no, photo-hash, electorate, ready}.
(define-public (record-assembly (proposal uint) (yes uint) (no uint) (photo-hash (buff 32)))
  (let (
      (asked (unwrap! (map-get? proposals proposal) ERR_PROPOSAL_UNKNOWN))
      (ready (+ burn-block-height (lock-of (get kind (get action asked)) (get name (get action asked)))))
      (call {call: "assembly", proposal: proposal, yes: yes, no: no, photo-hash: photo-hash}))
    (asserts! (>= burn-block-height (get closes asked)) ERR_OPEN)
    (asserts! (< burn-block-height (+ (get closes asked) EXECUTION_TIME)) ERR_LAPSED)
    (asserts! (not (get executed asked)) ERR_EXECUTED)
    (asserts! (or (<= yes no) (not (is-eq (get kind (get action asked)) "contract"))) ERR_NO_ASSEMBLY)
    (asserts! (not (get assembly asked)) ERR_OBSERVED)
    (asserts! (is-eq (len photo-hash) u32) ERR_HASH)
    (if (try! (agreed OBSERVER OBSERVERS (to-consensus-buff? call)))
      (let ((electorate (electorate-of (get electorate asked) (get eligible asked) (get zones asked))))
        (map-set proposals proposal (merge asked {
          electorate: electorate, yes: yes, no: no, assembly: true, ready: ready
        }))
        (try! (log TOPIC_ASSEMBLY (to-consensus-buff?
          (print (merge call {topic: "assembly", electorate: electorate, ready: ready})))))
        (ok true))
      (ok false))))

;; Anyone, once the timelock is over: does what was decided, or fails with the reason of whoever refuses it. Prints
;; {topic: "executed", proposal, action}.
(define-public (execute (proposal uint))
  (let (
      (asked (unwrap! (map-get? proposals proposal) ERR_PROPOSAL_UNKNOWN))
      (action (get action asked))
      (ready (get ready asked)))
    (asserts! (not (get executed asked)) ERR_EXECUTED)
    (try! (check-result proposal))
    (asserts! (>= burn-block-height ready) ERR_LOCKED)
    (asserts! (< burn-block-height (+ ready EXECUTION_TIME)) ERR_LAPSED)
    (map-set proposals proposal (merge asked {executed: true}))
    (try! (perform
      (get kind action) (get name action) (get number action) (get who action) (get holds action) (get tariff action)))
    (log TOPIC_EXECUTED (to-consensus-buff? (print {topic: "executed", proposal: proposal, action: action})))))

;; Two stewards, each: new money movements wait for three days, at most once in thirty. ok false to the first. Prints
;; {topic: "pause", until}.
(define-public (pause)
  (let (
      (last (var-get pauses))
      (until (+ burn-block-height PAUSE_TIME)))
    (asserts!
      (or (is-eq (get count last) u0) (>= burn-block-height (+ (get begun last) PAUSE_REST)))
      ERR_PAUSED_LATELY)
    (if (try! (agreed STEWARD TOGETHER (to-consensus-buff? {call: "pause", count: (get count last)})))
      (begin
        (var-set pauses {count: (+ (get count last) u1), begun: burn-block-height})
        (try! (contract-call? .user-registry set-pause until))
        (try! (log TOPIC_PAUSE (to-consensus-buff? (print {topic: "pause", until: until}))))
        (ok true))
      (ok false))))
