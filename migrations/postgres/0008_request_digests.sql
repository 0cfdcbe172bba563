-- Digests of requests that may be repeated were of all that a request said, names and addresses included, so that whoever
-- has the database could test guesses against them. They are keyed from now on, and those of before are not kept: such a
-- key answers as the first time, whatever is asked under it.

UPDATE requests SET fingerprint = '-';
