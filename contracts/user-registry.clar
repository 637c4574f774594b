;; user-registry: who has which role, which zones exist, and which contract does which job.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

;; What a contract must offer to be the active "privacy-proof"; all read-only. A stored principal cannot be called, so
;; callers pass the contract as an argument and the receiver compares it with the active table. What the arguments are
;; and which lengths they have is said in privacy-proof.
(define-trait proof-trait (
  ;; ctx, commitments, total, blinding-sum, points, scalars, hints -> what was checked, as bits:
  ;; u1 the sum of the commitments opens to the total; u2 every value is in range.
  (verify-usage-batch
    ((buff 32) (list 64 (buff 33)) uint (buff 32) (list 32 (buff 33)) (list 32 (buff 32)) (list 12 (buff 32)))
    (response uint uint))
  ;; the same bits for commitments of which no sum is opened: ctx, commitments, points, scalars, hints.
  (verify-usage
    ((buff 32) (list 64 (buff 33)) (list 32 (buff 33)) (list 32 (buff 32)) (list 12 (buff 32)))
    (response uint uint))
  ;; running, added, hint = inverse mod p of the product of all (x of added - x of running) -> the sums, slot by slot.
  (add-commitments
    ((list 64 (buff 33)) (list 64 (buff 33)) (buff 32))
    (response (list 64 (buff 33)) uint))
  ;; left, right, the same hint -> left - right, slot by slot.
  (subtract-commitments
    ((list 64 (buff 33)) (list 64 (buff 33)) (buff 32))
    (response (list 64 (buff 33)) uint))
  ;; usage, rate, constant, occupied, hint -> rate*U + constant*A for every occupied slot, H0 for a vacant one.
  (compute-line
    ((list 64 (buff 33)) uint int (list 64 bool) (buff 32))
    (response (list 64 (buff 33)) uint))
  ;; ctx, 1, 4, 16 or 32 commitments, points, scalars, hints -> every value is in [0, 2^48).
  (verify-money
    ((buff 32) (list 64 (buff 33)) (list 32 (buff 33)) (list 32 (buff 32)) (list 12 (buff 32)))
    (response bool uint))
  ;; ctx, 2 to 4 branches, their nonces, all shares but the last branch's, responses -> for every slot at least one
  ;; branch commits to zero.
  (verify-each-zero
    ((buff 32)
      (list 4 (list 64 (buff 33)))
      (list 4 (list 64 (buff 33)))
      (list 3 (list 64 (buff 16)))
      (list 4 (list 64 (buff 32))))
    (response bool uint))
  ;; commitments, total, blinding, hints -> their sum opens.
  (verify-sum
    ((list 64 (buff 33)) uint (buff 32) (list 12 (buff 32)))
    (response bool uint))
  ;; commitments, hints -> their sum.
  (sum-commitments
    ((list 64 (buff 33)) (list 12 (buff 32)))
    (response (buff 33) uint))
  ;; ctx, commitment, nonce, response -> the commitment commits to zero.
  (verify-zero
    ((buff 32) (buff 33) (buff 33) (buff 32))
    (response bool uint))
  ;; commitment, value, blinding -> the commitment opens.
  (verify-opening
    ((buff 33) uint (buff 32))
    (response bool uint))
))

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant DEPLOYER tx-sender)

;; Roles. An OBSERVER is whoever is steward or treasurer; nobody is given that role as such.
(define-constant STEWARD u1)
(define-constant TREASURER u2)
(define-constant PROVIDER u3)
(define-constant AGENT u4)
(define-constant OBSERVER u5)

(define-constant UTILITY_ELECTRICITY u1) ;; usage in Wh
(define-constant UTILITY_WATER u2) ;; usage in litre

(define-constant ZONE_LIMIT u4294967296) ;; 2^32
(define-constant BLOCK_LIMIT u4611686018427387904) ;; 2^62
(define-constant RATIO_LIMIT u1099511627776) ;; 2^40: a credit is below it, so no more fits one token unit

(define-constant K_MIN_FLOOR u15) ;; no total is opened over fewer dwellings
(define-constant SMALL_ZONE u16) ;; slots, up to which a zone's k-min is the floor whatever the parameter says

(define-constant TOGETHER u2) ;; stewards that it takes for what one must not do alone
(define-constant OBSERVERS u3) ;; persons, one more than a resident, so that an assembly can be recorded
(define-constant APPROVAL_BLOCKS u1008) ;; burn blocks, about a week: how long a first approval waits for the others
(define-constant VOTE_MOVES u8640) ;; burn blocks, about 60 days: until a dwelling votes in another zone than before
(define-constant LEVELS u6) ;; authenticity of meters, L0 to L5

(define-constant SLOTS (list
  u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15 u16 u17 u18 u19 u20 u21 u22 u23 u24 u25 u26 u27 u28 u29 u30 u31
  u32 u33 u34 u35 u36 u37 u38 u39 u40 u41 u42 u43 u44 u45 u46 u47 u48 u49 u50 u51 u52 u53 u54 u55 u56 u57 u58 u59 u60
  u61 u62 u63))

(define-constant NOBODY {occupied: u0, fresh: u0, dwellings: u0})
(define-constant NO_ROLL {settled: u0, unreleased: u0, voting: u0, moved: (list)})

