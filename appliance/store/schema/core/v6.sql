-- Zones whose ballots are counted in one sum.

ALTER TABLE vector ADD COLUMN together INTEGER;   -- where counted: lowest of the zones that are opened in one sum with it
UPDATE vector SET together = zone WHERE counted = 1;
