;; user-registry: who has which role, which zones exist, and which contract does which job.

;; ----------------------------------------------------------------------------------------------------
;; traits
;; ----------------------------------------------------------------------------------------------------

;; What a contract must offer to be the active "privacy-proof". A stored principal cannot be called, so callers pass the
;; contract as an argument and the receiver compares it with the active table.
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
))

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant DEPLOYER tx-sender)

(define-constant UTILITY_ELECTRICITY u1) ;; usage in Wh
(define-constant UTILITY_WATER u2) ;; usage in litre

(define-constant ZONE_LIMIT u4294967296) ;; 2^32
(define-constant BLOCK_LIMIT u4611686018427387904) ;; 2^62

(define-constant K_MIN_FLOOR u15) ;; no total is opened over fewer dwellings

(define-constant TOPIC_BOOTSTRAP u100)
(define-constant TOPIC_GATEWAY u101)
(define-constant TOPIC_ZONE u102)
(define-constant TOPIC_SELF_PROVING u103)

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_NOT_DEPLOYER (err u100)) ;; only the deployer bootstraps
(define-constant ERR_BOOTSTRAPPED (err u101)) ;; the settlement is set up already
(define-constant ERR_NO_STEWARD (err u102)) ;; a settlement nobody looks after
(define-constant ERR_NOT_STEWARD (err u103)) ;; only a steward registers
(define-constant ERR_GATEWAY_KNOWN (err u104)) ;; this gateway is registered already
(define-constant ERR_GATEWAY_UNKNOWN (err u105)) ;; a zone for a gateway that is not registered
(define-constant ERR_ZONE_KNOWN (err u106)) ;; a zone id is given once
(define-constant ERR_UTILITY (err u107)) ;; neither electricity nor water
(define-constant ERR_SLOTS (err u108)) ;; a zone has 16 or 64 slots
(define-constant ERR_BLOCK_SECONDS (err u109)) ;; a block that lasts no time
(define-constant ERR_ZONE_ID (err u110)) ;; a zone id beyond 4 bytes, the width that blindings are derived with
(define-constant ERR_FIRST_BLOCK (err u111)) ;; beyond 2^62: later blocks might leave the 8 bytes of blindings
(define-constant ERR_SERIALIZE (err u112)) ;; an event without consensus bytes
(define-constant ERR_TOO_FEW_DWELLINGS (err u113)) ;; so few that the zone's total would tell on single ones
(define-constant ERR_TOO_MANY_DWELLINGS (err u114)) ;; more dwellings than the zone has slots
(define-constant ERR_ZONE_UNKNOWN (err u115)) ;; no such zone
(define-constant ERR_SLOT (err u116)) ;; the zone has no such slot
(define-constant ERR_GATEWAY_PROVES (err u117)) ;; the zone's own gateway as a check on itself
(define-constant ERR_NOT_ACCOUNT (err u118)) ;; a contract, or of another network, where a person has to sign

;; ----------------------------------------------------------------------------------------------------
;; data vars
;; ----------------------------------------------------------------------------------------------------

(define-data-var bootstrapped bool false)

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I1: filled by `bootstrap`; holds at least one steward from then on.
(define-map stewards principal bool)

;; I2: a name stands for at most one contract at a time.
(define-map active-contracts (string-ascii 32) principal)

;; I3: a gateway is inserted once, by a steward.
(define-map gateways principal {steward: principal, height: uint})

;; I4: a zone is inserted once and never changed. I5: its gateway is in `gateways`. I6: slots is 16 or 64, utility 1 or
;; 2, block-seconds above 0, the id below 2^32, first-block below 2^62. I7: dwellings, as the steward counts them, is
;; K_MIN_FLOOR to slots. `first-block` is the number of the first block it will ever submit.
(define-map zones uint {
  gateway: principal, utility: uint, slots: uint, dwellings: uint, first-block: uint, block-seconds: uint
})

;; I8: of zones in `zones`, slots below the zone's, and never the zone's gateway. A slot without an entry is proved by
;; its gateway alone.
(define-map self-provers {zone: uint, slot: uint} principal)

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

(define-read-only (get-zone (zone uint))
  (map-get? zones zone))

(define-read-only (get-gateway (gateway principal))
  (map-get? gateways gateway))

(define-read-only (is-steward (who principal))
  (default-to false (map-get? stewards who)))

;; Who proves this slot beside the gateway: a dwelling's own device; none where the gateway alone does.
(define-read-only (get-self-prover (zone uint) (slot uint))
  (map-get? self-provers {zone: zone, slot: slot}))

;; The contract that does the job `name` now.
(define-read-only (get-active-contract (name (string-ascii 32)))
  (map-get? active-contracts name))

(define-read-only (is-active (name (string-ascii 32)) (contract principal))
  (is-eq (map-get? active-contracts name) (some contract)))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