(define-constant TOPIC_BOOTSTRAP u100)
(define-constant TOPIC_GATEWAY u101)
(define-constant TOPIC_ZONE u102)
(define-constant TOPIC_SELF_PROVING u103)
(define-constant TOPIC_APPROVAL u104)
(define-constant TOPIC_ROLE u105)
(define-constant TOPIC_DWELLING u106)
(define-constant TOPIC_METER u107)
(define-constant TOPIC_SETTING u108)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_NOT_DEPLOYER (err u100)) ;; only the deployer bootstraps
(define-constant ERR_BOOTSTRAPPED (err u101)) ;; the settlement is set up already
(define-constant ERR_FEW_STEWARDS (err u102)) ;; fewer than two stewards: nothing that takes two could happen again
(define-constant ERR_ROLE (err u103)) ;; who asks does not have the role that this takes
(define-constant ERR_GATEWAY_KNOWN (err u104)) ;; this gateway is registered already
(define-constant ERR_GATEWAY_UNKNOWN (err u105)) ;; a gateway that is not registered, or was revoked
(define-constant ERR_ZONE_KNOWN (err u106)) ;; a zone id is given once
(define-constant ERR_UTILITY (err u107)) ;; neither electricity nor water
(define-constant ERR_SLOTS (err u108)) ;; a zone has 16 or 64 slots
(define-constant ERR_BLOCK_SECONDS (err u109)) ;; a block of no time or of 2^32 seconds, or an origin beyond them
(define-constant ERR_ZONE_ID (err u110)) ;; a zone id beyond 4 bytes, the width that blindings are derived with
(define-constant ERR_FIRST_BLOCK (err u111)) ;; beyond 2^62: later blocks might leave the 8 bytes of blindings
(define-constant ERR_SERIALIZE (err u112)) ;; an event without consensus bytes
(define-constant ERR_CALLER (err u113)) ;; only the active contract whose job this is
(define-constant ERR_NO_CHANGE (err u114)) ;; the role is held already, or is not; the vote is where it should be
(define-constant ERR_ZONE_UNKNOWN (err u115)) ;; no such zone
(define-constant ERR_SLOT (err u116)) ;; the zone has no such slot
(define-constant ERR_GATEWAY_PROVES (err u117)) ;; the zone's own gateway as a check on itself
(define-constant ERR_NOT_ACCOUNT (err u118)) ;; a contract, or of another network, where a person has to sign
(define-constant ERR_PROVIDER_UNKNOWN (err u119)) ;; nobody who is registered as provider
(define-constant ERR_TOKEN (err u120)) ;; a token that is not listed
(define-constant ERR_RATIO (err u121)) ;; a token unit is 1 to below 2^40 units of account, and stays what it is
(define-constant ERR_FIRST_PERIOD (err u122)) ;; later than any zone of the utility is
(define-constant ERR_PRINCIPAL_KNOWN (err u123)) ;; this principal is a dwelling's already
(define-constant ERR_DWELLING_UNKNOWN (err u124)) ;; no such dwelling
(define-constant ERR_OCCUPIED (err u125)) ;; somebody lives there in the period from which this would hold
(define-constant ERR_ONE_CONNECTION (err u126)) ;; a dwelling has one slot for each utility at a time
(define-constant ERR_NOT_DWELLING (err u127)) ;; only the dwelling itself
(define-constant ERR_VACANT (err u128)) ;; nobody lives there yet, or who does has moved out
(define-constant ERR_NOT_RELEASED (err u129)) ;; what who lived here before owes or is owed is still in this slot
(define-constant ERR_PARAMETER (err u130)) ;; no such parameter, or beyond its bounds
(define-constant ERR_CLOSED (err u131)) ;; the zone is closed
(define-constant ERR_METER (err u132)) ;; a pseudonym of other than 32 bytes, a known one where a new one belongs
(define-constant ERR_METER_UNKNOWN (err u133)) ;; no such meter
(define-constant ERR_FEEDS (err u134)) ;; a meter that feeds no slot, or a slot fed by more than four
(define-constant ERR_LEVEL (err u135)) ;; authenticity is L0 to L5
(define-constant ERR_NO_SUCH_ROLE (err u136)) ;; steward, treasurer, provider and agent are given, no other
(define-constant ERR_FOR_GOOD (err u137)) ;; fixed at the founding; another contract needs another deployment
(define-constant ERR_ZONES (err u138)) ;; a settlement has 64 zones at most
(define-constant ERR_OFFICE (err u140)) ;; who has a role, or is a gateway, speaks for a home by another account
(define-constant ERR_FEW_OBSERVERS (err u139)) ;; fewer than three stewards and treasurers: no assembly is recorded

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

(define-data-var bootstrapped bool false)
(define-data-var steward-count uint u0) ;; I1: at least TOGETHER from `bootstrap` on
(define-data-var observer-count uint u0) ;; I18: who is steward or treasurer; at least OBSERVERS once there is a zone
(define-data-var dwelling-count uint u0) ;; I2: dwellings have the ids u1 to this one
(define-data-var paused-until uint u0) ;; a burn height
(define-data-var zone-ids (list 64 uint) (list)) ;; of all zones in `zones`

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

(define-map roles {role: uint, who: principal} bool)

;; I3: a name stands for at most one contract at a time.
(define-map active-contracts (string-ascii 32) principal)

;; I4: each within `bounds`. One that is not here has its initial value.
(define-map parameters (string-ascii 32) uint)

;; Units of account in a unit of each token that zones may settle in; I5: 1 to below 2^40, never changed.
(define-map listed-tokens principal uint)

;; I6: who has approved an action that has not taken effect, each person once. `until` is the burn height from which
;; they count no more.
(define-map approvals {role: uint, action: (buff 32)} {until: uint, by: (list 8 principal)})

;; I7: a gateway is inserted once; `revoked` goes from false to true only.
(define-map gateways principal {steward: principal, height: uint, revoked: bool})

;; I8: a zone is inserted once; of it only gateway, period (+1 at a time), begun and closed (to true) ever change.
;; I9: slots is 16 or 64, utility 1 or 2, block-seconds above 0, the id below 2^32, first-block below 2^62, ratio the
;; token's. `first-block` is the first it ever submits, and begins at `origin` (unix seconds by the chain's clock);
;; `since` is the burn height of its registration, `period` the open one.
(define-map zones uint {
  gateway: principal, provider: principal, utility: uint, slots: uint, first-block: uint, origin: uint,
  block-seconds: uint, token: principal, ratio: uint, first-period: uint, period: uint, begun: bool, closed: bool,
  since: uint
})

;; I10: the largest open period of any zone of a utility.
(define-map latest-periods uint uint)

;; I11: `dwelling-ids` is the inverse of `principal`. I12: the homes of one utility do not overlap: all zones count
;; periods alike. Ended ones may be missing. While `own` is false the gateway derives the principal's key; since the
;; burn height `own-since`, when two stewards said so, it does not. A dwelling votes in voting-zone, one that it lives
;; in if there is any; from voting-since on, a burn height, if that is not u0.
(define-map dwellings uint {
  principal: principal, own: bool, own-since: uint, voting-zone: uint, voting-since: uint,
  homes: (list 8 {zone: uint, slot: uint, utility: uint, until: (optional uint)})
})
(define-map dwelling-ids principal uint)

;; I13: by `from`, newest last; no two of a slot overlap; `from` and `until` are periods, both inclusive. A tenancy
;; lasts a period or more, so the oldest of four ended three periods ago or before.
(define-map tenancies {zone: uint, slot: uint} (list 4 {dwelling: uint, from: uint, until: (optional uint)}))

;; I14: bit s of occupied is set if a tenancy of slot s covers the period, of fresh if it begins with it; dwellings is
;; the number of bits, each a dwelling of its own (I12). Kept for every period up to the open one, and for the next
;; where it differs.
(define-map memberships {zone: uint, period: uint} {occupied: uint, fresh: uint, dwellings: uint})

;; Masks of slots, by zone. I17: settled are those whose tenancy covers the open period and began two before it or
;; earlier; unreleased those whose tenancy has got an end, until payment has cleared their money away. voting and moved
;; together hold those whose dwelling, if it lives there or will, votes in this zone, each once: voting those that chose
;; no other before, moved those that did, with their voting-since. A slot that is given away is in none of these.
(define-map rolls uint {
  settled: uint, unreleased: uint, voting: uint, moved: (list 64 {slot: uint, since: uint})
})

;; The newest release of a slot: the zone's credits from `since`, where the release before it was, to below `until` were
;; the dwelling's, as far as the slot had part in them.
(define-map releases {zone: uint, slot: uint} {dwelling: uint, since: uint, until: uint})

;; The last period in which a dwelling that has moved out had a connection of the utility.
(define-map last-periods {dwelling: uint, utility: uint} uint)

;; I15: a pseudonym is inserted once, and never a meter's serial number.
(define-map meters (buff 32) {zone: uint, slots: (list 16 uint), level: uint, replaced: bool})
(define-map slot-meters {zone: uint, slot: uint} (list 4 (buff 32)))

;; I16: set by `dwelling` in its tenancy that began with `began`, and void in any other. From period `from` on it is
;; `prover`, till then `before`.
(define-map self-provers {zone: uint, slot: uint} {
  dwelling: uint, began: uint, from: uint, prover: (optional principal), before: (optional principal)
})

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (has-role (role uint) (who principal))
  (if (is-eq role OBSERVER)
    (or (holds STEWARD who) (holds TREASURER who))
    (holds role who)))

