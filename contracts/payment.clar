;; payment: what dwellings have paid in, what they owe, and the tokens behind it.
;;
;; Of every slot a balance W and arrears D are committed. Public is, for each zone, in units of account: what was
;; credited, what was paid out to dwellings, and what the provider is entitled to, E. At a settlement the sum B of the
;; new balances is opened, and E becomes credited - paid out - B; it shrinks by corrections only, and what it shrinks by
;; comes out of hold-back and income. Each zone has its own pot, in units of its one token; every payment out comes from
;; it:
;;   pot * ratio = (credited - paid-out - entitled) + income + hold-backs + (waiting payments + floats + pool) * ratio
;; Both sides are exact; a token that lies can harm only the zones that settle in it.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

(use-trait proof-trait .user-registry.proof-trait)
(use-trait sip-010 .utility-token.sip-010-trait)

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant STEWARD u1) ;; the registry's numbers of these roles
(define-constant AGENT u4)
(define-constant TOGETHER u2) ;; stewards that a payout takes

(define-constant PAYMENT_LIMIT u68719476736) ;; 2^36 units of account: one payment
(define-constant CREDIT_LIMIT u1099511627776) ;; 2^40: one batch of credits
(define-constant BALANCES_LIMIT u140737488355328) ;; 2^47: all balances of a zone: settlements must stay provable

(define-constant RECLAIM u4320) ;; burn blocks, about a month: then a payment not credited may be taken back
(define-constant RELEASE u4320) ;; and a hold-back becomes income
(define-constant PATIENCE u4320) ;; that much later even where a correction has not been settled
(define-constant NOTICE u4320) ;; between the approval of an exit and the exit
(define-constant LAST_CALL u12960) ;; about three months: between the provider's call for a remainder and that
(define-constant HOLD_BACK u20) ;; one part in so many

(define-constant PART u32) ;; slots that one range proof covers
;; H0 and 2*H0, which hold 0 with blindings 1 and 2: first balances and arrears. Two of a kind are never added.
(define-constant NOTHING 0x02a6851a018281fec9022c10bcfa8c4aea45895cdc22b381648a418e6943285818)
(define-constant TWICE_NOTHING 0x02ab70a66e4f4157cc604021f9cf870b72154062940591dc72f5bedbd1369330b0)

(define-constant TOPIC_PAYMENT u600)
(define-constant TOPIC_RETURN u601)
(define-constant TOPIC_FLOAT u602)
(define-constant TOPIC_CREDIT u603)
(define-constant TOPIC_SETTLEMENT u604)
(define-constant TOPIC_INCOME u605)
(define-constant TOPIC_PAYOUT u606)
(define-constant TOPIC_SLOT u607)
(define-constant TOPIC_REWARD u608)
(define-constant TOPIC_EXIT u609)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_ZONE_UNKNOWN (err u600)) ;; no such zone in the registry
(define-constant ERR_BUSY (err u601)) ;; a token calls back while it is asked to move
(define-constant ERR_PAUSED (err u602)) ;; new money movements wait
(define-constant ERR_CLOSED (err u603)) ;; the zone is closed
(define-constant ERR_NOT_CLOSED (err u604)) ;; the zone is not closed
(define-constant ERR_NOT_GATEWAY (err u605)) ;; not the gateway that serves the zone
(define-constant ERR_NOT_PROVIDER (err u606)) ;; not the zone's provider
(define-constant ERR_NOT_AGENT (err u607)) ;; not an agent
(define-constant ERR_NOT_PAYER (err u608)) ;; somebody else paid this
(define-constant ERR_NOT_DWELLING (err u609)) ;; not the dwelling of this slot and period
(define-constant ERR_PARTIAL (err u610)) ;; a steward who is the zone's provider or gateway, or the agent to be paid
(define-constant ERR_CALLER (err u611)) ;; only the active dispute-resolution
(define-constant ERR_PROOF_CONTRACT (err u612)) ;; not the active privacy-proof contract
(define-constant ERR_TOKEN (err u613)) ;; not the zone's token, or it did not move exactly what it should
(define-constant ERR_POT (err u614)) ;; more than the zone's pot, pool or hold-back holds
(define-constant ERR_AMOUNT (err u615)) ;; nothing, too much, or no whole token units
(define-constant ERR_REFERENCE (err u616)) ;; a reference has 32 bytes
(define-constant ERR_PAYMENT (err u617)) ;; not a waiting payment of this zone, or the numbers do not rise
(define-constant ERR_EARLY (err u618)) ;; the time for this has not come
(define-constant ERR_FLOAT (err u619)) ;; more than this agent's float holds, or has approved
(define-constant ERR_SEQUENCE (err u620)) ;; not the number of the zone's next credits
(define-constant ERR_SLOT_COUNT (err u621)) ;; one commitment for each slot of the zone
(define-constant ERR_K_MIN (err u622)) ;; a sum over too few dwellings, or a settlement that opens none over enough
(define-constant ERR_NOT_BEGUN (err u623)) ;; nothing was begun that this continues, or the lists have changed since
(define-constant ERR_NO_BILLS (err u624)) ;; the next period to settle has no final bills
(define-constant ERR_CORRECTION (err u625)) ;; no pending correction of this slot, or the slots do not rise
(define-constant ERR_UNFUNDED (err u626)) ;; the balances grow by more than was paid in
(define-constant ERR_MASK (err u627)) ;; a payout for a slot that has not asked for it and is not left
(define-constant ERR_NOT_APPROVED (err u628)) ;; stewards have not approved exactly this
(define-constant ERR_REPEATED (err u629)) ;; once for each settlement
(define-constant ERR_OCCUPIED (err u630)) ;; somebody lives there, or the last period there is not settled
(define-constant ERR_CLAIMS (err u631)) ;; a bill under dispute, or a correction not settled
(define-constant ERR_NOT_REWARDED (err u632)) ;; no reward here: another token, too new a dwelling, or no key of its own
(define-constant ERR_SERIALIZE (err u633)) ;; a value without consensus bytes

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

;; I1: true exactly while a token is being asked. No function that reads an account begins then.
(define-data-var busy bool false)

;; I2: payments are u1 to this one.
(define-data-var payment-count uint u0)

;; I3: reward tokens that are out, each a unit of the token behind them that no pot holds.
(define-data-var rewards-out uint u0)

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I4: the equation above. I5: credited, paid-out, entitled, settled (the next period to settle), sequence (of the next
;; credits) and version never fall, entitled only by corrections; version grows whenever a balance or arrears change.
;; I6: right after a settlement that opened its sum, that is credited - paid-out - entitled; at all times the balances
;; add up to that or less. pot and pool are token units; credited, paid-out, entitled and income units of account.
;; `released`: the next hold-back's period.
(define-map accounts uint {
  pot: uint, pool: uint, credited: uint, paid-out: uint, entitled: uint, income: uint,
  settled: uint, released: uint, sequence: uint, version: uint
})

;; I7: by slot, as many points as the zone has slots.
(define-map balances uint (list 64 (buff 33)))
(define-map arrears uint (list 64 (buff 33)))

;; I8: in token units; sequence is set once, returned becomes true once, and not both but by a refund. A reward was
;; paid with reward tokens.
(define-map payments uint {
  payer: principal, zone: uint, amount: uint, reference: (buff 32), height: uint, reward: bool,
  sequence: (optional uint), returned: bool
})

;; I9: token units; debited <= approved; approved never falls.
(define-map floats {zone: uint, agent: principal} {balance: uint, approved: uint, debited: uint})

