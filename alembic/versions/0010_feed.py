"""The feed: snapshots, retention, epoch.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE feed_state (
  district_id UUID NOT NULL,
  epoch UUID NOT NULL,
  source VARCHAR NOT NULL,
  began_at TIMESTAMP WITH TIME ZONE NOT NULL,
  trimmed_xid BIGINT NOT NULL,
  trimmed_seq BIGINT NOT NULL,
  trimmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_feed_state PRIMARY KEY (district_id)
)""",
    """CREATE TABLE feed_scope (
  district_id UUID NOT NULL,
  mark VARCHAR NOT NULL,
  content JSONB NOT NULL,
  used_on DATE NOT NULL,
  CONSTRAINT pk_feed_scope PRIMARY KEY (district_id, mark)
)""",
    "CREATE INDEX ix_feed_scope_used ON feed_scope (district_id, used_on)",
    "ALTER TABLE feed_state ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE feed_state FORCE ROW LEVEL SECURITY",
    """CREATE POLICY tenant ON feed_state
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))""",
    "ALTER TABLE feed_scope ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE feed_scope FORCE ROW LEVEL SECURITY",
    """CREATE POLICY tenant ON feed_scope
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
