-- What tasks of vantage6 v5 share at the nodes.
CREATE TABLE work_session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    collaboration_id INTEGER NOT NULL REFERENCES collaboration (id) ON DELETE CASCADE,
    study_id INTEGER REFERENCES study (id),
    user_id INTEGER NOT NULL REFERENCES user_account (id),
    organization_id INTEGER NOT NULL REFERENCES organization (id),
    scope TEXT NOT NULL CHECK (scope IN ('OWN', 'ORGANIZATION', 'COLLABORATION')),
    created_at INTEGER NOT NULL,
    UNIQUE (collaboration_id, name)
) STRICT;
CREATE INDEX work_session_collaboration ON work_session (collaboration_id, id);

ALTER TABLE task ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN action TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN session_id INTEGER REFERENCES work_session (id);

-- The runs of a task start when every task it depends on has finished, and fail when one has failed.
CREATE TABLE task_dependency (
    task_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    depends_on_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, depends_on_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_dependency_on ON task_dependency (depends_on_id, task_id);
