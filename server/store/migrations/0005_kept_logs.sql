-- The runs that still have a log, for retention: a round need not read all that had one.
CREATE INDEX run_outcome_log ON run_outcome (run_id) WHERE log IS NOT NULL;
