"""Rooms that are booked for something that is no lesson.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
-- squawk-ignore-file prefer-bigint-over-int
CREATE TABLE room_booking (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  room_id UUID NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  purpose VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  booked_by_name VARCHAR NOT NULL,
  cancelled_by_name VARCHAR,
  CONSTRAINT pk_room_booking PRIMARY KEY (district_id, id),
  CONSTRAINT fk_room_booking_room FOREIGN KEY(district_id, room_id) REFERENCES room (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_room_booking_state CHECK (state IN ('booked', 'cancelled')),
  CONSTRAINT ck_room_booking_time CHECK (starts_at < ends_at)
)
    """,
    """
CREATE INDEX ix_room_booking_room ON room_booking (district_id, room_id, starts_at)
    """,
    """
ALTER TABLE room_booking ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE room_booking FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON room_booking
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
