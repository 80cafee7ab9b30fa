-- What an operator took back of a purchase's points: a refund that comes later does not take the same points again.

ALTER TABLE purchases
    ADD COLUMN reversed BIGINT NOT NULL DEFAULT 0,
    ADD CHECK (reversed >= 0 AND taken_back + reversed <= granted);
