"""Absences: what schools decide, leaves, lessons that need cover, who was asked.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Versions and small numbers are as wide as in the trunk. The check only becomes wider: what was
    # allowed stays allowed. It is validated by the next migration, without a lock on readers.
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint, ban-drop-constraint
ALTER TABLE lesson DROP CONSTRAINT ck_lesson_change
    """,
    """
ALTER TABLE lesson ADD CONSTRAINT ck_lesson_change CHECK (change IS NULL OR change IN ('moved', 'cancelled', 'ended', 'replaced', 'calendar', 'needs-cover', 'covered', 'merged', 'self-study', 'swapped')) NOT VALID
    """,
    """
CREATE TABLE duty_policy (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  school_id UUID NOT NULL,
  valid DATERANGE NOT NULL,
  swap_days SMALLINT NOT NULL,
  temporary_days SMALLINT NOT NULL,
  cover_lead_minutes SMALLINT NOT NULL,
  swap_approval BOOLEAN NOT NULL,
  check_in_early_minutes SMALLINT NOT NULL,
  late_after_minutes SMALLINT NOT NULL,
  check_in_metres SMALLINT NOT NULL,
  CONSTRAINT pk_duty_policy PRIMARY KEY (district_id, id),
  CONSTRAINT fk_duty_policy_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_duty_policy_school EXCLUDE USING gist (district_id WITH =, school_id WITH =, valid WITH &&),
  CONSTRAINT ck_duty_policy_numbers CHECK (swap_days BETWEEN 0 AND temporary_days AND temporary_days <= 60 AND cover_lead_minutes BETWEEN 0 AND 10080 AND check_in_early_minutes BETWEEN 0 AND 240 AND late_after_minutes BETWEEN 0 AND 60 AND check_in_metres BETWEEN 50 AND 5000),
  CONSTRAINT ck_duty_policy_valid CHECK (NOT isempty(valid))
)
    """,
    """
ALTER TABLE duty_policy ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE duty_policy FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON duty_policy
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE leave (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  teacher_id UUID NOT NULL,
  school_id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  during TSTZRANGE NOT NULL,
  days SMALLINT NOT NULL,
  measure VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  requested_by VARCHAR NOT NULL,
  requested_by_name VARCHAR NOT NULL,
  requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_by_name VARCHAR,
  decided_at TIMESTAMP WITH TIME ZONE,
  decision_note TEXT,
  CONSTRAINT pk_leave PRIMARY KEY (district_id, id),
  CONSTRAINT fk_leave_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_leave_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_leave_teacher EXCLUDE USING gist (district_id WITH =, teacher_id WITH =, during WITH &&) WHERE (state IN ('requested', 'approved')),
  CONSTRAINT ck_leave_kind CHECK (kind IN ('sick', 'personal', 'official', 'training', 'parental', 'other')),
  CONSTRAINT ck_leave_state CHECK (state IN ('requested', 'approved', 'refused', 'withdrawn')),
  CONSTRAINT ck_leave_measure CHECK (measure IN ('swap', 'temporary', 'fixed')),
  CONSTRAINT ck_leave_during CHECK (NOT isempty(during))
)
    """,
    """
CREATE INDEX ix_leave_school ON leave (district_id, school_id)
    """,
    """
ALTER TABLE leave ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE leave FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON leave
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE cover (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  lesson_id UUID NOT NULL,
  leave_id UUID NOT NULL,
  absent_id UUID NOT NULL,
  deadline_at TIMESTAMP WITH TIME ZONE NOT NULL,
  former_change VARCHAR,
  state VARCHAR NOT NULL,
  substitute_id UUID,
  merged_with_id UUID,
  settled_by_name VARCHAR,
  settled_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_cover PRIMARY KEY (district_id, id),
  CONSTRAINT fk_cover_lesson FOREIGN KEY(district_id, lesson_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_cover_leave FOREIGN KEY(district_id, leave_id) REFERENCES leave (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_cover_absent FOREIGN KEY(district_id, absent_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_cover_substitute FOREIGN KEY(district_id, substitute_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_cover_merged_with FOREIGN KEY(district_id, merged_with_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_cover_state CHECK (state IN ('open', 'covered', 'merged', 'self_study', 'lapsed')),
  CONSTRAINT ck_cover_substitute CHECK (state <> 'covered' OR substitute_id IS NOT NULL)
)
    """,
    """
CREATE INDEX ix_cover_leave ON cover (district_id, leave_id)
    """,
    """
CREATE INDEX ix_cover_substitute ON cover (district_id, substitute_id) WHERE substitute_id IS NOT NULL
    """,
    """
CREATE UNIQUE INDEX uq_cover_lesson ON cover (district_id, lesson_id) WHERE state <> 'lapsed'
    """,
    """
ALTER TABLE cover ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE cover FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON cover
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE cover_offer (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  cover_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  state VARCHAR NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  decline_reason TEXT,
  CONSTRAINT pk_cover_offer PRIMARY KEY (district_id, id),
  CONSTRAINT fk_cover_offer_cover FOREIGN KEY(district_id, cover_id) REFERENCES cover (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_cover_offer_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_cover_offer_state CHECK (state IN ('offered', 'accepted', 'declined', 'closed'))
)
    """,
    """
CREATE INDEX ix_cover_offer_teacher ON cover_offer (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_cover_offer_teacher ON cover_offer (district_id, cover_id, teacher_id) WHERE state = 'offered'
    """,
    """
ALTER TABLE cover_offer ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE cover_offer FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON cover_offer
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
