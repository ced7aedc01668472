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
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