;; I10: inserted once, never changed: what a dwelling needs to show what its slot was credited with.
(define-map credits {zone: uint, sequence: uint} {credits: (list 64 (buff 33)), amount: uint, height: uint})

;; I11: inserted once, never changed. opened: the sum of the balances, if it was.
(define-map settlements {zone: uint, period: uint} {opened: (optional uint), growth: uint, height: uint})

;; I12: units of account of that settlement's growth that wait.
(define-map hold-backs {zone: uint, period: uint} uint)

;; What was begun with the first part's proof. It takes effect with the last one's, if version is still the account's.
(define-map begun-credits uint {
  version: uint, credits: (list 64 (buff 33)), amount: uint, payments: (list 32 uint),
  floats: (list 8 {agent: principal, amount: uint}), lists-hash: (buff 32)
})
(define-map begun-settlements uint {
  version: uint, balances: (list 64 (buff 33)), arrears: (list 64 (buff 33)), sums: (list 64 (buff 33)),
  corrected: (list 16 {slot: uint, period: uint}), lists-hash: (buff 32)
})
(define-map begun-payouts uint {
  version: uint, payouts: (list 64 (buff 33)), rest: (list 64 (buff 33)), amount: uint, agent: principal,
  lists-hash: (buff 32), proved: uint
})

;; Bits of slots whose dwelling wants to be paid out before that period is settled.
(define-map wanted {zone: uint, settled: uint} uint)
(define-map approved-payouts (buff 32) bool)
(define-map paid-out-at {zone: uint, settled: uint} bool)

;; I13: inserted once, never changed: what a dwelling owed that left after period `last`.
(define-map left-arrears {zone: uint, slot: uint, last: uint} {dwelling: uint, arrears: (buff 33)})

(define-map rewarded {zone: uint, slot: uint, period: uint} bool)

;; The burn height from which a dwelling whose key the gateway made may leave a closed zone, by recipient.
(define-map exits {zone: uint, slot: uint, recipient: principal} uint)

;; The burn height from which a closed zone's remainder may be the provider's, and whether stewards agree.
(define-map last-calls uint uint)
(define-map approved-remainders uint bool)

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (get-account (zone uint))
  (match (map-get? accounts zone)
    account (some account)
    (match (contract-call? .user-registry get-zone zone)
      known (some {
        pot: u0, pool: u0, credited: u0, paid-out: u0, entitled: u0, income: u0,
        settled: (get first-period known), released: (get first-period known), sequence: u0, version: u0
      })
      none)))

(define-read-only (get-balances (zone uint))
  (default-to (initial zone NOTHING) (map-get? balances zone)))

(define-read-only (get-arrears (zone uint))
  (default-to (initial zone TWICE_NOTHING) (map-get? arrears zone)))

(define-read-only (get-payment (id uint))
  (map-get? payments id))

(define-read-only (get-payment-count)
  (var-get payment-count))

(define-read-only (get-float (zone uint) (agent principal))
  (default-to {balance: u0, approved: u0, debited: u0} (map-get? floats {zone: zone, agent: agent})))

(define-read-only (get-credit (zone uint) (sequence uint))
  (map-get? credits {zone: zone, sequence: sequence}))

(define-read-only (get-settlement (zone uint) (period uint))
  (map-get? settlements {zone: zone, period: period}))

(define-read-only (get-hold-back (zone uint) (period uint))
  (default-to u0 (map-get? hold-backs {zone: zone, period: period})))

(define-read-only (get-wanted (zone uint) (settled uint))
  (default-to u0 (map-get? wanted {zone: zone, settled: settled})))

(define-read-only (get-left-arrears (zone uint) (slot uint) (last uint))
  (map-get? left-arrears {zone: zone, slot: slot, last: last}))

(define-read-only (get-rewards-out)
  (var-get rewards-out))

(define-read-only (get-exit (zone uint) (slot uint) (recipient principal))
  (map-get? exits {zone: zone, slot: slot, recipient: recipient}))

(define-read-only (get-last-call (zone uint))
  (map-get? last-calls zone))

;; What stewards approve with approve-payout.
(define-read-only (get-payout-action
    (zone uint)
    (settled uint)
    (mask uint)
    (amount uint)
    (agent principal)
    (payouts-hash (buff 32)))
  (ok (sha256 (unwrap! (to-consensus-buff? {
    function: "payout", zone: zone, settled: settled, mask: mask, amount: amount, agent: agent,
    payouts-hash: payouts-hash
  }) ERR_SERIALIZE))))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

;; One entry in the audit log, whose digest is that of `event`'s consensus bytes.
(define-private (recorded (topic uint) (event (optional (buff 16000))))
  (begin
    (try! (contract-call? .audit-log record topic (sha256 (unwrap! event ERR_SERIALIZE))))
    (ok true)))

;; Zone and account, for a function that no token has called.
(define-private (enter (zone uint))
  (begin
    (asserts! (not (var-get busy)) ERR_BUSY)
    (ok {
      known: (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN),
      account: (unwrap! (get-account zone) ERR_ZONE_UNKNOWN)
    })))

(define-private (unpaused)
  (ok (asserts! (not (contract-call? .user-registry is-paused)) ERR_PAUSED)))

(define-private (from-gateway (zone uint))
  (ok (asserts! (contract-call? .user-registry is-gateway zone contract-caller) ERR_NOT_GATEWAY)))

(define-private (with-proof (proof principal))
  (ok (asserts! (contract-call? .user-registry is-active "privacy-proof" proof) ERR_PROOF_CONTRACT)))

;; Do two stewards, none of these parties, agree to what `action` is the hash of?
(define-private (agreed (action (buff 32)) (parties (list 3 principal)))
  (begin
    (asserts! (is-none (index-of? parties contract-caller)) ERR_PARTIAL)
    (contract-call? .user-registry approve "payment" STEWARD contract-caller action TOGETHER)))

;; What a proof about a zone's lists is good for: `number` is that of the credits, or the period to settle.
(define-private (lists-context
    (domain (string-ascii 32))
    (zone uint)
    (number uint)
    (part uint)
    (lists-hash (buff 32))
    (proof principal))
  (ok (sha256 (unwrap! (to-consensus-buff? {
    domain: domain, chain: chain-id, contract: current-contract, proof: proof, submitter: contract-caller,
    zone: zone, number: number, part: part, lists-hash: lists-hash
  }) ERR_SERIALIZE))))

;; And one about a slot: `number` is the account's version, the period, or the value.
(define-private (slot-context (domain (string-ascii 32)) (zone uint) (slot uint) (number uint) (proof principal))
  (ok (sha256 (unwrap! (to-consensus-buff? {
    domain: domain, chain: chain-id, contract: current-contract, proof: proof, submitter: contract-caller,
    zone: zone, slot: slot, number: number
  }) ERR_SERIALIZE))))

;; 64 times the same.
(define-private (copies (point (buff 33)))
  (let (
      (four (list point point point point))
      (sixteen (concat four four four four)))
    (concat sixteen sixteen sixteen sixteen)))

(define-private (initial (zone uint) (point (buff 33)))
  (match (contract-call? .user-registry get-zone zone)
    known (default-to (list) (slice? (copies point) u0 (get slots known)))
    (list)))

(define-private (parts-of (slots uint)) (if (> slots PART) u2 u1))

(define-private (part-of (points (list 64 (buff 33))) (part uint))
  (let ((from (* part PART)) (slots (len points)))
    (default-to (list) (slice? points from (if (> slots (+ from PART)) (+ from PART) slots)))))

