"""Workload: rates, monthly statements, service certificates.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
-- squawk-ignore-file prefer-bigint-over-int, prefer-bigint-over-smallint
CREATE TABLE allowance_rate (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  kind VARCHAR NOT NULL,
  amount NUMERIC(12, 4) NOT NULL,
  band NUMRANGE NOT NULL,
  valid DATERANGE NOT NULL,
  note VARCHAR NOT NULL,
  CONSTRAINT pk_allowance_rate PRIMARY KEY (district_id, id),
  CONSTRAINT ex_allowance_rate EXCLUDE USING gist (district_id WITH =, kind WITH =, band WITH &&, valid WITH &&),
  CONSTRAINT ck_allowance_rate_kind CHECK (kind IN ('lesson', 'day', 'trip', 'km', 'band', 'cap_day', 'cap_month')),
  CONSTRAINT ck_allowance_rate_amount CHECK (amount >= 0),
  CONSTRAINT ck_allowance_rate_valid CHECK (NOT isempty(valid)),
  CONSTRAINT ck_allowance_rate_band CHECK (NOT isempty(band))
)
    """,
    """
ALTER TABLE allowance_rate ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE allowance_rate FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON allowance_rate
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE lesson_coefficient (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  subject VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  factor NUMERIC(4, 2) NOT NULL,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_lesson_coefficient PRIMARY KEY (district_id, id),
  CONSTRAINT ex_lesson_coefficient EXCLUDE USING gist (district_id WITH =, subject WITH =, stage WITH =, valid WITH &&),
  CONSTRAINT ck_lesson_coefficient_factor CHECK (factor BETWEEN 0 AND 5),
  CONSTRAINT ck_lesson_coefficient_valid CHECK (NOT isempty(valid))
)
    """,
    """
ALTER TABLE lesson_coefficient ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE lesson_coefficient FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON lesson_coefficient
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE statement (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  teacher_id UUID NOT NULL,
  home_school_id UUID,
  month DATE NOT NULL,
  state VARCHAR NOT NULL,
  digest VARCHAR NOT NULL,
  lessons NUMERIC(10, 2) NOT NULL,
  days INTEGER NOT NULL,
  trips INTEGER NOT NULL,
  km NUMERIC(10, 1) NOT NULL,
  minutes INTEGER NOT NULL,
  amount NUMERIC(14, 2) NOT NULL,
  mentor_lessons NUMERIC(10, 2) NOT NULL,
  submitted_by VARCHAR,
  submitted_by_name VARCHAR,
  submitted_at TIMESTAMP WITH TIME ZONE,
  approved_by_name VARCHAR,
  approved_at TIMESTAMP WITH TIME ZONE,
  frozen_by_name VARCHAR,
  frozen_at TIMESTAMP WITH TIME ZONE,
  return_reason TEXT,
  CONSTRAINT pk_statement PRIMARY KEY (district_id, id),
  CONSTRAINT fk_statement_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_statement_home FOREIGN KEY(district_id, home_school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_statement_state CHECK (state IN ('draft', 'submitted', 'approved', 'frozen')),
  CONSTRAINT ck_statement_month CHECK (EXTRACT(day FROM month) = 1)
)
    """,
    """
CREATE INDEX ix_statement_month ON statement (district_id, month)
    """,
    """
CREATE UNIQUE INDEX uq_statement_teacher ON statement (district_id, teacher_id, month)
    """,
    """
ALTER TABLE statement ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE statement FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON statement
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE statement_line (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  statement_id UUID NOT NULL,
  school_id UUID NOT NULL,
  lesson_id UUID,
  on_date DATE NOT NULL,
  kind VARCHAR NOT NULL,
  quantity NUMERIC(10, 2) NOT NULL,
  rate NUMERIC(12, 4) NOT NULL,
  rate_id UUID,
  gross NUMERIC(14, 2) NOT NULL,
  amount NUMERIC(14, 2) NOT NULL,
  minutes INTEGER NOT NULL,
  corrects_id UUID,
  reason TEXT,
  by_name VARCHAR,
  CONSTRAINT pk_statement_line PRIMARY KEY (district_id, id),
  CONSTRAINT fk_statement_line_statement FOREIGN KEY(district_id, statement_id) REFERENCES statement (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_statement_line_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_statement_line_lesson FOREIGN KEY(district_id, lesson_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_statement_line_corrects FOREIGN KEY(district_id, corrects_id) REFERENCES statement (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_statement_line_rate FOREIGN KEY(district_id, rate_id) REFERENCES allowance_rate (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_statement_line_kind CHECK (kind IN ('lesson', 'day', 'trip', 'km', 'band', 'correction')),
  CONSTRAINT ck_statement_line_item CHECK ((kind = 'correction' AND corrects_id IS NOT NULL AND reason IS NOT NULL) OR (kind <> 'correction' AND lesson_id IS NOT NULL)),
  CONSTRAINT ck_statement_line_amount CHECK (kind = 'correction' OR amount BETWEEN 0 AND gross)
)
    """,
    """
CREATE INDEX ix_statement_line_school ON statement_line (district_id, school_id)
    """,
    """
CREATE INDEX ix_statement_line_statement ON statement_line (district_id, statement_id)
    """,
    """
CREATE UNIQUE INDEX uq_statement_line_item ON statement_line (district_id, lesson_id, kind) WHERE kind <> 'correction'
    """,
    """
ALTER TABLE statement_line ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE statement_line FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON statement_line
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE service_certificate (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  year SMALLINT NOT NULL,
  serial INTEGER NOT NULL,
  number VARCHAR NOT NULL,
  code VARCHAR NOT NULL,
  code_digest VARCHAR NOT NULL,
  teacher_id UUID NOT NULL,
  teacher_name VARCHAR NOT NULL,
  school_name VARCHAR NOT NULL,
  period DATERANGE NOT NULL,
  facts JSONB NOT NULL,
  seal VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  issuer_name VARCHAR NOT NULL,
  issued_by_name VARCHAR NOT NULL,
  issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
  replaces_id UUID,
  revoked_by_name VARCHAR,
  revoked_at TIMESTAMP WITH TIME ZONE,
  revoke_reason TEXT,
  CONSTRAINT pk_service_certificate PRIMARY KEY (district_id, id),
  CONSTRAINT fk_service_certificate_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_service_certificate_replaces FOREIGN KEY(district_id, replaces_id) REFERENCES service_certificate (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_service_certificate_state CHECK (state IN ('issued', 'revoked')),
  CONSTRAINT ck_service_certificate_period CHECK (NOT isempty(period)),
  CONSTRAINT ck_service_certificate_revoked CHECK ((state = 'revoked') = (revoked_at IS NOT NULL AND revoke_reason IS NOT NULL))
)
    """,
    """
CREATE INDEX ix_service_certificate_teacher ON service_certificate (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_service_certificate_code ON service_certificate (district_id, code_digest)
    """,
    """
CREATE UNIQUE INDEX uq_service_certificate_number ON service_certificate (district_id, year, serial)
    """,
    """
CREATE UNIQUE INDEX uq_service_certificate_replaces ON service_certificate (district_id, replaces_id) WHERE replaces_id IS NOT NULL
    """,
    """
ALTER TABLE service_certificate ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE service_certificate FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON service_certificate
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
CREATE TABLE certificate_item (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  certificate_id UUID NOT NULL,
  place INTEGER NOT NULL,
  lesson_id UUID NOT NULL,
  link VARCHAR NOT NULL,
  CONSTRAINT pk_certificate_item PRIMARY KEY (district_id, id),
  CONSTRAINT fk_certificate_item_certificate FOREIGN KEY(district_id, certificate_id) REFERENCES service_certificate (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_certificate_item_lesson FOREIGN KEY(district_id, lesson_id) REFERENCES lesson (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE UNIQUE INDEX uq_certificate_item_place ON certificate_item (district_id, certificate_id, place)
    """,
    """
ALTER TABLE certificate_item ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE certificate_item FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON certificate_item
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup")
