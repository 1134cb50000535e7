-- Clients of durable rooms that may come back after a restart, and the events they may have missed.
CREATE TABLE recovery_sockets (
    nsp TEXT NOT NULL,
    pid TEXT NOT NULL,
    body BLOB NOT NULL,
    left_at INTEGER NOT NULL,
    PRIMARY KEY (nsp, pid)
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_events (
    nsp TEXT NOT NULL,
    number INTEGER NOT NULL,
    kept_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (nsp, number)
) STRICT, WITHOUT ROWID;

-- Events up to this number are gone.
CREATE TABLE recovery_floors (
    nsp TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