(define-private (lower (one uint) (other uint)) (if (< one other) one other))

(define-private (put (points (list 64 (buff 33))) (slot uint) (point (buff 33)))
  (default-to points (replace-at? points slot point)))

;; ----------------------------------------------------------------------------------------------------
;; private: tokens
;; ----------------------------------------------------------------------------------------------------

;; From the caller to here: exactly so much, whatever the token says.
(define-private (take (token <sip-010>) (amount uint))
  (let ((before (begin
      (var-set busy true)
      (unwrap! (contract-call? token get-balance current-contract) ERR_TOKEN))))
    (asserts!
      (unwrap!
        (restrict-assets? contract-caller ((with-ft (contract-of token) "*" amount))
          (unwrap! (contract-call? token transfer amount contract-caller current-contract none) ERR_TOKEN))
        ERR_TOKEN)
      ERR_TOKEN)
    (asserts!
      (is-eq (unwrap! (contract-call? token get-balance current-contract) ERR_TOKEN) (+ before amount))
      ERR_TOKEN)
    (var-set busy false)
    (ok true)))

;; From here to `to`: exactly so much of this token and nothing else.
(define-private (give (token <sip-010>) (amount uint) (to principal))
  (let ((before (begin
      (var-set busy true)
      (unwrap! (contract-call? token get-balance current-contract) ERR_TOKEN))))
    (asserts!
      (unwrap!
        (as-contract? ((with-ft (contract-of token) "*" amount))
          (unwrap! (contract-call? token transfer amount current-contract to none) ERR_TOKEN))
        ERR_TOKEN)
      ERR_TOKEN)
    (asserts!
      (is-eq (+ (unwrap! (contract-call? token get-balance current-contract) ERR_TOKEN) amount) before)
      ERR_TOKEN)
    (var-set busy false)
    (ok true)))

;; Out of a zone's pot.
(define-private (spend (zone uint) (token <sip-010>) (amount uint) (to principal))
  (let ((account (unwrap! (get-account zone) ERR_ZONE_UNKNOWN)))
    (asserts! (<= amount (get pot account)) ERR_POT)
    (map-set accounts zone (merge account {pot: (- (get pot account) amount)}))
    (if (> amount u0) (give token amount to) (ok true))))

;; Prints {topic: "payment", id, and its fields}.
(define-private (add-payment (zone uint) (amount uint) (ratio uint) (reference (buff 32)) (reward bool))
  (let (
      (id (+ (var-get payment-count) u1))
      (record {
        payer: contract-caller, zone: zone, amount: amount, reference: reference, height: burn-block-height,
        reward: reward, sequence: none, returned: false
      }))
    (asserts! (is-eq (len reference) u32) ERR_REFERENCE)
    (asserts! (and (> amount u0) (< amount PAYMENT_LIMIT) (< (* amount ratio) PAYMENT_LIMIT)) ERR_AMOUNT)
    (var-set payment-count id)
    (map-insert payments id record)
    (try! (recorded TOPIC_PAYMENT (to-consensus-buff? (print (merge record {topic: "payment", id: id})))))
    (ok id)))

;; The caller's float. Prints {topic: "float", zone, agent, and its fields}.
(define-private (set-float (zone uint) (float {balance: uint, approved: uint, debited: uint}))
  (begin
    (map-set floats {zone: zone, agent: contract-caller} float)
    (recorded TOPIC_FLOAT (to-consensus-buff?
      (print (merge float {topic: "float", zone: zone, agent: contract-caller}))))))

;; ----------------------------------------------------------------------------------------------------
;; private: credits, settlements, payouts
;; ----------------------------------------------------------------------------------------------------

;; What the provider has to give back: out of this period's hold-back, then its income. What is left of that.
(define-private (draw (zone uint) (period uint) (income uint) (amount uint))
  (let (
      (held (get-hold-back zone period))
      (from-held (lower amount held))
      (rest (- amount from-held)))
    (asserts! (<= rest income) ERR_POT)
    (and (> from-held u0) (map-set hold-backs {zone: zone, period: period} (- held from-held)))
    (ok (- income rest))))

;; One waiting payment of the zone more; numbers rise, so that none counts twice.
(define-private (cover (id uint) (so-far (response {zone: uint, last: uint, total: uint} uint)))
  (let (
      (at (try! so-far))
      (paid (unwrap! (map-get? payments id) ERR_PAYMENT)))
    (asserts!
      (and
        (> id (get last at))
        (is-eq (get zone paid) (get zone at))
        (is-none (get sequence paid))
        (not (get returned paid)))
      ERR_PAYMENT)
    (ok (merge at {last: id, total: (+ (get total at) (get amount paid))}))))

(define-private (attribute (id uint) (sequence uint))
  (begin
    (match (map-get? payments id)
      paid (map-set payments id (merge paid {sequence: (some sequence)}))
      false)
    sequence))

(define-private (debit (sale {agent: principal, amount: uint}) (so-far (response {zone: uint, total: uint} uint)))
  (let (
      (at (try! so-far))
      (key {zone: (get zone at), agent: (get agent sale)})
      (float (get-float (get zone at) (get agent sale)))
      (debited (+ (get debited float) (get amount sale))))
    (asserts! (and (<= debited (get approved float)) (<= (get amount sale) (get balance float))) ERR_FLOAT)
    (map-set floats key (merge float {balance: (- (get balance float) (get amount sale)), debited: debited}))
    (ok (merge at {total: (+ (get total at) (get amount sale))}))))

(define-private (add-sale (sale {agent: principal, amount: uint}) (total uint))
  (+ total (get amount sale)))

;; All of a zone's credits are proved: balances grow, payments are attributed and floats debited. Prints {topic:
;; "credit", zone, sequence, amount, payments, floats, credits}.
(define-private (book-credits (zone uint) (add-hint (buff 32)) (proof <proof-trait>))
  (let (
      (account (unwrap! (get-account zone) ERR_ZONE_UNKNOWN))
      (begun (unwrap! (map-get? begun-credits zone) ERR_NOT_BEGUN))
      (sequence (get sequence account))
      (credited (+ (get credited account) (get amount begun)))
      (ids (get payments begun))
      (event {
        topic: "credit", zone: zone, sequence: sequence, amount: (get amount begun), payments: ids,
        floats: (get floats begun), credits: (get credits begun)
      }))
    (try! (fold cover ids (ok {zone: zone, last: u0, total: u0})))
    (try! (fold debit (get floats begun) (ok {zone: zone, total: u0})))
    (fold attribute ids sequence)
    (and (is-eq sequence u0) (try! (contract-call? .user-registry begin-zone zone)))
    (map-set balances zone (try! (contract-call? proof add-commitments
      (get-balances zone) (get credits begun) add-hint)))
    (map-insert credits {zone: zone, sequence: sequence}
      {credits: (get credits begun), amount: (get amount begun), height: burn-block-height})
    (map-delete begun-credits zone)
    (map-set accounts zone (merge account
      {credited: credited, sequence: (+ sequence u1), version: (+ (get version account) u1)}))
    (recorded TOPIC_CREDIT (to-consensus-buff? (print event)))))

;; Who moves in owes nothing of what was used before: arrears of a slot whose tenancy began with the period are gone.
(define-private (forget
    (owed (buff 33))
    (so-far {fresh: uint, slot: uint, points: (list 64 (buff 33))}))
  (merge so-far {
    slot: (+ (get slot so-far) u1),
    points: (default-to (list) (as-max-len?
      (append (get points so-far)
        (if (> (bit-and (get fresh so-far) (pow u2 (get slot so-far))) u0) TWICE_NOTHING owed))
      u64))
  }))

