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
    """
CREATE TABLE webhook_endpoint (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  client_id UUID,
  name VARCHAR NOT NULL,
  url VARCHAR NOT NULL,
  event_types TEXT[] NOT NULL,
  state VARCHAR NOT NULL,
  disabled_because VARCHAR,
  failing_since TIMESTAMP WITH TIME ZONE,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  seq BIGINT NOT NULL,
  CONSTRAINT pk_webhook_endpoint PRIMARY KEY (district_id, id),
  CONSTRAINT fk_webhook_endpoint_client FOREIGN KEY(district_id, client_id) REFERENCES partner_client (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_webhook_endpoint_state CHECK (state IN ('enabled', 'disabled')),
  CONSTRAINT ck_webhook_endpoint_because CHECK (disabled_because IS NULL OR disabled_because IN ('by_hand', 'gone', 'failing'))
)
    """,
    """
CREATE INDEX ix_webhook_endpoint_client ON webhook_endpoint (district_id, client_id)
    """,
    """
ALTER TABLE webhook_endpoint ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE webhook_endpoint FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON webhook_endpoint
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE webhook_secret (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  endpoint_id UUID NOT NULL,
  salt BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_webhook_secret PRIMARY KEY (district_id, id),
  CONSTRAINT fk_webhook_secret_endpoint FOREIGN KEY(district_id, endpoint_id) REFERENCES webhook_endpoint (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE INDEX ix_webhook_secret_endpoint ON webhook_secret (district_id, endpoint_id)
    """,
    """
ALTER TABLE webhook_secret ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE webhook_secret FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON webhook_secret
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE webhook_delivery (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  endpoint_id UUID NOT NULL,
  event_type VARCHAR NOT NULL,
  body TEXT NOT NULL,
  occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state VARCHAR NOT NULL,
  attempts SMALLINT NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE NOT NULL,
  claimed_until TIMESTAMP WITH TIME ZONE,
  last_attempt_at TIMESTAMP WITH TIME ZONE,
  last_status SMALLINT,
  last_error VARCHAR,
  delivered_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_webhook_delivery PRIMARY KEY (district_id, id),
  CONSTRAINT fk_webhook_delivery_endpoint FOREIGN KEY(district_id, endpoint_id) REFERENCES webhook_endpoint (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_webhook_delivery_state CHECK (state IN ('pending', 'delivered', 'failed'))
)
    """,
    """
CREATE INDEX ix_webhook_delivery_age ON webhook_delivery (district_id, created_at)
    """,
    """
CREATE INDEX ix_webhook_delivery_due ON webhook_delivery (district_id, endpoint_id, next_at) WHERE state = 'pending'
    """,
    """
CREATE INDEX ix_webhook_delivery_endpoint ON webhook_delivery (district_id, endpoint_id, created_at)
    """,
    """
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE webhook_delivery FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON webhook_delivery
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