;; What a contract sends on can be read from no transaction, so that an audit could not judge it.
(define-private (is-account (who principal))
  (match (principal-destruct? who)
    parts (is-none (get name parts))
    of-another-network false))

(define-private (add-steward (who principal))
  (map-set stewards who true))

(define-private (add-contract (entry {name: (string-ascii 32), contract: principal}))
  (map-set active-contracts (get name entry) (get contract entry)))

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; The deployer, once: names the stewards and the contracts. Afterwards the deployer may do nothing here, unless it is
;; itself among the stewards. Prints {topic: "registry-bootstrap", stewards, contracts}.
(define-public (bootstrap
    (initial-stewards (list 8 principal))
    (contracts (list 16 {name: (string-ascii 32), contract: principal})))
  (let ((event {topic: "registry-bootstrap", stewards: initial-stewards, contracts: contracts}))
    (asserts! (is-eq contract-caller DEPLOYER) ERR_NOT_DEPLOYER)
    (asserts! (not (var-get bootstrapped)) ERR_BOOTSTRAPPED)
    (asserts! (> (len initial-stewards) u0) ERR_NO_STEWARD)
    (var-set bootstrapped true)
    (map add-steward initial-stewards)
    (map add-contract contracts)
    (try! (contract-call? .audit-log record TOPIC_BOOTSTRAP
      (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
    (ok true)))

;; Stewards: a gateway may from now on be given zones. Prints {topic: "gateway", gateway, steward}.
(define-public (register-gateway (gateway principal))
  (let ((event {topic: "gateway", gateway: gateway, steward: contract-caller}))
    (asserts! (is-steward contract-caller) ERR_NOT_STEWARD)
    (asserts! (is-account gateway) ERR_NOT_ACCOUNT)
    (asserts!
      (map-insert gateways gateway {steward: contract-caller, height: stacks-block-height})
      ERR_GATEWAY_KNOWN)
    (try! (contract-call? .audit-log record TOPIC_GATEWAY
      (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
    (ok true)))

;; Stewards: a zone, for good. `dwellings` counts the distinct ones in it; who they are comes with their registration.
;; Prints {topic: "zone", zone, gateway, utility, slots, dwellings, first-block, block-seconds, steward}.
(define-public (register-zone
    (zone uint)
    (gateway principal)
    (utility uint)
    (slots uint)
    (dwellings uint)
    (first-block uint)
    (block-seconds uint))
  (let (
      (record {
        gateway: gateway, utility: utility, slots: slots, dwellings: dwellings,
        first-block: first-block, block-seconds: block-seconds
      })
      (event (merge record {topic: "zone", zone: zone, steward: contract-caller})))
    (asserts! (is-steward contract-caller) ERR_NOT_STEWARD)
    (asserts! (is-some (map-get? gateways gateway)) ERR_GATEWAY_UNKNOWN)
    (asserts! (or (is-eq utility UTILITY_ELECTRICITY) (is-eq utility UTILITY_WATER)) ERR_UTILITY)
    (asserts! (or (is-eq slots u16) (is-eq slots u64)) ERR_SLOTS)
    (asserts! (>= dwellings K_MIN_FLOOR) ERR_TOO_FEW_DWELLINGS)
    (asserts! (<= dwellings slots) ERR_TOO_MANY_DWELLINGS)
    (asserts! (> block-seconds u0) ERR_BLOCK_SECONDS)
    (asserts! (< zone ZONE_LIMIT) ERR_ZONE_ID)
    (asserts! (< first-block BLOCK_LIMIT) ERR_FIRST_BLOCK)
    (asserts! (map-insert zones zone record) ERR_ZONE_KNOWN)
    (try! (contract-call? .audit-log record TOPIC_ZONE
      (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
    (ok true)))

;; Stewards, for now: the dwelling in this slot proves its usage from its own device, as `prover`, or (none) no longer.
;; It holds at once; what was proved before stays. Prints {topic: "self-proving", zone, slot, prover, steward}.
(define-public (set-self-proving (zone uint) (slot uint) (prover (optional principal)))
  (let (
      (registered (unwrap! (map-get? zones zone) ERR_ZONE_UNKNOWN))
      (key {zone: zone, slot: slot})
      (event {topic: "self-proving", zone: zone, slot: slot, prover: prover, steward: contract-caller}))
    (asserts! (is-steward contract-caller) ERR_NOT_STEWARD)
    (asserts! (< slot (get slots registered)) ERR_SLOT)
    (asserts! (not (is-eq prover (some (get gateway registered)))) ERR_GATEWAY_PROVES)
    (asserts! (match prover device (is-account device) true) ERR_NOT_ACCOUNT)
    (match prover
      device (map-set self-provers key device)
      (map-delete self-provers key))
    (try! (contract-call? .audit-log record TOPIC_SELF_PROVING
      (sha256 (unwrap! (to-consensus-buff? (print event)) ERR_SERIALIZE))))
    (ok true)))
