"""Mentoring programmes: cohorts, rules, matching, studios.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint
CREATE TABLE mentoring_programme (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  school_year_id UUID NOT NULL,
  group_id UUID,
  name VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE,
  closed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_mentoring_programme PRIMARY KEY (district_id, id),
  CONSTRAINT fk_mentoring_programme_year FOREIGN KEY(district_id, school_year_id) REFERENCES school_year (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_mentoring_programme_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_mentoring_programme_state CHECK (state IN ('draft', 'open', 'closed')),
  CONSTRAINT ck_mentoring_programme_opened CHECK ((state = 'draft') = (opened_at IS NULL))
)
    """,
    """
CREATE UNIQUE INDEX uq_mentoring_programme_district ON mentoring_programme (district_id, school_year_id) WHERE group_id IS NULL AND state = 'open'
    """,
    """
CREATE UNIQUE INDEX uq_mentoring_programme_group ON mentoring_programme (district_id, school_year_id, group_id) WHERE group_id IS NOT NULL AND state = 'open'
    """,
    """
ALTER TABLE mentoring_programme ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE mentoring_programme FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON mentoring_programme
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE mentoring_standard (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  programme_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  valid DATERANGE NOT NULL,
  new_years SMALLINT,
  rural BOOLEAN NOT NULL,
  weak BOOLEAN NOT NULL,
  combine VARCHAR NOT NULL,
  roles JSONB NOT NULL,
  capacity SMALLINT NOT NULL,
  min_years SMALLINT NOT NULL,
  honours TEXT[] NOT NULL,
  honour_and_years BOOLEAN NOT NULL,
  lesson_plans SMALLINT NOT NULL,
  observed_by_mentor SMALLINT NOT NULL,
  observed_of_mentor SMALLINT NOT NULL,
  weights JSONB NOT NULL,
  decided_by_name VARCHAR NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_mentoring_standard PRIMARY KEY (district_id, id),
  CONSTRAINT fk_mentoring_standard_programme FOREIGN KEY(district_id, programme_id) REFERENCES mentoring_programme (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_mentoring_standard EXCLUDE USING gist (district_id WITH =, programme_id WITH =, valid WITH &&),
  CONSTRAINT ck_mentoring_standard_combine CHECK (combine IN ('all', 'any')),
  CONSTRAINT ck_mentoring_standard_numbers CHECK (new_years BETWEEN 0 AND 40 AND capacity BETWEEN 1 AND 20 AND min_years BETWEEN 0 AND 40 AND lesson_plans BETWEEN 0 AND 100 AND observed_by_mentor BETWEEN 0 AND 100 AND observed_of_mentor BETWEEN 0 AND 100),
  CONSTRAINT ck_mentoring_standard_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE UNIQUE INDEX uq_mentoring_standard_number ON mentoring_standard (district_id, programme_id, number)
    """,
    """
ALTER TABLE mentoring_standard ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE mentoring_standard FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON mentoring_standard
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE programme_entry (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  programme_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  reason TEXT NOT NULL,
  CONSTRAINT pk_programme_entry PRIMARY KEY (district_id, id),
  CONSTRAINT fk_programme_entry_programme FOREIGN KEY(district_id, programme_id) REFERENCES mentoring_programme (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_programme_entry_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_programme_entry_kind CHECK (kind IN ('added', 'exempted'))
)
    """,
    """
CREATE INDEX ix_programme_entry_teacher ON programme_entry (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_programme_entry ON programme_entry (district_id, programme_id, teacher_id)
    """,
    """
ALTER TABLE programme_entry ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE programme_entry FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON programme_entry
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE mentoring_matching (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  programme_id UUID NOT NULL,
  state VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  pinned JSONB NOT NULL,
  facts JSONB NOT NULL,
  totals JSONB NOT NULL,
  attempts SMALLINT NOT NULL,
  reason TEXT,
  asked_by_name VARCHAR NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  finished_at TIMESTAMP WITH TIME ZONE,
  accepted_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_mentoring_matching PRIMARY KEY (district_id, id),
  CONSTRAINT fk_mentoring_matching_programme FOREIGN KEY(district_id, programme_id) REFERENCES mentoring_programme (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_mentoring_matching_state CHECK (state IN ('waiting', 'running', 'done', 'failed', 'outdated')),
  CONSTRAINT ck_mentoring_matching_valid CHECK (NOT isempty(valid) AND NOT upper_inf(valid))
)
    """,
    """
CREATE INDEX ix_mentoring_matching_programme ON mentoring_matching (district_id, programme_id)
    """,
    """
ALTER TABLE mentoring_matching ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE mentoring_matching FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON mentoring_matching
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE matching_choice (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  matching_id UUID NOT NULL,
  mentee_id UUID NOT NULL,
  role VARCHAR NOT NULL,
  mentor_id UUID,
  pinned BOOLEAN NOT NULL,
  score INTEGER NOT NULL,
  points JSONB NOT NULL,
  best_mentor_id UUID,
  given_up INTEGER NOT NULL,
  candidates INTEGER NOT NULL,
  CONSTRAINT pk_matching_choice PRIMARY KEY (district_id, id),
  CONSTRAINT fk_matching_choice_matching FOREIGN KEY(district_id, matching_id) REFERENCES mentoring_matching (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_matching_choice_mentee FOREIGN KEY(district_id, mentee_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_matching_choice_mentor FOREIGN KEY(district_id, mentor_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_matching_choice_mentor CHECK (mentor_id IS NOT NULL OR NOT pinned)
)
    """,
    """
CREATE UNIQUE INDEX uq_matching_choice ON matching_choice (district_id, matching_id, mentee_id, role)
    """,
    """
ALTER TABLE matching_choice ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE matching_choice FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON matching_choice
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE studio (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  aims TEXT NOT NULL,
  CONSTRAINT pk_studio PRIMARY KEY (district_id, id),
  CONSTRAINT ck_studio_valid CHECK (NOT isempty(valid) AND NOT upper_inf(valid)),
  CONSTRAINT ck_studio_stage CHECK (stage IN ('1', '2', '3', '4'))
)
    """,
    """
CREATE UNIQUE INDEX uq_studio_name ON studio (district_id, name)
    """,
    """
ALTER TABLE studio ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE studio FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON studio
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE studio_member (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  studio_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  role VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_studio_member PRIMARY KEY (district_id, id),
  CONSTRAINT fk_studio_member_studio FOREIGN KEY(district_id, studio_id) REFERENCES studio (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_studio_member_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_studio_host EXCLUDE USING gist (district_id WITH =, studio_id WITH =, valid WITH &&) WHERE (role = 'host'),
  CONSTRAINT ex_studio_member_person EXCLUDE USING gist (district_id WITH =, studio_id WITH =, teacher_id WITH =, valid WITH &&),
  CONSTRAINT ck_studio_member_role CHECK (role IN ('host', 'core', 'trainee')),
  CONSTRAINT ck_studio_member_valid CHECK (NOT isempty(valid) AND NOT upper_inf(valid))
)
    """,
    """
CREATE INDEX ix_studio_member_teacher ON studio_member (district_id, teacher_id)
    """,
    """
ALTER TABLE studio_member ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE studio_member FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON studio_member
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE studio_activity (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  studio_id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  topic VARCHAR NOT NULL,
  campus_id UUID NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state VARCHAR NOT NULL,
  note TEXT NOT NULL,
  CONSTRAINT pk_studio_activity PRIMARY KEY (district_id, id),
  CONSTRAINT fk_studio_activity_studio FOREIGN KEY(district_id, studio_id) REFERENCES studio (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_studio_activity_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_studio_activity_kind CHECK (kind IN ('meeting', 'training')),
  CONSTRAINT ck_studio_activity_state CHECK (state IN ('planned', 'cancelled')),
  CONSTRAINT ck_studio_activity_times CHECK (starts_at < ends_at)
)
    """,
    """
CREATE INDEX ix_studio_activity_studio ON studio_activity (district_id, studio_id)
    """,
    """
ALTER TABLE studio_activity ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE studio_activity FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON studio_activity
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE studio_attendance (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  activity_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  presence VARCHAR NOT NULL,
  CONSTRAINT pk_studio_attendance PRIMARY KEY (district_id, id),
  CONSTRAINT fk_studio_attendance_activity FOREIGN KEY(district_id, activity_id) REFERENCES studio_activity (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_studio_attendance_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_studio_attendance_presence CHECK (presence IN ('invited', 'present', 'absent', 'excused'))
)
    """,
    """
CREATE INDEX ix_studio_attendance_teacher ON studio_attendance (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_studio_attendance ON studio_attendance (district_id, activity_id, teacher_id)
    """,
    """
ALTER TABLE studio_attendance ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE studio_attendance FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON studio_attendance
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE studio_output (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  studio_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  on_date DATE NOT NULL,
  reference VARCHAR NOT NULL,
  CONSTRAINT pk_studio_output PRIMARY KEY (district_id, id),
  CONSTRAINT fk_studio_output_studio FOREIGN KEY(district_id, studio_id) REFERENCES studio (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_studio_output_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_studio_output_kind CHECK (kind IN ('open_lesson', 'resource', 'research'))
)
    """,
    """
CREATE INDEX ix_studio_output_studio ON studio_output (district_id, studio_id)
    """,
    """
ALTER TABLE studio_output ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE studio_output FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON studio_output
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE studio_review (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  studio_id UUID NOT NULL,
  school_year_id UUID NOT NULL,
  grade VARCHAR NOT NULL,
  summary TEXT NOT NULL,
  reviewed_by_name VARCHAR NOT NULL,
  reviewed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_studio_review PRIMARY KEY (district_id, id),
  CONSTRAINT fk_studio_review_studio FOREIGN KEY(district_id, studio_id) REFERENCES studio (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_studio_review_year FOREIGN KEY(district_id, school_year_id) REFERENCES school_year (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_studio_review_grade CHECK (grade IN ('excellent', 'qualified', 'unqualified'))
)
    """,
    """
CREATE UNIQUE INDEX uq_studio_review_year ON studio_review (district_id, studio_id, school_year_id)
    """,
    """
ALTER TABLE studio_review ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE studio_review FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON studio_review
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
