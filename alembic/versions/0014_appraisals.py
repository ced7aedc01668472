"""Appraisals of pairs, at midterm and at the end.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Nothing is released: what is altered is a handful of rows. Numbers are as wide as in the trunk.
    """
-- squawk-ignore-file prefer-bigint-over-int, ban-drop-default
CREATE TABLE appraisal (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  pairing_id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  due_on DATE,
  rubric JSONB NOT NULL,
  voices JSONB NOT NULL,
  score NUMERIC(5, 2),
  grade VARCHAR,
  note TEXT NOT NULL,
  outstanding BOOLEAN NOT NULL,
  opened_by_name VARCHAR NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  concluded_by_name VARCHAR,
  concluded_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_appraisal PRIMARY KEY (district_id, id),
  CONSTRAINT fk_appraisal_pairing FOREIGN KEY(district_id, pairing_id) REFERENCES pairing (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_appraisal_kind CHECK (kind IN ('midterm', 'final')),
  CONSTRAINT ck_appraisal_state CHECK (state IN ('open', 'heard', 'concluded')),
  CONSTRAINT ck_appraisal_grade CHECK (grade IN ('excellent', 'good', 'qualified', 'unqualified')),
  CONSTRAINT ck_appraisal_score CHECK (score BETWEEN 0 AND 100),
  CONSTRAINT ck_appraisal_concluded CHECK ((state = 'concluded') = (concluded_at IS NOT NULL) AND (state = 'concluded') = (grade IS NOT NULL) AND (grade IS NULL) = (score IS NULL)),
  CONSTRAINT ck_appraisal_outstanding CHECK (NOT outstanding OR (kind = 'final' AND grade IS NOT DISTINCT FROM 'excellent'))
)
    """,
    """
CREATE UNIQUE INDEX uq_appraisal_kind ON appraisal (district_id, pairing_id, kind)
    """,
    """
CREATE INDEX ix_appraisal_state ON appraisal (district_id, kind, state)
    """,
    """
ALTER TABLE appraisal ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE appraisal FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON appraisal
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE mentoring_standard ADD COLUMN rubric JSONB NOT NULL DEFAULT '{"criteria": [{"code": "conduct", "zh": "师德修养", "en": "Conduct", "weight": 15}, {"code": "design", "zh": "教学设计", "en": "Lesson design", "weight": 20}, {"code": "teaching", "zh": "课堂教学", "en": "Teaching", "weight": 35}, {"code": "reflection", "zh": "反思与教研", "en": "Reflection and research", "weight": 15}, {"code": "pupils", "zh": "育人实效", "en": "What pupils gained", "weight": 15}], "voices": {"self": 20, "counterpart": 40, "school": 40}, "grades": {"excellent": 90, "good": 75, "qualified": 60}}'
    """,
    """
ALTER TABLE mentoring_standard ALTER COLUMN rubric DROP DEFAULT
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