;; The contract that does the job `name` now.
(define-read-only (get-active-contract (name (string-ascii 32)))
  (map-get? active-contracts name))

(define-read-only (is-active (name (string-ascii 32)) (contract principal))
  (is-eq (map-get? active-contracts name) (some contract)))

;; u0 for a name that is none.
(define-read-only (get-parameter (name (string-ascii 32)))
  (default-to (get initial (bounds name)) (map-get? parameters name)))

;; The fewest dwellings that an opened sum over this zone counts.
(define-read-only (get-k-min (zone uint))
  (if (<= (match (map-get? zones zone) known (get slots known) (+ SMALL_ZONE u1)) SMALL_ZONE)
    K_MIN_FLOOR
    (get-parameter "k-min")))

;; Units of account in a unit of the token; none for one in which no zone settles.
(define-read-only (get-token-ratio (token principal))
  (map-get? listed-tokens token))

;; Do new money movements wait?
(define-read-only (is-paused)
  (< burn-block-height (var-get paused-until)))

(define-read-only (get-gateway (gateway principal))
  (map-get? gateways gateway))

;; Everything of a zone; `frozen` while its gateway is revoked and not replaced.
(define-read-only (get-zone (zone uint))
  (match (map-get? zones zone)
    known (some (merge known {frozen: (not (is-serving (get gateway known)))}))
    none))

;; All zones, closed ones too, in the order of their registration.
(define-read-only (get-zones)
  (var-get zone-ids))

;; May `who` act for the zone? Nobody may for a closed one, and no gateway that was revoked.
(define-read-only (is-gateway (zone uint) (who principal))
  (match (map-get? zones zone)
    known (and (is-eq who (get gateway known)) (not (get closed known)) (is-serving who))
    false))

(define-read-only (get-open-period (zone uint))
  (match (map-get? zones zone) known (get period known) u0))

(define-read-only (get-latest-period (utility uint))
  (default-to u0 (map-get? latest-periods utility)))

;; Who is in the zone, in a period up to the next; nobody in later ones.
(define-read-only (get-membership (zone uint) (period uint))
  (membership-at zone period (get-open-period zone)))

;; The tenancy of the open period.
(define-read-only (get-slot (zone uint) (slot uint))
  (tenancy-at zone slot (get-open-period zone)))

;; The dwelling in a slot in a period, of the last four tenancies.
(define-read-only (get-occupant (zone uint) (slot uint) (period uint))
  (match (tenancy-at zone slot period) tenancy (some (get dwelling tenancy)) none))

;; The dwelling whose money is in a slot: who lives there, or who has left while that is not cleared away.
(define-read-only (get-holder (zone uint) (slot uint))
  (let (
      (place {zone: zone, slot: slot})
      (had (default-to (list) (map-get? tenancies place))))
    (match (element-at? had (- (if (> (len had) u0) (len had) u1) u1))
      last (if (or (is-none (get until last)) (is-in (get unreleased (roll-of zone)) slot))
        (some (get dwelling last))
        none)
      none)))

;; Who was released from a slot last, and which credits were theirs; none for a slot that was never released.
(define-read-only (get-release (zone uint) (slot uint))
  (map-get? releases {zone: zone, slot: slot}))

(define-read-only (get-dwelling (id uint))
  (map-get? dwellings id))

(define-read-only (get-dwelling-of (who principal))
  (map-get? dwelling-ids who))

;; Is this a dwelling's own principal, of which the gateway has no key?
(define-read-only (is-own (who principal))
  (match (map-get? dwellings (default-to u0 (map-get? dwelling-ids who)))
    dwelling (get own dwelling)
    false))

;; The principal that this dwelling has now.
(define-read-only (dwelling-principal (zone uint) (slot uint) (period uint))
  (match (get-occupant zone slot period)
    id (match (map-get? dwellings id) dwelling (some (get principal dwelling)) none)
    none))

;; Has the present dwelling been there for two periods?
(define-read-only (is-settled (zone uint) (slot uint))
  (is-in (get settled (roll-of zone)) slot))

;; Settled, and in the zone where the dwelling votes. Who has moved waits, so that nobody votes in two zones on one
;; question.
(define-read-only (is-voter (zone uint) (slot uint))
  (is-in (voters-in zone) slot))

;; By slot, of 64: who votes in this zone.
(define-read-only (get-voters (zone uint))
  (get voters (fold add-voter SLOTS {mask: (voters-in zone), voters: (list)})))

;; Does this dwelling vote in a zone where it lives?
(define-read-only (has-vote (dwelling uint))
  (match (map-get? dwellings dwelling)
    known (is-some (index-of? (map votes-in (get homes known)) true))
    false))

;; How many vote, in all zones that are neither closed nor among `but`.
(define-read-only (count-voters (but (list 64 uint)))
  (get total (fold add-voters (var-get zone-ids) {but: but, total: u0})))

(define-read-only (get-meter (meter (buff 32)))
  (map-get? meters meter))

;; The pseudonyms of the meters that feed the homes of the dwelling with this principal.
(define-read-only (get-meters-of (who principal))
  (get found (fold add-meters
    (match (map-get? dwellings (default-to u0 (map-get? dwelling-ids who))) dwelling (get homes dwelling) (list))
    {who: who, found: (list)})))

;; Who proved this slot beside the gateway in the open period or the one before; none where the gateway alone did.
(define-read-only (get-self-prover-at (zone uint) (slot uint) (period uint))
  (match (map-get? self-provers {zone: zone, slot: slot})
    named (match (tenancy-at zone slot period)
      tenancy (if (and (is-eq (get dwelling tenancy) (get dwelling named)) (is-eq (get from tenancy) (get began named)))
        (if (>= period (get from named)) (get prover named) (get before named))
        none)
      none)
    none))

(define-read-only (get-self-prover (zone uint) (slot uint))
  (get-self-prover-at zone slot (get-open-period zone)))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

(define-private (holds (role uint) (who principal))
  (default-to false (map-get? roles {role: role, who: who})))

;; The lowest, the first and the highest value of a parameter; no number is within those of an unknown one.
(define-private (bounds (name (string-ascii 32)))
  (if (is-eq name "k-min") {lowest: K_MIN_FLOOR, initial: u20, highest: u20}
  (if (is-eq name "period-blocks") {lowest: u1, initial: u28, highest: u366}
  (if (is-eq name "quorum-pct") {lowest: u10, initial: u25, highest: u75}
  (if (is-eq name "timelock") {lowest: u2016, initial: u2016, highest: u8640}
  (if (is-eq name "dispute-window") {lowest: u1008, initial: u1008, highest: u4320}
  (if (is-eq name "reward") {lowest: u0, initial: u0, highest: u1000000000000}
    {lowest: u1, initial: u0, highest: u0})))))))

;; What a contract sends on can be read from no transaction, so that an audit could not judge it.
(define-private (is-account (who principal))
  (match (principal-destruct? who)
    parts (is-none (get name parts))
    of-another-network false))

(define-private (is-serving (gateway principal))
  (match (map-get? gateways gateway) known (not (get revoked known)) false))

