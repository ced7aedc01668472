"""The log of a pairing.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Small numbers are as wide as in the trunk.
    """
-- squawk-ignore-file prefer-bigint-over-int
CREATE TABLE log_entry (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  pairing_id UUID NOT NULL,
  written_by UUID NOT NULL,
  kind VARCHAR NOT NULL,
  observed VARCHAR,
  on_date DATE NOT NULL,
  lesson_id UUID,
  topic VARCHAR NOT NULL,
  notes TEXT NOT NULL,
  strengths TEXT NOT NULL,
  advice TEXT NOT NULL,
  score INTEGER,
  attachments JSONB NOT NULL,
  state VARCHAR NOT NULL,
  written_at TIMESTAMP WITH TIME ZONE NOT NULL,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_log_entry PRIMARY KEY (district_id, id),
  CONSTRAINT fk_log_entry_pairing FOREIGN KEY(district_id, pairing_id) REFERENCES pairing (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_log_entry_writer FOREIGN KEY(district_id, written_by) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_log_entry_lesson FOREIGN KEY(district_id, lesson_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_log_entry_kind CHECK (kind IN ('observation', 'review', 'lesson_plan', 'open_lesson', 'reflection', 'research', 'meeting')),
  CONSTRAINT ck_log_entry_observed CHECK (observed IN ('mentor', 'mentee')),
  CONSTRAINT ck_log_entry_state CHECK (state IN ('written', 'confirmed')),
  CONSTRAINT ck_log_entry_confirmed CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL)),
  CONSTRAINT ck_log_entry_score CHECK (score BETWEEN 0 AND 100)
)
    """,
    """
CREATE INDEX ix_log_entry_pairing ON log_entry (district_id, pairing_id)
    """,
    """
CREATE INDEX ix_log_entry_lesson ON log_entry (district_id, lesson_id)
    """,
    """
ALTER TABLE log_entry ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE log_entry FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON log_entry
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE log_entry_version (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  entry_id UUID NOT NULL,
  number INTEGER NOT NULL,
  content JSONB NOT NULL,
  written_at TIMESTAMP WITH TIME ZONE NOT NULL,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_log_entry_version PRIMARY KEY (district_id, id),
  CONSTRAINT fk_log_entry_version_entry FOREIGN KEY(district_id, entry_id) REFERENCES log_entry (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE UNIQUE INDEX uq_log_entry_version ON log_entry_version (district_id, entry_id, number)
    """,
    """
ALTER TABLE log_entry_version ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE log_entry_version FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON log_entry_version
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
