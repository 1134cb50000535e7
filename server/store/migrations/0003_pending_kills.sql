-- Killed runs whose node has not shown yet that it knows: told again whenever it connects.
CREATE TABLE pending_kill (
    run_id INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    killed_at INTEGER NOT NULL
) STRICT;
