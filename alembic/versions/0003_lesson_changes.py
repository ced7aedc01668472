"""What may happen to a lesson: what stands is held to the wider check.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE lesson VALIDATE CONSTRAINT ck_lesson_change")


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
