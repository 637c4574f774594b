;; aggregation: opened totals of usage, per zone and batch, per zone and period, and over the settlement.
;; Totals are in the utility's unit: Wh (u1) or litre (u2).

;; ----------------------------------------------------------------------------------------------------
;; constants
;; ----------------------------------------------------------------------------------------------------

(define-constant SLOTS (list
  u0 u1 u2 u3 u4 u5 u6 u7 u8 u9 u10 u11 u12 u13 u14 u15 u16 u17 u18 u19 u20 u21 u22 u23 u24 u25 u26 u27 u28 u29 u30 u31
  u32 u33 u34 u35 u36 u37 u38 u39 u40 u41 u42 u43 u44 u45 u46 u47 u48 u49 u50 u51 u52 u53 u54 u55 u56 u57 u58 u59 u60
  u61 u62 u63))

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_NOT_METER_DATA (err u400)) ;; only the active meter-data contract writes totals
(define-constant ERR_RECORDED (err u401)) ;; this zone's batch has its total already
(define-constant ERR_CALLER (err u402)) ;; only the active payment, dispute-resolution and governance single out slots
(define-constant ERR_K_MIN (err u403)) ;; an opened sum would be left with fewer than k-min that nothing singled out
(define-constant ERR_ZONE_UNKNOWN (err u404)) ;; no such zone in the registry
(define-constant ERR_SLOT (err u405)) ;; the zone has no such slot

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I1: inserted once, never changed.
(define-map zone-batches {zone: uint, first-block: uint} {last-block: uint, total: uint})

;; I2: total is the sum, batches the number, of the zone's batches recorded for the period.
(define-map zone-periods {zone: uint, period: uint} {total: uint, batches: uint})

;; I3: the same over all zones of a utility, batches that were opened together included.
(define-map settlement-periods {utility: uint, period: uint} {total: uint, batches: uint})

;; I4: a batch is in `zone-batches` or here, never in both: its total is opened alone or together with those of `zones`.
;; I5: inserted once, never changed; `total` is that of all of them.
(define-map combined-batches {zone: uint, first-block: uint} {zones: (list 4 uint), last-block: uint, total: uint})

;; I6: bit s of slots is set if something of slot s was shown for this period; count is the number of bits. I7: count
;; and k-min together are at most the dwellings of the period, unless `expose-slots` went beyond that.
(define-map exposures {zone: uint, period: uint} {slots: uint, count: uint})

;; ----------------------------------------------------------------------------------------------------
;; read-only
;; ----------------------------------------------------------------------------------------------------

;; The total of the batch that begins with `first-block`; none while it has not arrived.
(define-read-only (get-zone-usage (zone uint) (first-block uint))
  (map-get? zone-batches {zone: zone, first-block: first-block}))

;; What has arrived of a zone's period; batches u0 means nothing yet, which is not a total of zero.
(define-read-only (get-zone-period-usage (zone uint) (period uint))
  (default-to {total: u0, batches: u0} (map-get? zone-periods {zone: zone, period: period})))

;; The same over all zones of a utility.
(define-read-only (get-settlement-usage (utility uint) (period uint))
  (default-to {total: u0, batches: u0} (map-get? settlement-periods {utility: utility, period: period})))

;; Which slots something was shown of for this period.
(define-read-only (get-exposed (zone uint) (period uint))
  (default-to {slots: u0, count: u0} (map-get? exposures {zone: zone, period: period})))

;; The total that this zone's batch was opened in with others; none where it was not.
(define-read-only (get-combined-usage (zone uint) (first-block uint))
  (map-get? combined-batches {zone: zone, first-block: first-block}))

;; May a sum over the zone's slots be opened for this period? Over k-min dwellings or more that nothing singled out.
(define-read-only (may-open (zone uint) (period uint))
  (has-room zone period (get count (get-exposed zone period))))

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

;; Are k-min dwellings left if so many are singled out?
(define-private (has-room (zone uint) (period uint) (exposed uint))
  (>=
    (get dwellings (contract-call? .user-registry get-membership zone period))
    (+ exposed (contract-call? .user-registry get-k-min zone))))

;; One zone more in a sum over several: its dwellings that nothing singled out, and the k-min that is largest.
(define-private (crowd (zone uint) (so-far {period: uint, hidden: uint, k-min: uint}))
  (let (
      (exposed (get count (get-exposed zone (get period so-far))))
      (dwellings (get dwellings (contract-call? .user-registry get-membership zone (get period so-far))))
      (k-min (contract-call? .user-registry get-k-min zone)))
    (merge so-far {
      hidden: (+ (get hidden so-far) (if (> dwellings exposed) (- dwellings exposed) u0)),
      k-min: (if (> k-min (get k-min so-far)) k-min (get k-min so-far))
    })))

(define-private (combine
    (zone uint)
    (so-far (response {zones: (list 4 uint), first-block: uint, last-block: uint, total: uint} uint)))
  (let ((at (try! so-far)))
    (asserts!
      (map-insert combined-batches {zone: zone, first-block: (get first-block at)}
        {zones: (get zones at), last-block: (get last-block at), total: (get total at)})
      ERR_RECORDED)
    (ok at)))