;; Nobody makes somebody a party by naming their account.
(define-private (has-office (who principal))
  (or
    (is-some (map-get? gateways who))
    (has-role OBSERVER who)
    (holds PROVIDER who)
    (holds AGENT who)))

;; The period from which changes of who lives where hold: the open one until the zone's first batch or credits, then the
;; next.
(define-private (target (known {period: uint, begun: bool}))
  (if (get begun known) (+ (get period known) u1) (get period known)))

;; Masks hold the slots of a zone, below 64.
(define-private (is-in (mask uint) (slot uint))
  (and (< slot u64) (> (bit-and mask (pow u2 slot)) u0)))

(define-private (without (mask uint) (bits uint))
  (bit-and mask (bit-not bits)))

;; How many bits a mask of 64 has: sums of 2, 4, 8 neighbours side by side, then all of them by one product.
(define-private (count-of (mask uint))
  (let (
      (twos (- mask (bit-and (bit-shift-right mask u1) u6148914691236517205))) ;; 0x55..
      (fours (+ (bit-and twos u3689348814741910323) (bit-and (bit-shift-right twos u2) u3689348814741910323))) ;; 0x33..
      (eights (bit-and (+ fours (bit-shift-right fours u4)) u1085102592571150095))) ;; 0x0f..
    (mod (bit-shift-right (* eights u72340172838076673) u56) u256))) ;; 0x01..

(define-private (roll-of (zone uint))
  (default-to NO_ROLL (map-get? rolls zone)))

(define-private (add-moved (entry {slot: uint, since: uint}) (mask uint))
  (if (>= burn-block-height (+ (get since entry) VOTE_MOVES))
    (bit-or mask (pow u2 (get slot entry)))
    mask))

;; The slots of a zone that vote in it.
(define-private (voters-in (zone uint))
  (let ((roll (roll-of zone)))
    (bit-and (get settled roll) (fold add-moved (get moved roll) (get voting roll)))))

(define-private (add-voters (zone uint) (so-far {but: (list 64 uint), total: uint}))
  (if (or
      (is-some (index-of? (get but so-far) zone))
      (match (map-get? zones zone) known (get closed known) true))
    so-far
    (merge so-far {total: (+ (get total so-far) (count-of (voters-in zone)))})))

;; Of a zone whose open period is `open`.
(define-private (membership-at (zone uint) (period uint) (open uint))
  (match (map-get? memberships {zone: zone, period: period})
    kept kept
    (if (is-eq period (+ open u1))
      (merge (default-to NOBODY (map-get? memberships {zone: zone, period: open})) {fresh: u0})
      NOBODY)))

(define-private (covering
    (tenancy {dwelling: uint, from: uint, until: (optional uint)})
    (at {period: uint, found: (optional {dwelling: uint, from: uint, until: (optional uint)})}))
  (if (and
      (<= (get from tenancy) (get period at))
      (match (get until tenancy) last (<= (get period at) last) true))
    (merge at {found: (some tenancy)})
    at))

(define-private (tenancy-at (zone uint) (slot uint) (period uint))
  (get found (fold covering (default-to (list) (map-get? tenancies {zone: zone, slot: slot}))
    {period: period, found: none})))

;; Does it last into the open period of its zone, which is not closed?
(define-private (goes-on (home {zone: uint, slot: uint, utility: uint, until: (optional uint)}))
  (match (map-get? zones (get zone home))
    known (and (not (get closed known)) (match (get until home) last (>= last (get period known)) true))
    false))

(define-private (stays (home {zone: uint, slot: uint, utility: uint, until: (optional uint)}))
  (and (is-none (get until home)) (goes-on home)))

(define-private (add-voter (slot uint) (so-far {mask: uint, voters: (list 64 bool)}))
  (merge so-far {voters: (default-to (list) (as-max-len?
    (append (get voters so-far) (is-in (get mask so-far) slot)) u64))}))

;; Does it last into the open period of its zone, be that closed or not? Till then nobody else has the slot.
(define-private (holds-on (home {zone: uint, slot: uint, utility: uint, until: (optional uint)}))
  (match (get until home) last (>= last (get-open-period (get zone home))) true))

(define-private (votes-in (home {zone: uint, slot: uint, utility: uint, until: (optional uint)}))
  (and (holds-on home) (is-voter (get zone home) (get slot home))))

(define-private (zone-of (home {zone: uint, slot: uint, utility: uint, until: (optional uint)}))
  (get zone home))

(define-private (lower (zone uint) (lowest uint))
  (if (< zone lowest) zone lowest))

(define-private (keep-moved
    (entry {slot: uint, since: uint})
    (kept {but: uint, moved: (list 64 {slot: uint, since: uint})}))
  (if (is-eq (get slot entry) (get but kept))
    kept
    (merge kept {moved: (default-to (list) (as-max-len? (append (get moved kept) entry) u64))})))

;; The roll without a vote of this slot.
(define-private (struck
    (roll {settled: uint, unreleased: uint, voting: uint, moved: (list 64 {slot: uint, since: uint})})
    (slot uint))
  (merge roll {
    voting: (without (get voting roll) (pow u2 slot)),
    moved: (get moved (fold keep-moved (get moved roll) {but: slot, moved: (list)}))
  }))