(define-private (arrears-at (zone uint) (period uint))
  (let ((fresh (get fresh (contract-call? .user-registry get-membership zone period))))
    (if (is-eq fresh u0)
      (get-arrears zone)
      (get points (fold forget (get-arrears zone) {fresh: fresh, slot: u0, points: (list)})))))

;; The correction of one slot more; slots rise, so that none is lost over another.
(define-private (add-correction
    (named {slot: uint, period: uint})
    (so-far (response {zone: uint, next: uint, points: (list 64 (buff 33))} uint)))
  (let (
      (at (try! so-far))
      (slot (get slot named))
      (ruled (unwrap! (contract-call? .billing get-correction (get zone at) slot (get period named)) ERR_CORRECTION)))
    (asserts! (and (>= slot (get next at)) (not (get taken ruled))) ERR_CORRECTION)
    (ok (merge at {next: (+ slot u1), points: (put (get points at) slot (get correction ruled))}))))

(define-private (hint-at (hints (list 5 (buff 32))) (place uint)) (default-to 0x (element-at? hints place)))

(define-private (take-correction (named {slot: uint, period: uint}) (so-far (response uint uint)))
  (let ((zone (try! so-far)))
    (try! (contract-call? .billing take-correction zone (get slot named) (get period named)))
    (ok zone)))

;; What the provider is entitled to once the balances' sum is known; less than before only by corrections. Where it may
;; be opened it must be; where not, nothing changes, and no correction is settled.
(define-private (entitlement
    (zone uint)
    (account {credited: uint, paid-out: uint, entitled: uint, settled: uint})
    (new-balances (list 64 (buff 33)))
    (corrections uint)
    (opening (optional {total: uint, blinding: (buff 32), hints: (list 12 (buff 32))}))
    (proof <proof-trait>))
  (begin
    (asserts!
      (is-eq (is-some opening) (contract-call? .aggregation may-open zone (get settled account))) ERR_K_MIN)
    (match opening
      whole (let ((held (+ (get total whole) (get paid-out account))))
        (try! (contract-call? proof verify-sum
          new-balances (get total whole) (get blinding whole) (get hints whole)))
        (asserts!
          (<= (+ held (if (> corrections u0) u0 (get entitled account))) (get credited account))
          ERR_UNFUNDED)
        (ok (- (get credited account) held)))
      (begin
        (asserts! (is-eq corrections u0) ERR_UNFUNDED)
        (ok (get entitled account))))))

;; All of a zone's settlement is proved. What corrections take beyond all that comes in is drawn from the oldest
;; hold-back, then from income. Prints {topic: "settlement", zone, period, opened, growth, drawn, held-back, corrected,
;; balances, arrears}.
(define-private (book-settlement
    (zone uint)
    (opening (optional {total: uint, blinding: (buff 32), hints: (list 12 (buff 32))}))
    (proof <proof-trait>))
  (let (
      (account (unwrap! (get-account zone) ERR_ZONE_UNKNOWN))
      (begun (unwrap! (map-get? begun-settlements zone) ERR_NOT_BEGUN))
      (period (get settled account))
      (corrected (get corrected begun))
      (entitled (try! (entitlement zone
        {
          credited: (get credited account), paid-out: (get paid-out account), entitled: (get entitled account),
          settled: period
        }
        (get balances begun) (len corrected) opening proof)))
      (growth (- entitled (lower entitled (get entitled account))))
      (drawn (- (get entitled account) (lower entitled (get entitled account))))
      (held-back (/ growth HOLD_BACK))
      (income (unwrap! (draw zone (get released account) (get income account) drawn) ERR_UNFUNDED))
      (opened (match opening whole (some (get total whole)) none))
      (event {
        topic: "settlement", zone: zone, period: period, opened: opened, growth: growth, drawn: drawn,
        held-back: held-back, corrected: corrected, balances: (get balances begun), arrears: (get arrears begun)
      }))
    (try! (fold take-correction corrected (ok zone)))
    (map-set balances zone (get balances begun))
    (map-set arrears zone (get arrears begun))
    (map-insert settlements {zone: zone, period: period}
      {opened: opened, growth: growth, height: burn-block-height})
    (map-set hold-backs {zone: zone, period: period} held-back)
    (map-delete begun-settlements zone)
    (map-set accounts zone (merge account {
      entitled: entitled,
      income: (+ income (- growth held-back)),
      settled: (+ period u1),
      version: (+ (get version account) u1)
    }))
    (recorded TOPIC_SETTLEMENT (to-consensus-buff? (print event)))))

(define-private (is-payout (payout (buff 33))) (not (is-eq payout TWICE_NOTHING)))

;; Bits by slot.
(define-private (occupied-in (zone uint) (period uint))
  (get occupied (contract-call? .user-registry get-membership zone period)))

;; Is it the constant where nothing is paid out?
(define-private (check-mask (payout (buff 33)) (so-far {mask: uint, slot: uint, masked: bool}))
  (merge so-far {
    slot: (+ (get slot so-far) u1),
    masked: (and
      (get masked so-far)
      (or (not (is-payout payout)) (> (bit-and (get mask so-far) (pow u2 (get slot so-far))) u0)))
  }))

;; ----------------------------------------------------------------------------------------------------
;; public: paying in
;; ----------------------------------------------------------------------------------------------------

;; Anyone, into the zone's pot, for the dwelling that the reference hides: sha256 of a salt and its number. Answers with
;; the payment's number.
(define-public (pay (zone uint) (reference (buff 32)) (amount uint) (token <sip-010>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered)))
    (try! (unpaused))
    (asserts! (not (get closed known)) ERR_CLOSED)
    (asserts! (is-eq (contract-of token) (get token known)) ERR_TOKEN)
    (let ((id (try! (add-payment zone amount (get ratio known) reference false))))
      (try! (take token amount))
      (map-set accounts zone (merge account {pot: (+ (get pot account) amount)}))
      (ok id))))

;; The payer, a month later, what nobody was credited with. Prints {topic: "returned", id}.
(define-public (reclaim (id uint) (token <sip-010>))
  (let (
      (paid (unwrap! (map-get? payments id) ERR_PAYMENT))
      (zone (get zone paid))
      (entered (try! (enter zone))))
    (asserts! (is-eq contract-caller (get payer paid)) ERR_NOT_PAYER)
    (asserts! (not (or (get reward paid) (get returned paid) (is-some (get sequence paid)))) ERR_PAYMENT)
    (asserts! (>= burn-block-height (+ (get height paid) RECLAIM)) ERR_EARLY)
    (asserts! (is-eq (contract-of token) (get token (get known entered))) ERR_TOKEN)
    (map-set payments id (merge paid {returned: true}))
    (try! (spend zone token (get amount paid) contract-caller))
    (recorded TOPIC_RETURN (to-consensus-buff? (print {topic: "returned", id: id})))))

