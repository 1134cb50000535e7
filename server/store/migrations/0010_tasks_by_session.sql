-- A session goes when it has no tasks; this asks whether it has.
CREATE INDEX task_session ON task (session_id) WHERE session_id IS NOT NULL;
