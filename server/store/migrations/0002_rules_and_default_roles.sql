-- The rules there are, and the roles every vantage6 4.x server starts with.

INSERT INTO rule (resource, scope, operation)
SELECT r.resource, s.scope, o.operation
FROM (SELECT 'organization' AS resource UNION ALL SELECT 'collaboration' UNION ALL SELECT 'study'
      UNION ALL SELECT 'node' UNION ALL SELECT 'user' UNION ALL SELECT 'role' UNION ALL SELECT 'rule'
      UNION ALL SELECT 'task' UNION ALL SELECT 'run' UNION ALL SELECT 'port'
      UNION ALL SELECT 'algorithm_store') r,
     (SELECT 'OWN' AS scope UNION ALL SELECT 'ORGANIZATION' UNION ALL SELECT 'COLLABORATION'
      UNION ALL SELECT 'GLOBAL') s,
     (SELECT 'VIEW' AS operation UNION ALL SELECT 'EDIT' UNION ALL SELECT 'CREATE'
      UNION ALL SELECT 'DELETE') o;

INSERT INTO rule (resource, scope, operation)
SELECT 'event', s.scope, o.operation
FROM (SELECT 'ORGANIZATION' AS scope UNION ALL SELECT 'COLLABORATION' UNION ALL SELECT 'GLOBAL') s,
     (SELECT 'SEND' AS operation UNION ALL SELECT 'RECEIVE') o;

INSERT INTO role (name, description, is_default) VALUES
    ('Root', 'Everything', 1),
    ('Collaboration Admin', 'Manages the collaborations of its organization', 1),
    ('Organization Admin', 'Manages its organization', 1),
    ('Researcher', 'Creates tasks in the collaborations of its organization', 1),
    ('Viewer', 'Looks at the collaborations of its organization', 1);

INSERT INTO role_rule (role_id, rule_id)
SELECT role.id, rule.id FROM role, rule WHERE role.name = 'Root';

-- All four see their organization and its collaborations, and hear their events.
INSERT INTO role_rule (role_id, rule_id)
SELECT role.id, rule.id FROM role, rule
WHERE role.name <> 'Root' AND rule.scope IN ('ORGANIZATION', 'COLLABORATION')
    AND rule.operation IN ('VIEW', 'RECEIVE');

INSERT INTO role_rule (role_id, rule_id)
SELECT role.id, rule.id FROM role, rule
WHERE role.name IN ('Researcher', 'Organization Admin', 'Collaboration Admin')
    AND rule.resource = 'task' AND rule.scope IN ('OWN', 'ORGANIZATION', 'COLLABORATION')
    AND (rule.operation = 'CREATE' OR (rule.operation = 'DELETE' AND rule.scope <> 'COLLABORATION'));

INSERT INTO role_rule (role_id, rule_id)
SELECT role.id, rule.id FROM role, rule
WHERE role.name = 'Organization Admin' AND rule.scope = 'ORGANIZATION'
    AND ((rule.resource IN ('user', 'role', 'node') AND rule.operation IN ('CREATE', 'EDIT', 'DELETE'))
        OR (rule.resource = 'organization' AND rule.operation = 'EDIT')
        OR (rule.resource = 'event' AND rule.operation = 'SEND'));

INSERT INTO role_rule (role_id, rule_id)
SELECT role.id, rule.id FROM role, rule
WHERE role.name = 'Collaboration Admin' AND rule.scope = 'COLLABORATION'
    AND ((rule.resource IN ('collaboration', 'study', 'node', 'user')
            AND rule.operation IN ('CREATE', 'EDIT', 'DELETE'))
        OR (rule.resource = 'task' AND rule.operation = 'DELETE')
        OR (rule.resource = 'event' AND rule.operation = 'SEND'));