;; dispute-resolution: a payer whose payment was credited to others gets it back, out of a period's hold-back and then
;; the provider's income. Prints {topic: "refunded", id, period}.
(define-public (refund (id uint) (period uint) (token <sip-010>))
  (let (
      (paid (unwrap! (map-get? payments id) ERR_PAYMENT))
      (zone (get zone paid))
      (entered (try! (enter zone)))
      (account (get account entered))
      (amount (* (get amount paid) (get ratio (get known entered)))))
    (asserts! (contract-call? .user-registry is-active "dispute-resolution" contract-caller) ERR_CALLER)
    (asserts! (and (is-some (get sequence paid)) (not (get reward paid)) (not (get returned paid))) ERR_PAYMENT)
    (asserts! (is-eq (contract-of token) (get token (get known entered))) ERR_TOKEN)
    (map-set payments id (merge paid {returned: true}))
    (map-set accounts zone (merge account {income: (try! (draw zone period (get income account) amount))}))
    (try! (spend zone token (get amount paid) (get payer paid)))
    (recorded TOPIC_RETURN (to-consensus-buff? (print {topic: "refunded", id: id, period: period})))))

;; An agent: tokens to sell against in this zone.
(define-public (fund-float (zone uint) (amount uint) (token <sip-010>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (float (get-float zone contract-caller)))
    (try! (unpaused))
    (asserts! (contract-call? .user-registry has-role AGENT contract-caller) ERR_NOT_AGENT)
    (asserts! (not (get closed known)) ERR_CLOSED)
    (asserts! (is-eq (contract-of token) (get token known)) ERR_TOKEN)
    (asserts! (and (> amount u0) (< amount CREDIT_LIMIT)) ERR_AMOUNT)
    (try! (take token amount))
    (map-set accounts zone (merge account {pot: (+ (get pot account) amount)}))
    (set-float zone (merge float {balance: (+ (get balance float) amount)}))))

;; An agent: so much, in all, the gateway may debit for what the agent sold. It only rises: a sale is not taken back.
(define-public (approve-sales (zone uint) (total uint))
  (let ((float (get-float zone contract-caller)))
    (try! (enter zone))
    (asserts! (> total (get approved float)) ERR_FLOAT)
    (asserts! (<= total (+ (get debited float) (get balance float))) ERR_FLOAT)
    (set-float zone (merge float {approved: total}))))

;; An agent: what it has not sold against; in a closed zone everything.
(define-public (withdraw-float (zone uint) (amount uint) (token <sip-010>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (float (get-float zone contract-caller))
      (sold (if (get closed known) u0 (- (get approved float) (get debited float)))))
    (asserts! (and (> amount u0) (<= (+ amount sold) (get balance float))) ERR_FLOAT)
    (asserts! (is-eq (contract-of token) (get token known)) ERR_TOKEN)
    (try! (set-float zone (merge float {balance: (- (get balance float) amount)})))
    (spend zone token amount contract-caller)))

;; ----------------------------------------------------------------------------------------------------
;; public: credits
;; ----------------------------------------------------------------------------------------------------