(define-private (count-slot (slot uint) (so-far {slots: uint, count: uint}))
  (if (> (bit-and (get slots so-far) (pow u2 slot)) u0)
    (merge so-far {count: (+ (get count so-far) u1)})
    so-far))

(define-private (with-batch (so-far {total: uint, batches: uint}) (total uint))
  {total: (+ (get total so-far) total), batches: (+ (get batches so-far) u1)})

;; ----------------------------------------------------------------------------------------------------
;; public
;; ----------------------------------------------------------------------------------------------------

;; The active meter-data contract only: adds one batch's opened total. The audit entry is meter-data's: one per batch.
;; Prints {topic: "zone-usage", zone, utility, period, first-block, last-block, total}.
(define-public (record-batch
    (zone uint)
    (utility uint)
    (period uint)
    (first-block uint)
    (last-block uint)
    (total uint))
  (begin
    (asserts! (contract-call? .user-registry is-active "meter-data" contract-caller) ERR_NOT_METER_DATA)
    (asserts!
      (map-insert zone-batches {zone: zone, first-block: first-block} {last-block: last-block, total: total})
      ERR_RECORDED)
    (map-set zone-periods {zone: zone, period: period} (with-batch (get-zone-period-usage zone period) total))
    (map-set settlement-periods {utility: utility, period: period}
      (with-batch (get-settlement-usage utility period) total))
    (print {
      topic: "zone-usage", zone: zone, utility: utility, period: period,
      first-block: first-block, last-block: last-block, total: total
    })
    (ok true)))

;; The active meter-data only: the total of one batch of each zone, from the same block on, opened together. Nobody
;; counts twice: a dwelling has one slot of a utility in a period.
;; Prints {topic: "combined-usage", zones, utility, period, first-block, last-block, total}.
(define-public (record-combined
    (zones (list 4 uint))
    (utility uint)
    (period uint)
    (first-block uint)
    (last-block uint)
    (total uint))
  (let (
      (together (fold crowd zones {period: period, hidden: u0, k-min: u0}))
      (before (get-settlement-usage utility period)))
    (asserts! (contract-call? .user-registry is-active "meter-data" contract-caller) ERR_NOT_METER_DATA)
    (asserts! (>= (get hidden together) (get k-min together)) ERR_K_MIN)
    (try! (fold combine zones (ok {zones: zones, first-block: first-block, last-block: last-block, total: total})))
    (map-set settlement-periods {utility: utility, period: period}
      {total: (+ (get total before) total), batches: (+ (get batches before) (len zones))})
    (print {
      topic: "combined-usage", zones: zones, utility: utility, period: period,
      first-block: first-block, last-block: last-block, total: total
    })
    (ok true)))

;; The active payment, dispute-resolution or governance, whose entry in the log stands for this: something of one slot
;; is shown for this period, once or more often. Of a vacant slot there is nothing to hide, and it counts as none.
;; Prints {topic: "exposed", zone, period, slot}.
(define-public (expose (zone uint) (period uint) (slot uint))
  (let (
      (known (unwrap! (contract-call? .user-registry get-zone zone) ERR_ZONE_UNKNOWN))
      (exposed (get-exposed zone period))
      (bit (if (< slot (get slots known)) (pow u2 slot) u0))
      (occupied (get occupied (contract-call? .user-registry get-membership zone period))))
    (asserts!
      (or
        (contract-call? .user-registry is-active "payment" contract-caller)
        (contract-call? .user-registry is-active "dispute-resolution" contract-caller)
        (contract-call? .user-registry is-active "governance" contract-caller))
      ERR_CALLER)
    (asserts! (> bit u0) ERR_SLOT)
    (if (or (is-eq (bit-and occupied bit) u0) (> (bit-and (get slots exposed) bit) u0))
      (ok true)
      (begin
        (asserts! (has-room zone period (+ (get count exposed) u1)) ERR_K_MIN)
        (map-set exposures {zone: zone, period: period}
          {slots: (+ (get slots exposed) bit), count: (+ (get count exposed) u1)})
        (print {topic: "exposed", zone: zone, period: period, slot: slot})
        (ok true)))))

;; The active payment, whose entry in the log stands for this: something of all slots in `mask` is shown for this
;; period, however few are left: then no sum may be opened. Prints {topic: "exposed-slots", zone, period, slots}: all
;; that are.
(define-public (expose-slots (zone uint) (period uint) (mask uint))
  (let (
      (occupied (get occupied (contract-call? .user-registry get-membership zone period)))
      (slots (bit-or (get slots (get-exposed zone period)) (bit-and mask occupied)))
      (exposed (fold count-slot SLOTS {slots: slots, count: u0})))
    (asserts! (contract-call? .user-registry is-active "payment" contract-caller) ERR_CALLER)
    (map-set exposures {zone: zone, period: period} exposed)
    (print {topic: "exposed-slots", zone: zone, period: period, slots: slots})
    (ok true)))
