"""Partner clients: secrets, keys, use; budgets.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Small numbers are as wide as in the trunk; the new columns are filled by their defaults, which
    # go again: the code always says what it means.
    """
-- squawk-ignore-file prefer-bigint-over-int, adding-required-field, constraint-missing-not-valid, ban-drop-default
ALTER TABLE partner_client ADD COLUMN field_profile VARCHAR NOT NULL DEFAULT 'basic'
    """,
    """
ALTER TABLE partner_client ALTER COLUMN field_profile DROP DEFAULT
    """,
    """
ALTER TABLE partner_client ADD COLUMN keys JSONB NOT NULL DEFAULT '[]'
    """,
    """
ALTER TABLE partner_client ALTER COLUMN keys DROP DEFAULT
    """,
    """
ALTER TABLE partner_client ADD COLUMN last_used_at TIMESTAMP WITH TIME ZONE
    """,
    """
ALTER TABLE partner_client ADD CONSTRAINT ck_partner_client_field_profile CHECK (field_profile IN ('basic', 'professional', 'full'))
    """,
    """
CREATE TABLE client_assertion (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  client_id UUID NOT NULL,
  jti_hash BYTEA NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_client_assertion PRIMARY KEY (district_id, id),
  CONSTRAINT fk_client_assertion_client FOREIGN KEY(district_id, client_id) REFERENCES partner_client (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE UNIQUE INDEX uq_client_assertion_jti ON client_assertion (district_id, client_id, jti_hash)
    """,
    """
ALTER TABLE client_assertion ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE client_assertion FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON client_assertion
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE client_usage (
  district_id UUID NOT NULL,
  client_id UUID NOT NULL,
  on_date DATE NOT NULL,
  requests INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  CONSTRAINT pk_client_usage PRIMARY KEY (district_id, client_id, on_date),
  CONSTRAINT fk_client_usage_client FOREIGN KEY(district_id, client_id) REFERENCES partner_client (district_id, id) ON DELETE RESTRICT
)
    """,
    """
ALTER TABLE client_usage ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE client_usage FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON client_usage
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