;; The gateway: what payments and floats paid in, to slots that it does not name. The credits' sum opens to that, in
;; units of account, and none is negative. Payments by rising number. `add-hint` adds the credits to the balances;
;; `sum-hints`, `points`, `scalars`, `hints` as in privacy-proof, whose errors pass through, here and below. 64 slots
;; need finish-credit, and until then nothing is credited; credits of nothing give balances other blindings.
(define-public (credit-batch
    (zone uint)
    (sequence uint)
    (shares (list 64 (buff 33)))
    (ids (list 32 uint))
    (sales (list 8 {agent: principal, amount: uint}))
    (blinding-sum (buff 32))
    (sum-hints (list 12 (buff 32)))
    (add-hint (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (covered (try! (fold cover ids (ok {zone: zone, last: u0, total: u0}))))
      (amount (* (+ (get total covered) (fold add-sale sales u0)) (get ratio known)))
      (lists-hash (sha256 (unwrap!
        (to-consensus-buff?
          {credits: shares, payments: ids, floats: sales, amount: amount, blinding-sum: blinding-sum})
        ERR_SERIALIZE))))
    (try! (unpaused))
    (try! (from-gateway zone))
    (try! (with-proof (contract-of proof)))
    (asserts! (is-eq sequence (get sequence account)) ERR_SEQUENCE)
    (asserts! (is-eq (len shares) (get slots known)) ERR_SLOT_COUNT)
    (asserts!
      (and
        (< amount CREDIT_LIMIT)
        (< (+ amount (- (get credited account) (get paid-out account) (get entitled account))) BALANCES_LIMIT))
      ERR_AMOUNT)
    (try! (contract-call? proof verify-sum shares amount blinding-sum sum-hints))
    (try! (contract-call? proof verify-money
      (try! (lists-context "mita/v1/credit" zone sequence u0 lists-hash (contract-of proof)))
      (part-of shares u0) points scalars hints))
    (map-set begun-credits zone {
      version: (get version account), credits: shares, amount: amount, payments: ids, floats: sales,
      lists-hash: lists-hash
    })
    (if (> (get slots known) PART) (ok true) (book-credits zone add-hint proof))))

;; The gateway: the second half's proof of credits begun, which take effect.
(define-public (finish-credit
    (zone uint)
    (add-hint (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (account (get account (try! (enter zone))))
      (begun (unwrap! (map-get? begun-credits zone) ERR_NOT_BEGUN)))
    (try! (unpaused))
    (try! (from-gateway zone))
    (try! (with-proof (contract-of proof)))
    (asserts! (is-eq (get version begun) (get version account)) ERR_NOT_BEGUN)
    (try! (contract-call? proof verify-money
      (try! (lists-context
        "mita/v1/credit" zone (get sequence account) u1 (get lists-hash begun) (contract-of proof)))
      (part-of (get credits begun) u1) points scalars hints))
    (book-credits zone add-hint proof)))

;; ----------------------------------------------------------------------------------------------------
;; public: settlements
;; ----------------------------------------------------------------------------------------------------

;; The gateway, for the oldest period not settled: new balances W', under fresh blindings. The new arrears are D' = W' +
;; F + D - W, less the correction in slots named in `corrected` by rising slot; one of both is zero in every slot, and
;; their sum is in range. D is 2*H0 where somebody moved in with the period. `add-hints`: of W' + F, + D, - W, -
;; corrections if there are any (H0 in the other slots), and of D' + W'. `opening` is that of the sum of W', where it
;; may be opened. A zone of 64 slots needs finish-settlement, which then takes `opening`.
(define-public (settle-period
    (zone uint)
    (new-balances (list 64 (buff 33)))
    (corrected (list 16 {slot: uint, period: uint}))
    (add-hints (list 5 (buff 32)))
    (nonces (list 4 (list 64 (buff 33))))
    (shares (list 3 (list 64 (buff 16))))
    (responses (list 4 (list 64 (buff 32))))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (opening (optional {total: uint, blinding: (buff 32), hints: (list 12 (buff 32))}))
    (proof <proof-trait>))
  (let (
      (entered (try! (enter zone)))
      (account (get account entered))
      (slots (get slots (get known entered)))
      (period (get settled account))
      (bills (get bills (unwrap! (contract-call? .billing get-bills zone period) ERR_NO_BILLS)))
      (corrections (get points (try! (fold add-correction corrected
        (ok {zone: zone, next: u0, points: (initial zone NOTHING)})))))
      (last (if (is-eq (len corrected) u0) u3 u4)))
    (try! (from-gateway zone))
    (try! (with-proof (contract-of proof)))
    (asserts! (is-eq (len new-balances) slots) ERR_SLOT_COUNT)
    (let (
        (billed (try! (contract-call? proof add-commitments new-balances bills (hint-at add-hints u0))))
        (owed (try! (contract-call? proof add-commitments billed (arrears-at zone period) (hint-at add-hints u1))))
        (left (try! (contract-call? proof subtract-commitments owed (get-balances zone) (hint-at add-hints u2))))
        (new-arrears (if (is-eq last u3)
          left
          (try! (contract-call? proof subtract-commitments left corrections (hint-at add-hints u3)))))
        (sums (try! (contract-call? proof add-commitments new-arrears new-balances (hint-at add-hints last))))
        (lists-hash (sha256 (unwrap!
          (to-consensus-buff? {balances: new-balances, arrears: new-arrears}) ERR_SERIALIZE)))
        (context (try! (lists-context "mita/v1/settlement" zone period u0 lists-hash (contract-of proof)))))
      (try! (contract-call? proof verify-each-zero
        context (list new-balances new-arrears) nonces shares responses))
      (try! (contract-call? proof verify-money context (part-of sums u0) points scalars hints))
      (map-set begun-settlements zone {
        version: (get version account), balances: new-balances, arrears: new-arrears, sums: sums,
        corrected: corrected, lists-hash: lists-hash
      })
      (if (> slots PART) (ok true) (book-settlement zone opening proof)))))

;; The gateway: the second half's proof of a settlement begun, which takes effect.
(define-public (finish-settlement
    (zone uint)
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (opening (optional {total: uint, blinding: (buff 32), hints: (list 12 (buff 32))}))
    (proof <proof-trait>))
  (let (
      (account (get account (try! (enter zone))))
      (begun (unwrap! (map-get? begun-settlements zone) ERR_NOT_BEGUN)))
    (try! (from-gateway zone))
    (try! (with-proof (contract-of proof)))
    (asserts! (is-eq (get version begun) (get version account)) ERR_NOT_BEGUN)
    (try! (contract-call? proof verify-money
      (try! (lists-context
        "mita/v1/settlement" zone (get settled account) u1 (get lists-hash begun) (contract-of proof)))
      (part-of (get sums begun) u1) points scalars hints))
    (book-settlement zone opening proof)))

;; The provider: its income, in whole token units; the rest stays. Prints {topic: "withdrawal", zone, amount}.
(define-public (withdraw (zone uint) (token <sip-010>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (amount (/ (get income account) (get ratio known))))
    (try! (unpaused))
    (asserts! (is-eq contract-caller (get provider known)) ERR_NOT_PROVIDER)
    (asserts! (is-eq (contract-of token) (get token known)) ERR_TOKEN)
    (asserts! (> amount u0) ERR_AMOUNT)
    (map-set accounts zone (merge account {income: (mod (get income account) (get ratio known))}))
    (try! (spend zone token amount contract-caller))
    (recorded TOPIC_INCOME (to-consensus-buff? (print {topic: "withdrawal", zone: zone, amount: amount})))))

;; The provider: a settlement's hold-back becomes income a month later, in order, once no bill of the period is
;; disputed, and no correction waits to be settled or a month more has passed. Prints {topic: "released", zone, period,
;; amount}.
(define-public (release-holdback (zone uint))
  (let (
      (entered (try! (enter zone)))
      (account (get account entered))
      (period (get released account))
      (settlement (unwrap! (get-settlement zone period) ERR_EARLY))
      (amount (get-hold-back zone period))
      (from (+ (get height settlement) RELEASE)))
    (try! (unpaused))
    (asserts! (is-eq contract-caller (get provider (get known entered))) ERR_NOT_PROVIDER)
    (asserts!
      (>= burn-block-height
        (if (is-eq (contract-call? .billing get-pending-count zone) u0) from (+ from PATIENCE)))
      ERR_EARLY)
    (asserts! (is-eq (contract-call? .billing get-frozen-count zone period) u0) ERR_CLAIMS)
    (map-delete hold-backs {zone: zone, period: period})
    (map-set accounts zone (merge account {income: (+ (get income account) amount), released: (+ period u1)}))
    (recorded TOPIC_INCOME (to-consensus-buff?
      (print {topic: "released", zone: zone, period: period, amount: amount})))))

;; ----------------------------------------------------------------------------------------------------
;; public: moving out
;; ----------------------------------------------------------------------------------------------------

;; The dwelling: may be paid out in cash, what it has too much, before the next settlement. Prints {topic:
;; "payout-wanted", zone, slot, settled}.
(define-public (allow-payout (zone uint) (slot uint))
  (let (
      (entered (try! (enter zone)))
      (settled (get settled (get account entered)))
      (key {zone: zone, settled: settled}))
    (asserts!
      (is-eq
        (contract-call? .user-registry dwelling-principal zone slot (get period (get known entered)))
        (some contract-caller))
      ERR_NOT_DWELLING)
    (map-set wanted key (bit-or (get-wanted zone settled) (pow u2 slot)))
    (recorded TOPIC_PAYOUT (to-consensus-buff? (print (merge key {topic: "payout-wanted", slot: slot}))))))

;; Two stewards, each, who are not the zone's provider, its gateway or this agent: this payout, before the next
;; settlement. ok false to the first.
(define-public (approve-payout
    (zone uint)
    (mask uint)
    (amount uint)
    (agent principal)
    (payouts-hash (buff 32)))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (settled (get settled (get account entered)))
      (action (try! (get-payout-action zone settled mask amount agent payouts-hash))))
    (if (try! (agreed action (list (get provider known) (get gateway known) agent)))
      (begin
        (map-set approved-payouts action true)
        (recorded TOPIC_PAYOUT (to-consensus-buff? (print {
          topic: "payout-approved", zone: zone, settled: settled, mask: mask, amount: amount, agent: agent,
          payouts-hash: payouts-hash
        }))))
      (ok false))))

;; The gateway: payouts P of the slots in `mask`, left or willing, and 2*H0 in all others; their sum, without these,
;; opens to `amount` units of account, which an agent is to pay in cash. `difference-hint`: of W - P. The proof is that
;; of the first part of P; prove-payout takes the others. Once for each settlement, as approved. The slots count as
;; singled out in the period to settle. Prints {topic: "payout-begun", zone, settled, mask, amount, agent}.
(define-public (payout-batch
    (zone uint)
    (payouts (list 64 (buff 33)))
    (mask uint)
    (amount uint)
    (agent principal)
    (blinding-sum (buff 32))
    (sum-hints (list 12 (buff 32)))
    (difference-hint (buff 32))
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (proof <proof-trait>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (settled (get settled account))
      (payouts-hash (sha256 (unwrap! (to-consensus-buff? payouts) ERR_SERIALIZE)))
      (action (try! (get-payout-action zone settled mask amount agent payouts-hash)))
      (living (bit-or
        (occupied-in zone settled) (occupied-in zone (get period known)) (occupied-in zone (+ (get period known) u1))))
      (unwilling (- living (bit-and living (get-wanted zone settled)))))
    (try! (unpaused))
    (try! (from-gateway zone))
    (try! (with-proof (contract-of proof)))
    (asserts! (contract-call? .user-registry has-role AGENT agent) ERR_NOT_AGENT)
    (asserts! (is-some (map-get? approved-payouts action)) ERR_NOT_APPROVED)
    (asserts! (is-none (map-get? paid-out-at {zone: zone, settled: settled})) ERR_REPEATED)
    (asserts! (> settled (get first-period known)) ERR_EARLY)
    (asserts! (is-eq (len payouts) (get slots known)) ERR_SLOT_COUNT)
    (asserts! (is-eq (bit-and mask unwilling) u0) ERR_MASK)
    (asserts! (get masked (fold check-mask payouts {mask: mask, slot: u0, masked: true})) ERR_MASK)
    (asserts! (> amount u0) ERR_AMOUNT)
    (try! (contract-call? .aggregation expose-slots zone settled mask))
    (try! (contract-call? proof verify-sum (filter is-payout payouts) amount blinding-sum sum-hints))
    (let (
        (rest (try! (contract-call? proof subtract-commitments (get-balances zone) payouts difference-hint)))
        (lists-hash (sha256 (unwrap!
          (to-consensus-buff? {payouts: payouts, rest: rest, amount: amount, agent: agent}) ERR_SERIALIZE))))
      (try! (contract-call? proof verify-money
        (try! (lists-context "mita/v1/payout" zone settled u0 lists-hash (contract-of proof)))
        (part-of payouts u0) points scalars hints))
      (map-set begun-payouts zone {
        version: (get version account), payouts: payouts, rest: rest, amount: amount, agent: agent,
        lists-hash: lists-hash, proved: u1
      })
      (recorded TOPIC_PAYOUT (to-consensus-buff?
        (print {topic: "payout-begun", zone: zone, settled: settled, mask: mask, amount: amount, agent: agent}))))))

