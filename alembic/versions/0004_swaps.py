"""Swaps: two or three lessons that change hands as one.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS: tuple[str, ...] = (
    # Versions and small numbers are as wide as in the trunk.
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint
CREATE TABLE swap (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  campus_id UUID NOT NULL,
  state VARCHAR NOT NULL,
  reason TEXT NOT NULL,
  needs_approval BOOLEAN NOT NULL,
  proposed_by VARCHAR NOT NULL,
  proposed_by_name VARCHAR NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_by_name VARCHAR,
  decided_at TIMESTAMP WITH TIME ZONE,
  decision_note TEXT,
  done_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_swap PRIMARY KEY (district_id, id),
  CONSTRAINT fk_swap_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_swap_state CHECK (state IN ('proposed', 'agreed', 'done', 'declined', 'refused', 'withdrawn', 'lapsed', 'undone'))
)
    """,
    """
CREATE INDEX ix_swap_campus ON swap (district_id, campus_id, proposed_at)
    """,
    """
ALTER TABLE swap ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE swap FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON swap
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE swap_leg (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  swap_id UUID NOT NULL,
  place SMALLINT NOT NULL,
  lesson_id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  on_date DATE NOT NULL,
  week SMALLINT NOT NULL,
  period SMALLINT,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  former_change VARCHAR,
  consented_at TIMESTAMP WITH TIME ZONE,
  open BOOLEAN NOT NULL,
  CONSTRAINT pk_swap_leg PRIMARY KEY (district_id, id),
  CONSTRAINT fk_swap_leg_swap FOREIGN KEY(district_id, swap_id) REFERENCES swap (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_swap_leg_lesson FOREIGN KEY(district_id, lesson_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_swap_leg_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_swap_leg_place CHECK (place BETWEEN 0 AND 2)
)
    """,
    """
CREATE INDEX ix_swap_leg_teacher ON swap_leg (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_swap_leg_place ON swap_leg (district_id, swap_id, place)
    """,
    """
CREATE UNIQUE INDEX uq_swap_leg_lesson ON swap_leg (district_id, lesson_id) WHERE open
    """,
    """
ALTER TABLE swap_leg ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE swap_leg FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON swap_leg
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
