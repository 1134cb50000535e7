-- Who a node or user is in the Keycloak of vantage6 v5: `sub` of its tokens. Empty: unknown there.
ALTER TABLE node ADD COLUMN keycloak_id TEXT NOT NULL DEFAULT '';
ALTER TABLE user_account ADD COLUMN keycloak_id TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX node_keycloak_id ON node (keycloak_id) WHERE keycloak_id <> '';
CREATE UNIQUE INDEX user_account_keycloak_id ON user_account (keycloak_id) WHERE keycloak_id <> '';