;; The gateway: another part is in range: those of P, then those of W - P. With the last one the agent is paid in whole
;; token units; the rest is the provider's. Prints {topic: "payout", zone, settled, amount, agent, balances} then.
(define-public (prove-payout
    (zone uint)
    (part uint)
    (points (list 32 (buff 33)))
    (scalars (list 32 (buff 32)))
    (hints (list 12 (buff 32)))
    (token <sip-010>)
    (proof <proof-trait>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (settled (get settled account))
      (begun (unwrap! (map-get? begun-payouts zone) ERR_NOT_BEGUN))
      (parts (parts-of (get slots known)))
      (proved (bit-or (get proved begun) (pow u2 part)))
      (amount (get amount begun))
      (ratio (get ratio known))
      (paid-out (+ (get paid-out account) amount)))
    (try! (unpaused))
    (try! (from-gateway zone))
    (try! (with-proof (contract-of proof)))
    (asserts! (and (is-eq (get version begun) (get version account)) (< part (* u2 parts))) ERR_NOT_BEGUN)
    (asserts! (is-eq (contract-of token) (get token known)) ERR_TOKEN)
    (try! (contract-call? proof verify-money
      (try! (lists-context "mita/v1/payout" zone settled part (get lists-hash begun) (contract-of proof)))
      (if (< part parts)
        (part-of (get payouts begun) part)
        (part-of (get rest begun) (- part parts)))
      points scalars hints))
    (if (< proved (- (pow u2 (* u2 parts)) u1))
      (ok (map-set begun-payouts zone (merge begun {proved: proved})))
      (begin
        (asserts! (<= (+ paid-out (get entitled account)) (get credited account)) ERR_UNFUNDED)
        (map-delete begun-payouts zone)
        (map-set balances zone (get rest begun))
        (map-insert paid-out-at {zone: zone, settled: settled} true)
        (map-set accounts zone (merge account {
          paid-out: paid-out, version: (+ (get version account) u1), income: (+ (get income account) (mod amount ratio))
        }))
        (try! (spend zone token (/ amount ratio) (get agent begun)))
        (recorded TOPIC_PAYOUT (to-consensus-buff? (print {
          topic: "payout", zone: zone, settled: settled, amount: amount, agent: (get agent begun),
          balances: (get rest begun)
        })))))))

;; The gateway: a slot that `last`, its last period, was settled for, whose bill nobody may dispute any more, and that
;; has no balance is free for others; its arrears go with who left. `nonce` and `response` show that the balance is
;; zero. Prints {topic: "slot-released", zone, slot, last, dwelling, arrears}.
(define-public (release-slot
    (zone uint)
    (slot uint)
    (last uint)
    (nonce (buff 33))
    (response (buff 32))
    (proof <proof-trait>))
  (let (
      (entered (try! (enter zone)))
      (account (get account entered))
      (dwelling (unwrap! (contract-call? .user-registry get-occupant zone slot last) ERR_OCCUPIED))
      (balance (unwrap! (element-at? (get-balances zone) slot) ERR_SLOT_COUNT))
      (owed (unwrap! (element-at? (get-arrears zone) slot) ERR_SLOT_COUNT))
      (key {zone: zone, slot: slot, last: last})
      (left {dwelling: dwelling, arrears: owed})
      (context (try! (slot-context "mita/v1/release" zone slot (get version account) (contract-of proof)))))
    (try! (from-gateway zone))
    (try! (with-proof (contract-of proof)))
    (asserts!
      (and
        (< last (get settled account))
        (is-none (contract-call? .user-registry get-occupant zone slot (+ last u1))))
      ERR_OCCUPIED)
    (asserts! (is-eq (contract-call? .billing get-claims zone slot) u0) ERR_CLAIMS)
    (asserts!
      (>= burn-block-height (get due (unwrap! (contract-call? .billing get-bills zone last) ERR_NO_BILLS)))
      ERR_EARLY)
    (try! (contract-call? proof verify-zero context balance nonce response))
    (asserts! (map-insert left-arrears key left) ERR_REPEATED)
    (map-set balances zone (put (get-balances zone) slot NOTHING))
    (map-set arrears zone (put (get-arrears zone) slot TWICE_NOTHING))
    (map-set accounts zone (merge account {version: (+ (get version account) u1)}))
    (try! (contract-call? .user-registry release-slot zone slot (get sequence account)))
    (recorded TOPIC_SLOT (to-consensus-buff? (print (merge (merge key left) {topic: "slot-released"}))))))

;; ----------------------------------------------------------------------------------------------------
;; public: rewards
;; ----------------------------------------------------------------------------------------------------

;; Anyone: tokens for the rewards of a zone that settles in the token behind them. Prints {topic: "pool", zone, amount}.
(define-public (fund-rewards (zone uint) (amount uint) (token <sip-010>))
  (let (
      (entered (try! (enter zone)))
      (account (get account entered)))
    (asserts! (is-eq (contract-of token) (get token (get known entered))) ERR_TOKEN)
    (asserts! (is-eq (contract-call? .utility-token get-backing) (some (contract-of token))) ERR_NOT_REWARDED)
    (asserts! (and (> amount u0) (< amount CREDIT_LIMIT)) ERR_AMOUNT)
    (try! (take token amount))
    (map-set accounts zone
      (merge account {pot: (+ (get pot account) amount), pool: (+ (get pool account) amount)}))
    (recorded TOPIC_REWARD (to-consensus-buff? (print {topic: "pool", zone: zone, amount: amount})))))