;; If it is in this zone, its slot votes there from now on, since a height (u0: from the start), or (none) not any more.
(define-private (enroll
    (home {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    (vote {zone: uint, since: (optional uint)}))
  (let ((zone (get zone home)) (slot (get slot home)))
    (and
      (is-eq zone (get zone vote))
      (holds-on home)
      (let ((roll (struck (roll-of zone) slot)))
        (map-set rolls zone (match (get since vote)
          since (if (is-eq since u0)
            (merge roll {voting: (bit-or (get voting roll) (pow u2 slot))})
            (merge roll {moved:
              (default-to (list) (as-max-len? (append (get moved roll) {slot: slot, since: since}) u64))}))
          roll))))
    vote))

;; Puts down a dwelling's new homes, and where it votes: one that does not live in its voting zone any more votes in the
;; lowest of those it lives in, `living`.
(define-private (rehouse
    (id uint)
    (dwelling {
      principal: principal, own: bool, own-since: uint, voting-zone: uint, voting-since: uint,
      homes: (list 8 {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    })
    (homes (list 8 {zone: uint, slot: uint, utility: uint, until: (optional uint)}))
    (living (list 8 uint)))
  (let (
      (before (get voting-zone dwelling))
      (lowest (fold lower living ZONE_LIMIT))
      (moves (and (< lowest ZONE_LIMIT) (is-none (index-of? living before))))
      (vote (if moves
        {zone: lowest, since: (if (is-eq before ZONE_LIMIT) u0 burn-block-height)}
        {zone: before, since: (get voting-since dwelling)})))
    (map-set dwellings id
      (merge dwelling {homes: homes, voting-zone: (get zone vote), voting-since: (get since vote)}))
    (if moves (fold enroll (get homes dwelling) {zone: before, since: none}) {zone: before, since: none})
    (fold enroll homes {zone: (get zone vote), since: (some (get since vote))})
    true))

;; Does another connection of the utility last into the period `from`?
(define-private (overlaps
    (home {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    (at {utility: uint, from: uint, found: bool}))
  (if (and
      (is-eq (get utility home) (get utility at))
      (match (get until home) last (>= last (get from at)) true))
    (merge at {found: true})
    at))

;; The home given up gets its end, or goes (none) if it never began.
(define-private (leave
    (home {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    (left {zone: uint, slot: uint, until: (optional uint), homes:
      (list 8 {zone: uint, slot: uint, utility: uint, until: (optional uint)})}))
  (let ((is-it (and
          (is-eq (get zone home) (get zone left))
          (is-eq (get slot home) (get slot left))
          (is-none (get until home)))))
    (if (and is-it (is-none (get until left)))
      left
      (merge left {homes: (default-to (get homes left) (as-max-len?
        (append (get homes left) (if is-it (merge home {until: (get until left)}) home)) u8))}))))

(define-private (add-meters
    (home {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    (so-far {who: principal, found: (list 32 (buff 32))}))
  (let ((zone (get zone home)) (slot (get slot home)))
    (if (is-eq (dwelling-principal zone slot (get-open-period zone)) (some (get who so-far)))
      (merge so-far {found: (default-to (get found so-far) (as-max-len?
        (concat (get found so-far) (default-to (list) (map-get? slot-meters {zone: zone, slot: slot}))) u32))})
      so-far)))

;; One entry in the audit log, whose digest is that of `event`'s consensus bytes.
(define-private (recorded (topic uint) (event (optional (buff 40000))))
  (begin
    (try! (contract-call? .audit-log record topic (sha256 (unwrap! event ERR_SERIALIZE))))
    (ok true)))

(define-private (keep-holder (who principal) (kept {role: uint, by: (list 8 principal)}))
  (if (has-role (get role kept) who)
    (merge kept {by: (default-to (get by kept) (as-max-len? (append (get by kept) who) u8))})
    kept))

;; Do `needed` persons with the role agree now? They count while they have the role, and are forgotten once it is so.
;; Prints {topic: "approval", role, action, who, given} while it is not.
(define-private (approved (role uint) (who principal) (action (buff 32)) (needed uint))
  (let (
      (key {role: role, action: action})
      (given (default-to {until: u0, by: (list)} (map-get? approvals key)))
      (lasts (< burn-block-height (get until given)))
      (holders (get by (fold keep-holder (if lasts (get by given) (list)) {role: role, by: (list)})))
      (by (if (is-some (index-of? holders who))
        holders
        (default-to holders (as-max-len? (append holders who) u8))))
      (event {topic: "approval", role: role, action: action, who: who, given: (len by)}))
    (asserts! (has-role role who) ERR_ROLE)
    (if (>= (len by) needed)
      (begin
        (map-delete approvals key)
        (ok true))
      (begin
        (map-set approvals key
          {until: (if lasts (get until given) (+ burn-block-height APPROVAL_BLOCKS)), by: by})
        (try! (recorded TOPIC_APPROVAL (to-consensus-buff? (print event))))
        (ok false)))))

;; Do two stewards ask for the same call?
(define-private (agreed (call (optional (buff 40000))))
  (approved STEWARD contract-caller (sha256 (unwrap! call ERR_SERIALIZE)) TOGETHER))

;; Prints {topic: "role", role, who, given}.
(define-private (change-role (role uint) (who principal) (given bool))
  (let ((observers (var-get observer-count)))
    (asserts! (and (>= role STEWARD) (<= role AGENT)) ERR_NO_SUCH_ROLE)
    (asserts! (not (is-eq (holds role who) given)) ERR_NO_CHANGE)
    (var-set observer-count (- observers (if (has-role OBSERVER who) u1 u0)))
    (map-set roles {role: role, who: who} given)
    (var-set observer-count (+ (var-get observer-count) (if (has-role OBSERVER who) u1 u0)))
    (and (is-eq role STEWARD)
      (var-set steward-count (if given (+ (var-get steward-count) u1) (- (var-get steward-count) u1))))
    (asserts! (>= (var-get steward-count) TOGETHER) ERR_FEW_STEWARDS)
    (asserts! (>= (var-get observer-count) (if (< observers OBSERVERS) observers OBSERVERS)) ERR_FEW_OBSERVERS)
    (recorded TOPIC_ROLE (to-consensus-buff? (print {topic: "role", role: role, who: who, given: given})))))

(define-private (grant (role uint) (who principal))
  (if (try! (agreed (to-consensus-buff? {call: "register", role: role, who: who})))
    (change-role role who true)
    (ok false)))

(define-private (add-steward (who principal))
  (and
    (map-insert roles {role: STEWARD, who: who} true)
    (var-set observer-count (+ (var-get observer-count) u1))
    (var-set steward-count (+ (var-get steward-count) u1))))

(define-private (add-contract (entry {name: (string-ascii 32), contract: principal}))
  (map-set active-contracts (get name entry) (get contract entry)))

(define-private (add-token (entry {token: principal, ratio: uint}) (so-far (response bool uint)))
  (begin
    (try! so-far)
    (asserts! (and (> (get ratio entry) u0) (< (get ratio entry) RATIO_LIMIT)) ERR_RATIO)
    (asserts! (map-insert listed-tokens (get token entry) (get ratio entry)) ERR_RATIO)
    (ok true)))

(define-private (add-parameter (entry {name: (string-ascii 32), value: uint}) (so-far (response bool uint)))
  (let ((within (bounds (get name entry))))
    (try! so-far)
    (asserts! (>= (get value entry) (get lowest within)) ERR_PARAMETER)
    (asserts! (<= (get value entry) (get highest within)) ERR_PARAMETER)
    (ok (map-set parameters (get name entry) (get value entry)))))

;; One slot more for dwelling `id`, which has `homes` that go on.
(define-private (occupy
    (place {zone: uint, slot: uint})
    (so-far (response {
      id: uint, new: bool, homes: (list 8 {zone: uint, slot: uint, utility: uint, until: (optional uint)})
    } uint)))
  (let (
      (to (try! so-far))
      (known (unwrap! (map-get? zones (get zone place)) ERR_ZONE_UNKNOWN))
      (from (target {period: (get period known), begun: (get begun known)}))
      (before (membership-at (get zone place) from (get period known)))
      (had (default-to (list) (map-get? tenancies place)))
      (slot (if (< (get slot place) (get slots known)) (pow u2 (get slot place)) u0)))
    (asserts! (> slot u0) ERR_SLOT)
    (asserts! (not (get closed known)) ERR_CLOSED)
    (asserts! (is-eq (bit-and (get occupied before) slot) u0) ERR_OCCUPIED)
    (asserts! (not (is-in (get unreleased (roll-of (get zone place))) (get slot place))) ERR_NOT_RELEASED)
    (asserts!
      (and
        (not (get found (fold overlaps (get homes to) {utility: (get utility known), from: from, found: false})))
        (or
          (get new to)
          (match (map-get? last-periods {dwelling: (get id to), utility: (get utility known)})
            last (> from last)
            true)))
      ERR_ONE_CONNECTION)
    (map-set memberships {zone: (get zone place), period: from} {
      occupied: (bit-or (get occupied before) slot),
      fresh: (bit-or (get fresh before) slot),
      dwellings: (+ (get dwellings before) u1)
    })
    (map-set tenancies place (unwrap! (as-max-len?
      (append
        (default-to (list) (as-max-len? (if (is-eq (len had) u4) (default-to had (slice? had u1 u4)) had) u3))
        {dwelling: (get id to), from: from, until: none})
      u4) ERR_ONE_CONNECTION))
    (ok (merge to {homes: (unwrap! (as-max-len?
      (append (get homes to) (merge place {utility: (get utility known), until: none})) u8) ERR_ONE_CONNECTION)}))))

(define-private (add-user
    (user {who: principal, slots: (list 4 {zone: uint, slot: uint})})
    (so-far (response uint uint)))
  (let (
      (id (+ (try! so-far) u1))
      (dwelling {
        principal: (get who user), own: false, own-since: u0, voting-zone: ZONE_LIMIT, voting-since: u0, homes: (list)
      }))
    (asserts! (is-account (get who user)) ERR_NOT_ACCOUNT)
    (asserts! (map-insert dwelling-ids (get who user) id) ERR_PRINCIPAL_KNOWN)
    (let ((homes (get homes (try! (fold occupy (get slots user) (ok {id: id, new: true, homes: (list)}))))))
      (rehouse id dwelling homes (map zone-of homes)))
    (ok id)))

;; The meter is one of those that feed the slot, in the place of `old` if there is one.
(define-private (feed
    (slot uint)
    (so-far (response {zone: uint, slots: uint, old: (optional (buff 32)), meter: (buff 32)} uint)))
  (let (
      (at (try! so-far))
      (key {zone: (get zone at), slot: slot})
      (fitted (default-to (list) (map-get? slot-meters key))))
    (asserts! (< slot (get slots at)) ERR_SLOT)
    (asserts! (is-none (index-of? fitted (get meter at))) ERR_FEEDS)
    (map-set slot-meters key (unwrap! (match (get old at)
      old (replace-at? fitted (unwrap! (index-of? fitted old) ERR_METER_UNKNOWN) (get meter at))
      (as-max-len? (append fitted (get meter at)) u4)) ERR_FEEDS))
    (ok at)))

(define-private (is-governance)
  (is-active "governance" contract-caller))

;; ----------------------------------------------------------------------------------------------------
;; public: setting up
;; ----------------------------------------------------------------------------------------------------

;; The deployer, once: names the stewards, two or more, the contracts, the parameters that begin otherwise than usual
;; and the tokens that zones may settle in. Afterwards the deployer may do nothing here, unless it is itself among the
;; stewards. Prints {topic: "registry-bootstrap", stewards, contracts, parameters, tokens}.
(define-public (bootstrap
    (initial-stewards (list 8 principal))
    (contracts (list 16 {name: (string-ascii 32), contract: principal}))
    (values (list 16 {name: (string-ascii 32), value: uint}))
    (tokens (list 8 {token: principal, ratio: uint})))
  (let ((event {
        topic: "registry-bootstrap", stewards: initial-stewards, contracts: contracts, parameters: values,
        tokens: tokens
      }))
    (asserts! (is-eq contract-caller DEPLOYER) ERR_NOT_DEPLOYER)
    (asserts! (not (var-get bootstrapped)) ERR_BOOTSTRAPPED)
    (var-set bootstrapped true)
    (map add-steward initial-stewards)
    (asserts! (>= (var-get steward-count) TOGETHER) ERR_FEW_STEWARDS)
    (map add-contract contracts)
    (try! (fold add-token tokens (ok true)))
    (try! (fold add-parameter values (ok true)))
    (recorded TOPIC_BOOTSTRAP (to-consensus-buff? (print event)))))

;; ----------------------------------------------------------------------------------------------------
;; public: stewards. What takes two answers (ok false) to the first and (ok true) when it takes effect.
;; ----------------------------------------------------------------------------------------------------

;; Two stewards, each: gives the role.
(define-public (register-steward (who principal)) (grant STEWARD who))
(define-public (register-treasurer (who principal)) (grant TREASURER who))
(define-public (register-provider (who principal)) (grant PROVIDER who))
(define-public (register-agent (who principal)) (grant AGENT who))

;; A steward: a gateway may from now on be given zones. Prints {topic: "gateway", gateway, steward}.
(define-public (register-gateway (gateway principal))
  (let ((event {topic: "gateway", gateway: gateway, steward: contract-caller}))
    (asserts! (has-role STEWARD contract-caller) ERR_ROLE)
    (asserts! (is-account gateway) ERR_NOT_ACCOUNT)
    (asserts!
      (map-insert gateways gateway {steward: contract-caller, height: stacks-block-height, revoked: false})
      ERR_GATEWAY_KNOWN)
    (recorded TOPIC_GATEWAY (to-consensus-buff? (print event)))))

;; Two stewards: at once and for good; its zones are frozen until each has another. Prints {topic: "revoked", gateway}.
(define-public (revoke-gateway (gateway principal))
  (let ((known (unwrap! (map-get? gateways gateway) ERR_GATEWAY_UNKNOWN)))
    (asserts! (not (get revoked known)) ERR_GATEWAY_UNKNOWN)
    (if (try! (agreed (to-consensus-buff? {call: "revoke-gateway", gateway: gateway})))
      (begin
        (map-set gateways gateway (merge known {revoked: true}))
        (recorded TOPIC_GATEWAY (to-consensus-buff? (print {topic: "revoked", gateway: gateway}))))
      (ok false))))

;; Two stewards: another gateway continues the zone. Prints {topic: "replaced", zone, gateway, before}.
(define-public (replace-gateway (zone uint) (gateway principal))
  (let (
      (known (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN))
      (event {topic: "replaced", zone: zone, gateway: gateway, before: (get gateway known)}))
    (asserts! (is-serving gateway) ERR_GATEWAY_UNKNOWN)
    (if (try! (agreed (to-consensus-buff? {call: "replace-gateway", zone: zone, gateway: gateway})))
      (begin
        (map-set zones zone (merge known {gateway: gateway}))
        (recorded TOPIC_ZONE (to-consensus-buff? (print event))))
      (ok false))))

;; Two stewards, where three may observe: a zone, for good, with nobody in it yet. Prints {topic: "zone", zone, and the
;; zone's fields}.
(define-public (register-zone
    (zone uint)
    (gateway principal)
    (provider principal)
    (utility uint)
    (slots uint)
    (first-block uint)
    (origin uint)
    (block-seconds uint)
    (token principal)
    (first-period uint))
  (let (
      (record {
        gateway: gateway, provider: provider, utility: utility, slots: slots, first-block: first-block, origin: origin,
        block-seconds: block-seconds, token: token, ratio: (unwrap! (map-get? listed-tokens token) ERR_TOKEN),
        first-period: first-period, period: first-period, begun: false, closed: false
      })
      (event (merge record {topic: "zone", zone: zone})))
    (asserts! (is-serving gateway) ERR_GATEWAY_UNKNOWN)
    (asserts! (has-role PROVIDER provider) ERR_PROVIDER_UNKNOWN)
    (asserts! (or (is-eq utility UTILITY_ELECTRICITY) (is-eq utility UTILITY_WATER)) ERR_UTILITY)
    (asserts! (or (is-eq slots u16) (is-eq slots u64)) ERR_SLOTS)
    (asserts! (and (> block-seconds u0) (< block-seconds ZONE_LIMIT) (< origin ZONE_LIMIT)) ERR_BLOCK_SECONDS)
    (asserts! (< zone ZONE_LIMIT) ERR_ZONE_ID)
    (asserts! (< first-block BLOCK_LIMIT) ERR_FIRST_BLOCK)
    (asserts! (<= first-period (get-latest-period utility)) ERR_FIRST_PERIOD)
    (asserts! (is-none (map-get? zones zone)) ERR_ZONE_KNOWN)
    (asserts! (>= (var-get observer-count) OBSERVERS) ERR_FEW_OBSERVERS)
    (if (try! (agreed (to-consensus-buff? event)))
      (begin
        (map-set zones zone (merge record {since: burn-block-height}))
        (var-set zone-ids (unwrap! (as-max-len? (append (var-get zone-ids) zone) u64) ERR_ZONES))
        (recorded TOPIC_ZONE (to-consensus-buff? (print event))))
      (ok false))))

;; Two stewards: new dwellings, each with its own principal and one slot for each utility that it has. Ids follow on in
;; the list's order. Prints {topic: "dwellings", last, users}: `last` is the last one's id.
(define-public (register-users (users (list 16 {who: principal, slots: (list 4 {zone: uint, slot: uint})})))
  (if (try! (agreed (to-consensus-buff? {call: "register-users", users: users})))
    (let ((last (try! (fold add-user users (ok (var-get dwelling-count))))))
      (var-set dwelling-count last)
      (recorded TOPIC_DWELLING (to-consensus-buff? (print {topic: "dwellings", last: last, users: users}))))
    (ok false)))

(define-public (register-user (who principal) (slots (list 4 {zone: uint, slot: uint})))
  (register-users (list {who: who, slots: slots})))

;; Two stewards: one slot more for a dwelling. Prints {topic: "assigned", dwelling, zone, slot}.
(define-public (assign-slot (dwelling uint) (zone uint) (slot uint))
  (let ((event {topic: "assigned", dwelling: dwelling, zone: zone, slot: slot}))
    (if (try! (agreed (to-consensus-buff? event)))
      (let (
          (known (unwrap! (map-get? dwellings dwelling) ERR_DWELLING_UNKNOWN))
          (homes (get homes (try! (occupy
            {zone: zone, slot: slot}
            (ok {id: dwelling, new: false, homes: (filter goes-on (get homes known))}))))))
        (rehouse dwelling known homes (map zone-of (filter stays homes)))
        (recorded TOPIC_DWELLING (to-consensus-buff? (print event))))
      (ok false))))

;; A steward: a meter that feeds these slots. Prints {topic: "meter", meter, zone, slots, level}.
(define-public (register-meter (meter (buff 32)) (zone uint) (slots (list 16 uint)) (level uint))
  (let (
      (known (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN))
      (event {topic: "meter", meter: meter, zone: zone, slots: slots, level: level}))
    (asserts! (has-role STEWARD contract-caller) ERR_ROLE)
    (asserts! (< level LEVELS) ERR_LEVEL)
    (asserts! (> (len slots) u0) ERR_FEEDS)
    (asserts! (is-eq (len meter) u32) ERR_METER)
    (asserts! (map-insert meters meter {zone: zone, slots: slots, level: level, replaced: false}) ERR_METER)
    (try! (fold feed slots (ok {zone: zone, slots: (get slots known), old: none, meter: meter})))
    (recorded TOPIC_METER (to-consensus-buff? (print event)))))

;; A steward: another meter takes over what `old` fed. Prints {topic: "meter-replaced", old, new}.
(define-public (replace-meter (old (buff 32)) (new (buff 32)))
  (let ((known (unwrap! (map-get? meters old) ERR_METER_UNKNOWN)))
    (asserts! (has-role STEWARD contract-caller) ERR_ROLE)
    (asserts! (not (get replaced known)) ERR_METER_UNKNOWN)
    (asserts! (is-eq (len new) u32) ERR_METER)
    (asserts! (map-insert meters new known) ERR_METER)
    (map-set meters old (merge known {replaced: true}))
    (try! (fold feed (get slots known) (ok {zone: (get zone known), slots: u64, old: (some old), meter: new})))
    (recorded TOPIC_METER (to-consensus-buff? (print {topic: "meter-replaced", old: old, new: new})))))

;; ----------------------------------------------------------------------------------------------------
;; public: dwellings
;; ----------------------------------------------------------------------------------------------------

;; The dwelling by a principal of its own, or two stewards: it lives there to the end of the open period. Before its
;; time has begun it cannot leave, for what it was credited with is there already; where the zone has not begun, nothing
;; is, and it never was there. Prints {topic: "moved-out", dwelling, zone, slot, from}: `from` is the first period
;; without it.
(define-public (move-out (zone uint) (slot uint))
  (let (
      (place {zone: zone, slot: slot})
      (known (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN))
      (open (get period known))
      (from (target {period: open, begun: (get begun known)}))
      (until (if (get begun known) (some open) none))
      (had (default-to (list) (map-get? tenancies place)))
      (last (unwrap! (element-at? had (- (if (> (len had) u0) (len had) u1) u1)) ERR_VACANT))
      (id (get dwelling last))
      (dwelling (unwrap! (map-get? dwellings id) ERR_DWELLING_UNKNOWN))
      (gone {dwelling: id, utility: (get utility known)})
      (last-one (default-to u0 (map-get? last-periods gone)))
      (others (default-to (list) (slice? had u0 (- (len had) u1))))
      (homes (get homes (fold leave (get homes dwelling) {zone: zone, slot: slot, until: until, homes: (list)})))
      (before (membership-at zone from (get period known)))
      (roll (roll-of zone))
      (bit (pow u2 slot)))
    (asserts! (and (is-none (get until last)) (<= (get from last) open)) ERR_VACANT)
    (if (or
        (and (get own dwelling) (is-eq contract-caller (get principal dwelling)))
        (try! (agreed (to-consensus-buff? {call: "move-out", zone: zone, slot: slot, dwelling: id}))))
      (begin
        (map-set rolls zone (if (is-none until)
          (struck roll slot)
          (merge roll {unreleased: (bit-or (get unreleased roll) bit)})))
        (map-set tenancies place (if (is-none until)
          others
          (default-to others (as-max-len? (append others (merge last {until: until})) u4))))
        (and
          (is-some until)
          (map-set last-periods gone (if (< open last-one) last-one open)))
        (rehouse id dwelling homes (map zone-of (filter stays homes)))
        (map-set memberships {zone: zone, period: from} {
          occupied: (without (get occupied before) bit),
          fresh: (without (get fresh before) bit),
          dwellings: (- (get dwellings before) u1)
        })
        (recorded TOPIC_DWELLING (to-consensus-buff?
          (print {topic: "moved-out", dwelling: id, zone: zone, slot: slot, from: from}))))
      (ok false))))

;; Anyone: a dwelling whose vote is in a closed zone votes in the lowest of those where it lives. Prints {topic:
;; "voting-zone", dwelling}.
(define-public (revote (dwelling uint))
  (let (
      (known (unwrap! (map-get? dwellings dwelling) ERR_DWELLING_UNKNOWN))
      (living (map zone-of (filter stays (get homes known)))))
    (asserts! (and (> (len living) u0) (is-none (index-of? living (get voting-zone known)))) ERR_NO_CHANGE)
    (rehouse dwelling known (get homes known) living)
    (recorded TOPIC_DWELLING (to-consensus-buff? (print {topic: "voting-zone", dwelling: dwelling})))))

;; The dwelling where its principal is its own, else two stewards: another principal, of its own, speaks for it from now
;; on, the old one no more. Prints {topic: "principal", dwelling, principal}.
(define-public (set-principal (dwelling uint) (new principal))
  (let (
      (known (unwrap! (map-get? dwellings dwelling) ERR_DWELLING_UNKNOWN))
      (event {topic: "principal", dwelling: dwelling, principal: new}))
    (asserts! (is-account new) ERR_NOT_ACCOUNT)
    (asserts! (not (has-office new)) ERR_OFFICE)
    (asserts! (is-none (map-get? dwelling-ids new)) ERR_PRINCIPAL_KNOWN)
    (asserts! (or (not (get own known)) (is-eq contract-caller (get principal known))) ERR_NOT_DWELLING)
    (if (or (get own known) (try! (agreed (to-consensus-buff? event))))
      (begin
        (map-delete dwelling-ids (get principal known))
        (map-insert dwelling-ids new dwelling)
        (map-set dwellings dwelling (merge known {
          principal: new, own: true, own-since: (if (get own known) (get own-since known) burn-block-height)
        }))
        (recorded TOPIC_DWELLING (to-consensus-buff? (print event))))
      (ok false))))

;; The dwelling in this slot: proves its usage from its own device, as `prover`, or (none) no longer, from the next
;; period on, or the open one while the zone has sent nothing. Prints {topic: "self-proving", zone, slot, prover, from}.
(define-public (set-self-proving (zone uint) (slot uint) (prover (optional principal)))
  (let (
      (known (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN))
      (id (unwrap! (map-get? dwelling-ids contract-caller) ERR_NOT_DWELLING))
      (tenancy (unwrap! (get-slot zone slot) ERR_NOT_DWELLING))
      (from (target {period: (get period known), begun: (get begun known)}))
      (event {topic: "self-proving", zone: zone, slot: slot, prover: prover, from: from}))
    (asserts! (is-eq (get dwelling tenancy) id) ERR_NOT_DWELLING)
    (asserts! (not (is-eq prover (some (get gateway known)))) ERR_GATEWAY_PROVES)
    (asserts! (match prover device (is-account device) true) ERR_NOT_ACCOUNT)
    (map-set self-provers {zone: zone, slot: slot} {
      dwelling: id, began: (get from tenancy), from: from, prover: prover, before: (get-self-prover zone slot)
    })
    (recorded TOPIC_SELF_PROVING (to-consensus-buff? (print event)))))

;; ----------------------------------------------------------------------------------------------------
;; public: contracts of the settlement
;; ----------------------------------------------------------------------------------------------------

;; The active contract `name`: do `needed` holders of the role agree to its `action`, `who` being the one that calls it?
(define-public (approve (name (string-ascii 32)) (role uint) (who principal) (action (buff 32)) (needed uint))
  (begin
    (asserts! (is-active name contract-caller) ERR_CALLER)
    (approved role who
      (sha256 (unwrap! (to-consensus-buff? {contract: contract-caller, action: action}) ERR_SERIALIZE))
      needed)))

;; meter-data, whose entries in the log stand for these three, and payment the first: the first batch is there, or the
;; first credits, and who is in, is in.
(define-public (begin-zone (zone uint))
  (let ((known (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN)))
    (asserts! (or (is-active "meter-data" contract-caller) (is-active "payment" contract-caller)) ERR_CALLER)
    (ok (map-set zones zone (merge known {begun: true})))))

;; The next period begins, with who is in it. Prints {topic: "period", zone, period, membership}.
(define-public (open-period (zone uint))
  (let (
      (known (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN))
      (next (+ (get period known) u1))
      (last (default-to NOBODY (map-get? memberships {zone: zone, period: (get period known)})))
      (membership (membership-at zone next (get period known))))
    (asserts! (is-active "meter-data" contract-caller) ERR_CALLER)
    (map-set memberships {zone: zone, period: next} membership)
    (map-set rolls zone (merge (roll-of zone)
      {settled: (without (get occupied membership) (bit-or (get fresh membership) (get fresh last)))}))
    (map-set zones zone (merge known {period: next}))
    (and
      (> next (get-latest-period (get utility known)))
      (map-set latest-periods (get utility known) next))
    (print {topic: "period", zone: zone, period: next, membership: membership})
    (ok next)))

(define-public (close-zone (zone uint))
  (let ((known (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN)))
    (asserts! (is-active "meter-data" contract-caller) ERR_CALLER)
    (ok (map-set zones zone (merge known {closed: true})))))

;; payment, whose entry in the log stands for this: the money of who left this slot is cleared away; `sequence` is the
;; number of the zone's next credits.
(define-public (release-slot (zone uint) (slot uint) (sequence uint))
  (let (
      (roll (roll-of zone))
      (place {zone: zone, slot: slot}))
    (asserts! (is-active "payment" contract-caller) ERR_CALLER)
    (asserts! (is-none (get-slot zone slot)) ERR_OCCUPIED)
    (map-set releases place {
      dwelling: (default-to u0 (get-holder zone slot)),
      since: (match (map-get? releases place) before (get until before) u0),
      until: sequence
    })
    (ok (and
      (is-in (get unreleased roll) slot)
      (map-set rolls zone
        (merge (struck roll slot) {unreleased: (without (get unreleased roll) (pow u2 slot))}))))))

;; Governance: gives a role or takes it; two stewards, and three who are steward or treasurer, are always left.
(define-public (set-role (role uint) (who principal) (given bool))
  (begin
    (asserts! (is-governance) ERR_CALLER)
    (change-role role who given)))

;; Governance. Prints {topic: "parameter", name, value}.
(define-public (set-parameter (name (string-ascii 32)) (value uint))
  (begin
    (asserts! (is-governance) ERR_CALLER)
    (asserts! (not (is-eq name "period-blocks")) ERR_FOR_GOOD)
    (try! (add-parameter {name: name, value: value} (ok true)))
    (recorded TOPIC_SETTING (to-consensus-buff? (print {topic: "parameter", name: name, value: value})))))

;; Governance: zones may from now on settle in this token, of which a unit is `ratio` units of account.
;; Prints {topic: "token", token, ratio}.
(define-public (list-token (token principal) (ratio uint))
  (begin
    (asserts! (is-governance) ERR_CALLER)
    (try! (add-token {token: token, ratio: ratio} (ok true)))
    (recorded TOPIC_SETTING (to-consensus-buff? (print {topic: "token", token: token, ratio: ratio})))))

;; Governance: another contract does the job of privacy-proof; those that keep something stay what they are.
;; Prints {topic: "contract", name, contract}.
(define-public (switch-contract (name (string-ascii 32)) (contract principal))
  (begin
    (asserts! (is-governance) ERR_CALLER)
    (asserts! (is-eq name "privacy-proof") ERR_FOR_GOOD)
    (add-contract {name: name, contract: contract})
    (recorded TOPIC_SETTING (to-consensus-buff? (print {topic: "contract", name: name, contract: contract})))))

;; Governance: new money movements wait until this burn height. Prints {topic: "pause", until}.
(define-public (set-pause (until uint))
  (begin
    (asserts! (is-governance) ERR_CALLER)
    (var-set paused-until until)
    (recorded TOPIC_SETTING (to-consensus-buff? (print {topic: "pause", until: until})))))
