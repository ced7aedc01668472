"""The life of a pair: agreements, goals, growth plans and visits.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Small numbers are as wide as in the trunk. Nothing is released: what is altered is empty or
    # as small as a district's pairings.
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint, ban-drop-constraint, ban-drop-default, constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation
CREATE TABLE agreement_text (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  number SMALLINT NOT NULL,
  title VARCHAR NOT NULL,
  body TEXT NOT NULL,
  CONSTRAINT pk_agreement_text PRIMARY KEY (district_id, id),
  CONSTRAINT ck_agreement_text_number CHECK (number >= 0)
)
    """,
    """
CREATE UNIQUE INDEX uq_agreement_text_number ON agreement_text (district_id, number)
    """,
    """
ALTER TABLE agreement_text ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE agreement_text FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON agreement_text
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE pairing DROP CONSTRAINT ck_pairing_state
    """,
    """
ALTER TABLE pairing ADD CONSTRAINT ck_pairing_state CHECK (state IN ('proposed', 'accepted', 'signed', 'active', 'ended'))
    """,
    """
ALTER TABLE pairing ADD COLUMN agreement_text_id UUID
    """,
    """
ALTER TABLE pairing ADD COLUMN mentor_signed_at TIMESTAMP WITH TIME ZONE
    """,
    """
ALTER TABLE pairing ADD COLUMN mentee_signed_at TIMESTAMP WITH TIME ZONE
    """,
    """
ALTER TABLE pairing ADD COLUMN replaces_id UUID
    """,
    """
ALTER TABLE pairing ADD CONSTRAINT ck_pairing_signed CHECK ((state <> 'signed' OR (mentor_signed_at IS NOT NULL AND mentee_signed_at IS NOT NULL)) AND (agreement_text_id IS NOT NULL OR (mentor_signed_at IS NULL AND mentee_signed_at IS NULL)))
    """,
    """
ALTER TABLE pairing ADD CONSTRAINT fk_pairing_agreement_text FOREIGN KEY(district_id, agreement_text_id) REFERENCES agreement_text (district_id, id) ON DELETE RESTRICT
    """,
    """
ALTER TABLE pairing ADD CONSTRAINT fk_pairing_replaces FOREIGN KEY(district_id, replaces_id) REFERENCES pairing (district_id, id) ON DELETE RESTRICT
    """,
    """
CREATE UNIQUE INDEX uq_pairing_replaces ON pairing (district_id, replaces_id) WHERE state <> 'ended'
    """,
    """
ALTER TABLE mentoring_standard ADD COLUMN agreement_required BOOLEAN NOT NULL DEFAULT false
    """,
    """
ALTER TABLE mentoring_standard ALTER COLUMN agreement_required DROP DEFAULT
    """,
    """
CREATE TABLE goal_plan (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  pairing_id UUID NOT NULL,
  term_id UUID NOT NULL,
  summary TEXT NOT NULL,
  items JSONB NOT NULL,
  CONSTRAINT pk_goal_plan PRIMARY KEY (district_id, id),
  CONSTRAINT fk_goal_plan_pairing FOREIGN KEY(district_id, pairing_id) REFERENCES pairing (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_goal_plan_term FOREIGN KEY(district_id, term_id) REFERENCES term (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE UNIQUE INDEX uq_goal_plan_term ON goal_plan (district_id, pairing_id, term_id)
    """,
    """
ALTER TABLE goal_plan ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE goal_plan FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON goal_plan
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE growth_plan (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  mentee_id UUID NOT NULL,
  valid DATERANGE NOT NULL,
  vision TEXT NOT NULL,
  years JSONB NOT NULL,
  CONSTRAINT pk_growth_plan PRIMARY KEY (district_id, id),
  CONSTRAINT fk_growth_plan_mentee FOREIGN KEY(district_id, mentee_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_growth_plan_mentee EXCLUDE USING gist (district_id WITH =, mentee_id WITH =, valid WITH &&),
  CONSTRAINT ck_growth_plan_valid CHECK (NOT isempty(valid))
)
    """,
    """
ALTER TABLE growth_plan ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE growth_plan FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON growth_plan
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE visit (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  pairing_id UUID NOT NULL,
  campus_id UUID NOT NULL,
  lesson_id UUID,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  topic VARCHAR NOT NULL,
  note TEXT NOT NULL,
  state VARCHAR NOT NULL,
  planned_by_name VARCHAR NOT NULL,
  reason TEXT,
  cancelled_by_name VARCHAR,
  CONSTRAINT pk_visit PRIMARY KEY (district_id, id),
  CONSTRAINT fk_visit_pairing FOREIGN KEY(district_id, pairing_id) REFERENCES pairing (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_visit_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_visit_lesson FOREIGN KEY(district_id, lesson_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_visit_state CHECK (state IN ('planned', 'cancelled')),
  CONSTRAINT ck_visit_times CHECK (starts_at < ends_at)
)
    """,
    """
CREATE INDEX ix_visit_pairing ON visit (district_id, pairing_id)
    """,
    """
CREATE INDEX ix_visit_lesson ON visit (district_id, lesson_id)
    """,
    """
ALTER TABLE visit ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE visit FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON visit
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
