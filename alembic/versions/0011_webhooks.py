"""Webhooks and calendar feeds.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Small numbers are as wide as in the trunk; nothing is released yet, so no table is busy.
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint, require-concurrent-index-creation
CREATE TABLE calendar_feed (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  account_id UUID NOT NULL,
  name VARCHAR NOT NULL,
  language VARCHAR NOT NULL,
  reminders BOOLEAN NOT NULL,
  secret_hash BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  last_read_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_calendar_feed PRIMARY KEY (district_id, id),
  CONSTRAINT fk_calendar_feed_account FOREIGN KEY(district_id, account_id) REFERENCES account (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_calendar_feed_language CHECK (language IN ('zh', 'en'))
)
    """,
    """
CREATE UNIQUE INDEX uq_calendar_feed_secret ON calendar_feed (district_id, secret_hash)
    """,
    """
CREATE INDEX ix_calendar_feed_account ON calendar_feed (district_id, account_id)
    """,
    """
CREATE INDEX ix_lesson_handed_over ON lesson (district_id, original_teacher_id, on_date) WHERE substitute_id IS NOT NULL
    """,
    """
ALTER TABLE calendar_feed ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE calendar_feed FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON calendar_feed
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
