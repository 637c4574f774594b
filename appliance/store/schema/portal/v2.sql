-- What the contract says that it checked of a batch, instead of one part of it.

ALTER TABLE batch ADD COLUMN checked INTEGER NOT NULL DEFAULT 0 CHECK (checked IN (0, 1, 3));
    -- bits: 1 the sum opens to the total (always), 2 every amount is in range; 0 until the core has read it there

UPDATE batch SET checked = CASE WHEN range_proved THEN 3 ELSE 1 END WHERE range_proved OR EXISTS (
    SELECT 1 FROM batch_commitment c
    WHERE c.zone = batch.zone AND c.first_block = batch.first_block AND c.on_chain = 1
);
ALTER TABLE batch DROP COLUMN range_proved;
