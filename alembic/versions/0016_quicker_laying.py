"""Search taken time by whose it is, not by the district that all of it belongs to.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid
-- The same rule with another order of columns, in one statement: it holds at every moment.
ALTER TABLE occupancy
  DROP CONSTRAINT ex_occupancy_resource,
  ADD CONSTRAINT ex_occupancy_resource
    EXCLUDE USING gist (resource_id WITH =, district_id WITH =, during WITH &&)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
