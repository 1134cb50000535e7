-- Bus messages that wait for the broker, in the order they were given.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    exchange TEXT NOT NULL,
    topic TEXT NOT NULL,
    properties BLOB NOT NULL,
    body BLOB NOT NULL,
    needs_receiver INTEGER NOT NULL,
    tried INTEGER NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;
