-- Times are milliseconds since 1970 (UTC). Ids are positive; AUTOINCREMENT so that none is used twice.

CREATE TABLE organization (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    domain TEXT NOT NULL DEFAULT '',
    address1 TEXT NOT NULL DEFAULT '',
    address2 TEXT NOT NULL DEFAULT '',
    zipcode TEXT NOT NULL DEFAULT '',
    country TEXT NOT NULL DEFAULT '',
    public_key TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE collaboration (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    encrypted INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE member (
    collaboration_id INTEGER NOT NULL REFERENCES collaboration (id) ON DELETE CASCADE,
    organization_id INTEGER NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    PRIMARY KEY (collaboration_id, organization_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_organization ON member (organization_id);

CREATE TABLE study (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    collaboration_id INTEGER NOT NULL REFERENCES collaboration (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE study_member (
    study_id INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    organization_id INTEGER NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    PRIMARY KEY (study_id, organization_id)
) STRICT, WITHOUT ROWID;

-- Nodes and users share one number space, as vantage6 clients expect.
CREATE TABLE authenticatable (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('node', 'user'))
) STRICT;

CREATE TABLE node (
    id INTEGER PRIMARY KEY REFERENCES authenticatable (id),
    name TEXT NOT NULL UNIQUE,
    api_key_hash TEXT NOT NULL UNIQUE,
    collaboration_id INTEGER NOT NULL REFERENCES collaboration (id),
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    last_seen INTEGER,
    UNIQUE (organization_id, collaboration_id)
) STRICT;

CREATE TABLE node_config (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (node_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    resource TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('OWN', 'ORGANIZATION', 'COLLABORATION', 'GLOBAL')),
    operation TEXT NOT NULL CHECK (operation IN ('VIEW', 'EDIT', 'CREATE', 'DELETE', 'SEND', 'RECEIVE')),
    UNIQUE (resource, scope, operation)
) STRICT;

-- organization_id 0 stands for "every organization", so that the name stays unique among those.
CREATE TABLE role (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    organization_id INTEGER NOT NULL DEFAULT 0,
    is_default INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, organization_id)
) STRICT;

CREATE TABLE role_rule (
    role_id INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    rule_id INTEGER NOT NULL REFERENCES rule (id),
    PRIMARY KEY (role_id, rule_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_account (
    id INTEGER PRIMARY KEY REFERENCES authenticatable (id),
    username TEXT NOT NULL UNIQUE,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    password_hash TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    firstname TEXT NOT NULL DEFAULT '',
    lastname TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE user_role (
    user_id INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    role_id INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_rule (
    user_id INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    rule_id INTEGER NOT NULL REFERENCES rule (id),
    PRIMARY KEY (user_id, rule_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    image TEXT NOT NULL,
    collaboration_id INTEGER NOT NULL REFERENCES collaboration (id),
    study_id INTEGER REFERENCES study (id),
    job_id INTEGER NOT NULL,
    parent_id INTEGER REFERENCES task (id),
    init_organization_id INTEGER REFERENCES organization (id),
    init_user_id INTEGER REFERENCES user_account (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX task_collaboration ON task (collaboration_id, id);
CREATE INDEX task_job ON task (job_id, id);
CREATE INDEX task_parent ON task (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX task_init_organization ON task (init_organization_id, id);
CREATE INDEX task_init_user ON task (init_user_id, id);
CREATE INDEX task_name ON task (name, id);

CREATE TABLE task_database (
    task_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    label TEXT NOT NULL,
    parameters TEXT NOT NULL,
    PRIMARY KEY (task_id, position)
) STRICT, WITHOUT ROWID;

-- collaboration_id repeats the task's, so that a node's open runs are one index range.
-- Texts of any size live in tables of their own: scans and status changes stay small.
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    collaboration_id INTEGER NOT NULL REFERENCES collaboration (id),
    status TEXT NOT NULL,
    assigned_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    cleanup_at INTEGER,
    blob_storage_used INTEGER NOT NULL DEFAULT 0,
    UNIQUE (task_id, organization_id)
) STRICT;
CREATE INDEX run_place ON run (organization_id, collaboration_id, id);
CREATE INDEX run_collaboration ON run (collaboration_id, id);
-- Small however many runs have finished. Without statistics SQLite prefers the complete indices on
-- the same columns, so queries for open runs name these (taskreads.cpp).
CREATE INDEX run_open ON run (id) WHERE finished_at IS NULL;
CREATE INDEX run_open_place ON run (organization_id, collaboration_id, id) WHERE finished_at IS NULL;
CREATE INDEX run_open_collaboration ON run (collaboration_id, id) WHERE finished_at IS NULL;

CREATE TABLE run_input (
    run_id INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    input TEXT NOT NULL
) STRICT;

CREATE TABLE run_outcome (
    run_id INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    result TEXT,
    log TEXT
) STRICT;

-- Live log lines of runs whose node has not sent its own log yet.
CREATE TABLE run_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX run_log_run ON run_log (run_id, id);

CREATE TABLE admin_account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id INTEGER NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A request repeated under the same key is answered with what the first one made.
CREATE TABLE idempotency (
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    task_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE room_sequence (
    namespace TEXT NOT NULL,
    room TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (namespace, room)
) STRICT, WITHOUT ROWID;
