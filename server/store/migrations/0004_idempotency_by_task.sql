-- For the cascade of a removed task, which read the whole table otherwise.
CREATE INDEX idempotency_task ON idempotency (task_id);
