;; aggregation: opened totals of usage, per zone and batch, per zone and period, and over the settlement.
;; Totals are in the utility's unit: Wh (u1) or litre (u2).

;; ----------------------------------------------------------------------------------------------------
;; errors
;; ----------------------------------------------------------------------------------------------------

(define-constant ERR_NOT_METER_DATA (err u400)) ;; only the active meter-data contract writes totals
(define-constant ERR_RECORDED (err u401)) ;; this zone's batch has its total already

;; ----------------------------------------------------------------------------------------------------
;; maps
;; ----------------------------------------------------------------------------------------------------

;; I1: inserted once, never changed.
(define-map zone-batches {zone: uint, first-block: uint} {last-block: uint, total: uint})

;; I2: total is the sum, batches the number, of the zone's batches recorded for the period.
(define-map zone-periods {zone: uint, period: uint} {total: uint, batches: uint})

;; I3: the same over all zones of a utility.
(define-map settlement-periods {utility: uint, period: uint} {total: uint, batches: uint})

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

;; ----------------------------------------------------------------------------------------------------
;; private
;; ----------------------------------------------------------------------------------------------------

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