;; The dwelling, by a key of its own, once, for the last settled period: it has no arrears, shows it, and gets the
;; reward. That counts as singled out. Prints {topic: "reward", zone, slot, period, amount}.
(define-public (claim-reward
    (zone uint)
    (slot uint)
    (period uint)
    (nonce (buff 33))
    (response (buff 32))
    (proof <proof-trait>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (key {zone: zone, slot: slot, period: period})
      (amount (contract-call? .user-registry get-parameter "reward"))
      (owed (unwrap! (element-at? (get-arrears zone) slot) ERR_NOT_DWELLING))
      (context (try! (slot-context "mita/v1/reward" zone slot period (contract-of proof)))))
    (asserts!
      (is-eq
        (some contract-caller)
        (contract-call? .user-registry dwelling-principal zone slot period)
        (contract-call? .user-registry dwelling-principal zone slot (get period known)))
      ERR_NOT_DWELLING)
    (try! (with-proof (contract-of proof)))
    (asserts! (is-eq (+ period u1) (get settled account)) ERR_EARLY)
    (asserts!
      (and
        (contract-call? .user-registry is-settled zone slot)
        (contract-call? .user-registry is-own contract-caller)
        (is-eq (contract-call? .utility-token get-backing) (some (get token known)))
        (> amount u0))
      ERR_NOT_REWARDED)
    (asserts! (<= amount (get pool account)) ERR_POT)
    (asserts! (not (contract-call? .billing is-frozen zone slot period)) ERR_CLAIMS)
    (asserts! (map-insert rewarded key true) ERR_REPEATED)
    (try! (contract-call? proof verify-zero context owed nonce response))
    (try! (contract-call? .aggregation expose zone period slot))
    (map-set accounts zone
      (merge account {pot: (- (get pot account) amount), pool: (- (get pool account) amount)}))
    (var-set rewards-out (+ (var-get rewards-out) amount))
    (try! (contract-call? .utility-token mint amount contract-caller))
    (recorded TOPIC_REWARD (to-consensus-buff? (print (merge key {topic: "reward", amount: amount}))))))

;; Who has reward tokens: pays with them like anyone. Answers with the payment's number.
(define-public (redeem (zone uint) (reference (buff 32)) (amount uint))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered)))
    (asserts! (not (get closed known)) ERR_CLOSED)
    (asserts! (is-eq (contract-call? .utility-token get-backing) (some (get token known))) ERR_NOT_REWARDED)
    (try! (contract-call? .utility-token burn amount contract-caller))
    (var-set rewards-out (- (var-get rewards-out) amount))
    (map-set accounts zone (merge account {pot: (+ (get pot account) amount)}))
    (add-payment zone amount (get ratio known) reference true)))

;; ----------------------------------------------------------------------------------------------------
;; public: leaving a closed zone
;; ----------------------------------------------------------------------------------------------------

;; Two stewards, neither provider nor gateway, each: a dwelling whose key the gateway made may leave, a month later. ok
;; false to the first. Prints {topic: "exit-approved", zone, slot, recipient, from} then.
(define-public (approve-exit (zone uint) (slot uint) (recipient principal))
  (let (
      (known (get known (try! (enter zone))))
      (key {zone: zone, slot: slot, recipient: recipient})
      (action (sha256 (unwrap! (to-consensus-buff? (merge key {function: "exit"})) ERR_SERIALIZE)))
      (from (+ burn-block-height NOTICE)))
    (asserts! (get closed known) ERR_NOT_CLOSED)
    (if (try! (agreed action (list (get provider known) (get gateway known))))
      (begin
        (map-set exits key from)
        (recorded TOPIC_EXIT (to-consensus-buff? (print (merge key {topic: "exit-approved", from: from})))))
      (ok false))))

;; Who lives in a closed zone, or has left it and is not released, by an own key a month old or as approved: the whole
;; balance, `value` units of account, in whole token units; the rest is the provider's. `hint`: of W - value*A, which
;; `nonce` and `response` show to be zero. Prints {topic: "exit", zone, slot, recipient, value}.
(define-public (exit-claim
    (zone uint)
    (slot uint)
    (value uint)
    (hint (buff 32))
    (nonce (buff 33))
    (response (buff 32))
    (token <sip-010>)
    (proof <proof-trait>))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (id (unwrap! (contract-call? .user-registry get-holder zone slot) ERR_NOT_DWELLING))
      (dwelling (unwrap! (contract-call? .user-registry get-dwelling id) ERR_NOT_DWELLING))
      (balance (unwrap! (element-at? (get-balances zone) slot) ERR_NOT_DWELLING))
      (paid-out (+ (get paid-out account) value))
      (ratio (get ratio known))
      (context (try! (slot-context "mita/v1/exit" zone slot value (contract-of proof)))))
    (asserts! (get closed known) ERR_NOT_CLOSED)
    (asserts! (is-eq contract-caller (get principal dwelling)) ERR_NOT_DWELLING)
    (asserts!
      (or
        (and (get own dwelling) (>= burn-block-height (+ (get own-since dwelling) NOTICE)))
        (match (get-exit zone slot contract-caller) from (>= burn-block-height from) false))
      ERR_NOT_APPROVED)
    (try! (with-proof (contract-of proof)))
    (asserts! (is-eq (contract-of token) (get token known)) ERR_TOKEN)
    (asserts! (and (> value u0) (< value BALANCES_LIMIT)) ERR_AMOUNT)
    (asserts! (<= (+ paid-out (get entitled account)) (get credited account)) ERR_UNFUNDED)
    (try! (contract-call? proof verify-zero
      context
      (unwrap! (element-at? (try! (contract-call? proof subtract-commitments
        (list balance)
        (try! (contract-call? proof compute-line (list balance) u0 (to-int value) (list true) 0x))
        hint)) u0) ERR_SLOT_COUNT)
      nonce response))
    (map-set balances zone (put (get-balances zone) slot NOTHING))
    (map-set accounts zone (merge account {
      paid-out: paid-out, version: (+ (get version account) u1), income: (+ (get income account) (mod value ratio))
    }))
    (try! (spend zone token (/ value ratio) contract-caller))
    (recorded TOPIC_EXIT (to-consensus-buff?
      (print {topic: "exit", zone: zone, slot: slot, recipient: contract-caller, value: value})))))

;; Two stewards, neither provider nor gateway, each, when the announced time is over: nobody was left out. ok false to
;; the first. Prints {topic: "remainder-approved", zone} then.
(define-public (approve-remainder (zone uint))
  (let (
      (known (get known (try! (enter zone))))
      (action (sha256 (unwrap! (to-consensus-buff? {function: "remainder", zone: zone}) ERR_SERIALIZE))))
    (asserts! (match (get-last-call zone) from (>= burn-block-height from) false) ERR_EARLY)
    (if (try! (agreed action (list (get provider known) (get gateway known))))
      (begin
        (map-set approved-remainders zone true)
        (recorded TOPIC_EXIT (to-consensus-buff? (print {topic: "remainder-approved", zone: zone}))))
      (ok false))))

;; The provider of a closed zone, twice: first to announce it, ok false; and three months later, as approved, what no
;; dwelling has taken is income. Prints {topic: "last-call", zone, from}, then {topic: "remainder", zone, amount}.
(define-public (claim-remainder (zone uint))
  (let (
      (entered (try! (enter zone)))
      (known (get known entered))
      (account (get account entered))
      (amount (- (get credited account) (get paid-out account) (get entitled account)))
      (announced (+ burn-block-height LAST_CALL)))
    (asserts! (get closed known) ERR_NOT_CLOSED)
    (asserts! (is-eq contract-caller (get provider known)) ERR_NOT_PROVIDER)
    (match (get-last-call zone)
      from (begin
        (asserts! (>= burn-block-height from) ERR_EARLY)
        (asserts! (is-some (map-get? approved-remainders zone)) ERR_NOT_APPROVED)
        (map-set accounts zone (merge account {
          entitled: (+ (get entitled account) amount), income: (+ (get income account) amount)
        }))
        (recorded TOPIC_EXIT (to-consensus-buff? (print {topic: "remainder", zone: zone, amount: amount}))))
      (begin
        (map-set last-calls zone announced)
        (try! (recorded TOPIC_EXIT (to-consensus-buff? (print {topic: "last-call", zone: zone, from: announced}))))
        (ok false)))))
