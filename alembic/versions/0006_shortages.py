"""Shortages, offers, and versions of a group's itinerant timetable.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    # Versions and small numbers are as wide as in the trunk. The first default is there for the
    # rows that stand only: whoever writes says it.
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint, ban-drop-default
ALTER TABLE assignment ADD COLUMN across_groups BOOLEAN NOT NULL DEFAULT false
    """,
    """
ALTER TABLE assignment ALTER COLUMN across_groups DROP DEFAULT
    """,
    """
CREATE TABLE shortage (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  school_id UUID NOT NULL,
  campus_id UUID NOT NULL,
  group_id UUID NOT NULL,
  term_id UUID NOT NULL,
  subject VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  class_ids UUID[] NOT NULL,
  lessons_per_week SMALLINT NOT NULL,
  half_days TEXT[] NOT NULL,
  urgency VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  note TEXT,
  state VARCHAR NOT NULL,
  filed_by VARCHAR NOT NULL,
  filed_by_name VARCHAR NOT NULL,
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  approved_by_name VARCHAR,
  approved_at TIMESTAMP WITH TIME ZONE,
  over_reason TEXT,
  CONSTRAINT pk_shortage PRIMARY KEY (district_id, id),
  CONSTRAINT fk_shortage_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_shortage_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_shortage_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_shortage_term FOREIGN KEY(district_id, term_id) REFERENCES term (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_shortage_state CHECK (state IN ('submitted', 'approved', 'offered', 'matched', 'closed', 'withdrawn')),
  CONSTRAINT ck_shortage_urgency CHECK (urgency IN ('normal', 'urgent', 'critical')),
  CONSTRAINT ck_shortage_stage CHECK (stage IN ('1', '2', '3', '4')),
  CONSTRAINT ck_shortage_lessons CHECK (lessons_per_week BETWEEN 1 AND 40),
  CONSTRAINT ck_shortage_half_days CHECK (cardinality(half_days) > 0),
  CONSTRAINT ck_shortage_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE INDEX ix_shortage_group ON shortage (district_id, group_id, term_id)
    """,
    """
CREATE INDEX ix_shortage_school ON shortage (district_id, school_id)
    """,
    """
ALTER TABLE shortage ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE shortage FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON shortage
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE shortage_offer (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  shortage_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  home_school_id UUID NOT NULL,
  across_groups BOOLEAN NOT NULL,
  valid DATERANGE NOT NULL,
  patterns JSONB NOT NULL,
  half_lessons SMALLINT NOT NULL,
  state VARCHAR NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  offered_by VARCHAR NOT NULL,
  offered_by_name VARCHAR NOT NULL,
  offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  agreed_by_name VARCHAR,
  agreed_at TIMESTAMP WITH TIME ZONE,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  approved_by_name VARCHAR,
  approved_at TIMESTAMP WITH TIME ZONE,
  over_at TIMESTAMP WITH TIME ZONE,
  over_reason TEXT,
  assignment_id UUID,
  CONSTRAINT pk_shortage_offer PRIMARY KEY (district_id, id),
  CONSTRAINT fk_shortage_offer_shortage FOREIGN KEY(district_id, shortage_id) REFERENCES shortage (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_shortage_offer_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_shortage_offer_home_school FOREIGN KEY(district_id, home_school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_shortage_offer_assignment FOREIGN KEY(district_id, assignment_id) REFERENCES assignment (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_shortage_offer_state CHECK (state IN ('pending', 'accepted', 'declined', 'expired', 'withdrawn')),
  CONSTRAINT ck_shortage_offer_valid CHECK (NOT isempty(valid)),
  CONSTRAINT ck_shortage_offer_accepted CHECK (state <> 'accepted' OR (agreed_at IS NOT NULL AND confirmed_at IS NOT NULL AND (approved_at IS NOT NULL OR NOT across_groups) AND assignment_id IS NOT NULL))
)
    """,
    """
CREATE INDEX ix_shortage_offer_shortage ON shortage_offer (district_id, shortage_id)
    """,
    """
CREATE INDEX ix_shortage_offer_teacher ON shortage_offer (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_shortage_offer_teacher ON shortage_offer (district_id, shortage_id, teacher_id) WHERE state = 'pending'
    """,
    """
ALTER TABLE shortage_offer ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE shortage_offer FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON shortage_offer
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE assignment_amendment (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  assignment_id UUID NOT NULL,
  patterns JSONB,
  drafted_by_name VARCHAR NOT NULL,
  CONSTRAINT pk_assignment_amendment PRIMARY KEY (district_id, id),
  CONSTRAINT fk_assignment_amendment_assignment FOREIGN KEY(district_id, assignment_id) REFERENCES assignment (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE UNIQUE INDEX uq_assignment_amendment ON assignment_amendment (district_id, assignment_id)
    """,
    """
ALTER TABLE assignment_amendment ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE assignment_amendment FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON assignment_amendment
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE timetable_version (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  group_id UUID NOT NULL,
  term_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  from_date DATE NOT NULL,
  restores SMALLINT,
  reason TEXT NOT NULL,
  published_by_name VARCHAR NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  lessons_laid INTEGER NOT NULL,
  lessons_cancelled INTEGER NOT NULL,
  content JSONB NOT NULL,
  diff JSONB NOT NULL,
  CONSTRAINT pk_timetable_version PRIMARY KEY (district_id, id),
  CONSTRAINT fk_timetable_version_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_timetable_version_term FOREIGN KEY(district_id, term_id) REFERENCES term (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_timetable_version_number CHECK (number > 0)
)
    """,
    """
CREATE INDEX ix_timetable_version_term ON timetable_version (district_id, term_id)
    """,
    """
CREATE UNIQUE INDEX uq_timetable_version_number ON timetable_version (district_id, group_id, term_id, number)
    """,
    """
ALTER TABLE timetable_version ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE timetable_version FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON timetable_version
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
