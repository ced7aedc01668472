"""Attendance: who checked in, what the host confirmed, what is disputed.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint
CREATE TABLE attendance (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  lesson_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  school_id UUID NOT NULL,
  home_school_id UUID,
  state VARCHAR NOT NULL,
  arrived_at TIMESTAMP WITH TIME ZONE,
  checked_in_at TIMESTAMP WITH TIME ZONE,
  told_at TIMESTAMP WITH TIME ZONE,
  distance_metres INTEGER,
  correction VARCHAR,
  claimed_at TIMESTAMP WITH TIME ZONE,
  correction_reason TEXT,
  correction_decided_by VARCHAR,
  correction_note TEXT,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  confirmed_by VARCHAR,
  disputed_at TIMESTAMP WITH TIME ZONE,
  disputed_by VARCHAR,
  disputed_by_key VARCHAR,
  dispute_reason TEXT,
  resolved_at TIMESTAMP WITH TIME ZONE,
  resolved_by VARCHAR,
  resolution TEXT,
  CONSTRAINT pk_attendance PRIMARY KEY (district_id, id),
  CONSTRAINT fk_attendance_lesson FOREIGN KEY(district_id, lesson_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_attendance_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_attendance_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_attendance_home FOREIGN KEY(district_id, home_school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_attendance_state CHECK (state IN ('open', 'confirmed', 'disputed', 'not_taught')),
  CONSTRAINT ck_attendance_correction CHECK (correction IN ('requested', 'approved', 'refused')),
  CONSTRAINT ck_attendance_distance CHECK (distance_metres >= 0),
  CONSTRAINT ck_attendance_confirmed CHECK ((state = 'confirmed') <= (confirmed_at IS NOT NULL))
)
    """,
    """
CREATE INDEX ix_attendance_school ON attendance (district_id, school_id)
    """,
    """
CREATE INDEX ix_attendance_teacher ON attendance (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_attendance_lesson ON attendance (district_id, lesson_id)
    """,
    """
ALTER TABLE attendance ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE attendance FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON attendance
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE closed_month (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  teacher_id UUID NOT NULL,
  month DATE NOT NULL,
  CONSTRAINT pk_closed_month PRIMARY KEY (district_id, id),
  CONSTRAINT fk_closed_month_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_closed_month_first CHECK (EXTRACT(day FROM month) = 1)
)
    """,
    """
CREATE UNIQUE INDEX uq_closed_month ON closed_month (district_id, teacher_id, month)
    """,
    """
ALTER TABLE closed_month ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE closed_month FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON closed_month
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
