"""The trunk: every table of the first release, the district's wall, the job queue.

Revision ID: 0001
Revises:
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
CREATE EXTENSION IF NOT EXISTS btree_gist
    """,
    """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'huangge_app') THEN
    CREATE ROLE huangge_app NOLOGIN;
  END IF;
  EXECUTE format('GRANT huangge_app TO %I', current_user);
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
END $$
    """,
    """
CREATE OR REPLACE FUNCTION huangge_district() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('huangge.district', true), '')::uuid $$
    """,
    """
CREATE OR REPLACE FUNCTION huangge_settled_before() RETURNS xid8
LANGUAGE sql STABLE
AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot()) $$
    """,
    """
CREATE TABLE access_epoch (
  district_id UUID NOT NULL,
  epoch BIGINT NOT NULL,
  CONSTRAINT pk_access_epoch PRIMARY KEY (district_id)
)
    """,
    """
CREATE TABLE audit (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id VARCHAR NOT NULL,
  actor_name VARCHAR NOT NULL,
  event VARCHAR NOT NULL,
  collection VARCHAR NOT NULL,
  resource_id UUID,
  before JSONB,
  after JSONB,
  reason TEXT,
  request_id VARCHAR NOT NULL,
  CONSTRAINT pk_audit PRIMARY KEY (district_id, id)
)
    """,
    """
CREATE INDEX ix_audit_resource ON audit (district_id, collection, resource_id, at)
    """,
    """
CREATE TABLE calendar_day (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  scope VARCHAR NOT NULL,
  scope_id UUID NOT NULL,
  on_date DATE NOT NULL,
  kind VARCHAR NOT NULL,
  follows_weekday SMALLINT,
  follows_parity VARCHAR,
  reason VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  CONSTRAINT pk_calendar_day PRIMARY KEY (district_id, id),
  CONSTRAINT ck_calendar_day_scope CHECK (scope IN ('district', 'group', 'school')),
  CONSTRAINT ck_calendar_day_kind CHECK (kind IN ('teach', 'off', 'exam', 'activity')),
  CONSTRAINT ck_calendar_day_follows_parity CHECK (follows_parity IN ('odd', 'even')),
  CONSTRAINT ck_calendar_day_source CHECK (source IN ('national', 'manual', 'import')),
  CONSTRAINT ck_calendar_day_follows_weekday CHECK (follows_weekday BETWEEN 1 AND 7),
  CONSTRAINT ck_calendar_day_follows CHECK (kind = 'teach' OR (follows_weekday IS NULL AND follows_parity IS NULL))
)
    """,
    """
CREATE INDEX ix_calendar_day_date ON calendar_day (district_id, on_date)
    """,
    """
CREATE UNIQUE INDEX uq_calendar_day ON calendar_day (district_id, scope_id, on_date)
    """,
    """
CREATE TABLE calendar_notice (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  year SMALLINT NOT NULL,
  CONSTRAINT pk_calendar_notice PRIMARY KEY (district_id, id)
)
    """,
    """
CREATE UNIQUE INDEX uq_calendar_notice_year ON calendar_notice (district_id, year)
    """,
    """
CREATE TABLE change (
  district_id UUID NOT NULL,
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  collection VARCHAR NOT NULL,
  resource_id UUID NOT NULL,
  version INTEGER NOT NULL,
  op VARCHAR NOT NULL,
  event VARCHAR NOT NULL,
  spread BOOLEAN NOT NULL,
  reach UUID[] NOT NULL,
  actor VARCHAR NOT NULL,
  reason TEXT,
  request_id VARCHAR NOT NULL,
  CONSTRAINT pk_change PRIMARY KEY (district_id, seq),
  CONSTRAINT ck_change_op CHECK (op IN ('upsert', 'delete'))
)
    """,
    """
CREATE INDEX ix_change_position ON change (district_id, xid, seq)
    """,
    """
CREATE INDEX ix_change_resource ON change (district_id, collection, resource_id)
    """,
    """
CREATE TABLE code_item (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  list VARCHAR NOT NULL,
  code VARCHAR NOT NULL,
  zh VARCHAR NOT NULL,
  en VARCHAR NOT NULL,
  rank SMALLINT NOT NULL,
  active BOOLEAN NOT NULL,
  CONSTRAINT pk_code_item PRIMARY KEY (district_id, id)
)
    """,
    """
CREATE UNIQUE INDEX uq_code_item_code ON code_item (district_id, list, code)
    """,
    """
CREATE TABLE district (
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  code VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  name_en VARCHAR NOT NULL,
  zone VARCHAR NOT NULL,
  settings JSONB NOT NULL,
  CONSTRAINT pk_district PRIMARY KEY (id),
  CONSTRAINT ck_district_code CHECK (code ~ '^[0-9]{6}$')
)
    """,
    """
CREATE UNIQUE INDEX uq_district_code ON district (code)
    """,
    """
CREATE TABLE import_run (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  sha256 VARCHAR NOT NULL,
  size_bytes INTEGER NOT NULL,
  state VARCHAR NOT NULL,
  step JSONB,
  progress SMALLINT NOT NULL,
  attempts SMALLINT NOT NULL,
  problem_count INTEGER NOT NULL,
  report JSONB,
  reason JSONB,
  created_by VARCHAR NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  checked_at TIMESTAMP WITH TIME ZONE,
  applied_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_import_run PRIMARY KEY (district_id, id),
  CONSTRAINT ck_import_run_state CHECK (state IN ('checking', 'checked', 'applying', 'applied', 'refused', 'failed'))
)
    """,
    """
CREATE INDEX ix_import_run_created ON import_run (district_id, created_at)
    """,
    """
CREATE TABLE occupancy (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  resource_kind VARCHAR NOT NULL,
  resource_id UUID NOT NULL,
  during TSTZMULTIRANGE NOT NULL,
  kind VARCHAR NOT NULL,
  campus_id UUID,
  source_id UUID NOT NULL,
  CONSTRAINT pk_occupancy PRIMARY KEY (district_id, id),
  CONSTRAINT ex_occupancy_resource EXCLUDE USING gist (district_id WITH =, resource_id WITH =, during WITH &&),
  CONSTRAINT ck_occupancy_resource_kind CHECK (resource_kind IN ('teacher', 'class', 'room', 'facility')),
  CONSTRAINT ck_occupancy_kind CHECK (kind IN ('lesson', 'travel', 'leave', 'hold', 'visit', 'meeting', 'training')),
  CONSTRAINT ck_occupancy_during CHECK (NOT isempty(during))
)
    """,
    """
CREATE INDEX ix_occupancy_source ON occupancy (district_id, source_id)
    """,
    """
CREATE TABLE partner_client (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  client_id VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  scopes TEXT[] NOT NULL,
  active BOOLEAN NOT NULL,
  CONSTRAINT pk_partner_client PRIMARY KEY (district_id, id)
)
    """,
    """
CREATE UNIQUE INDEX uq_partner_client_client_id ON partner_client (district_id, client_id)
    """,
    """
CREATE TABLE school (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  short_name VARCHAR NOT NULL,
  name_pinyin VARCHAR NOT NULL,
  type_code VARCHAR NOT NULL,
  urban_rural_code VARCHAR NOT NULL,
  CONSTRAINT pk_school PRIMARY KEY (district_id, id),
  CONSTRAINT ck_school_type_code CHECK (type_code ~ '^[0-9]{3}$'),
  CONSTRAINT ck_school_urban_rural_code CHECK (urban_rural_code ~ '^[0-9]{3}$')
)
    """,
    """
CREATE INDEX ix_school_pinyin ON school (district_id, name_pinyin)
    """,
    """
CREATE UNIQUE INDEX uq_school_name ON school (district_id, name)
    """,
    """
CREATE TABLE school_group (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  name_pinyin VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  category VARCHAR,
  state VARCHAR NOT NULL,
  principal_responsibility BOOLEAN NOT NULL,
  founded_on DATE,
  dissolved_on DATE,
  CONSTRAINT pk_school_group PRIMARY KEY (district_id, id),
  CONSTRAINT ck_group_kind CHECK (kind IN ('k12', 'kindergarten')),
  CONSTRAINT ck_group_state CHECK (state IN ('draft', 'active', 'dissolved'))
)
    """,
    """
CREATE UNIQUE INDEX uq_group_name ON school_group (district_id, name)
    """,
    """
CREATE TABLE school_year (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  label VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_school_year PRIMARY KEY (district_id, id),
  CONSTRAINT ex_school_year EXCLUDE USING gist (district_id WITH =, valid WITH &&),
  CONSTRAINT ck_school_year_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE UNIQUE INDEX uq_school_year_label ON school_year (district_id, label)
    """,
    """
CREATE TABLE stored_answer (
  district_id UUID NOT NULL,
  caller VARCHAR NOT NULL,
  key VARCHAR NOT NULL,
  fingerprint VARCHAR NOT NULL,
  status INTEGER NOT NULL,
  headers JSONB NOT NULL,
  body BYTEA NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_stored_answer PRIMARY KEY (district_id, caller, key)
)
    """,
    """
CREATE INDEX ix_stored_answer_at ON stored_answer (district_id, at)
    """,
    """
CREATE TABLE task (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  kind VARCHAR NOT NULL,
  subject_collection VARCHAR NOT NULL,
  subject_id UUID NOT NULL,
  owner_kind VARCHAR NOT NULL,
  owner_id UUID,
  due_on DATE,
  state VARCHAR NOT NULL,
  title_zh VARCHAR NOT NULL,
  title_en VARCHAR NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  closed_reason TEXT,
  CONSTRAINT pk_task PRIMARY KEY (district_id, id),
  CONSTRAINT ck_task_owner_kind CHECK (owner_kind IN ('school', 'group', 'district')),
  CONSTRAINT ck_task_state CHECK (state IN ('open', 'done'))
)
    """,
    """
CREATE INDEX ix_task_owner ON task (district_id, owner_kind, owner_id)
    """,
    """
CREATE UNIQUE INDEX uq_task_open ON task (district_id, kind, subject_collection, subject_id) WHERE state = 'open'
    """,
    """
CREATE TABLE teacher (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  number VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  name_pinyin VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  backbone_level VARCHAR,
  backbone_grantor VARCHAR,
  birth_year SMALLINT,
  teaching_since DATE,
  expected_retirement_on DATE,
  cadre BOOLEAN NOT NULL,
  weekly_load_limit SMALLINT NOT NULL,
  CONSTRAINT pk_teacher PRIMARY KEY (district_id, id),
  CONSTRAINT ck_teacher_title CHECK (title IN ('senior_full', 'senior', 'first', 'second', 'third', 'none')),
  CONSTRAINT ck_teacher_backbone_level CHECK (backbone_level IN ('backbone', 'subject_leader', 'master', 'special')),
  CONSTRAINT ck_teacher_backbone_grantor CHECK (backbone_grantor IN ('school', 'district', 'city', 'province', 'nation')),
  CONSTRAINT ck_teacher_backbone CHECK ((backbone_level IS NULL) = (backbone_grantor IS NULL)),
  CONSTRAINT ck_teacher_birth_year CHECK (birth_year BETWEEN 1930 AND 2020),
  CONSTRAINT ck_teacher_weekly_load_limit CHECK (weekly_load_limit BETWEEN 1 AND 40)
)
    """,
    """
CREATE INDEX ix_teacher_pinyin ON teacher (district_id, name_pinyin, id)
    """,
    """
CREATE UNIQUE INDEX uq_teacher_number ON teacher (district_id, number)
    """,
    """
CREATE TABLE account (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  username VARCHAR NOT NULL,
  display_name VARCHAR NOT NULL,
  password_hash VARCHAR,
  subject VARCHAR,
  teacher_id UUID,
  school_id UUID,
  active BOOLEAN NOT NULL,
  CONSTRAINT pk_account PRIMARY KEY (district_id, id),
  CONSTRAINT ck_account_username CHECK (username = lower(username) AND strpos(username, '@') = 0),
  CONSTRAINT fk_account_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE INDEX ix_account_school ON account (district_id, school_id)
    """,
    """
CREATE UNIQUE INDEX uq_account_subject ON account (district_id, subject) WHERE subject IS NOT NULL
    """,
    """
CREATE UNIQUE INDEX uq_account_teacher ON account (district_id, teacher_id) WHERE teacher_id IS NOT NULL
    """,
    """
CREATE UNIQUE INDEX uq_account_username ON account (district_id, username)
    """,
    """
CREATE TABLE campus (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  school_id UUID NOT NULL,
  code VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  address VARCHAR NOT NULL,
  gate VARCHAR NOT NULL,
  longitude NUMERIC(9, 6),
  latitude NUMERIC(8, 6),
  datum VARCHAR NOT NULL,
  zone VARCHAR NOT NULL,
  main BOOLEAN NOT NULL,
  CONSTRAINT pk_campus PRIMARY KEY (district_id, id),
  CONSTRAINT fk_campus_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_campus_datum CHECK (datum IN ('gcj02', 'wgs84', 'bd09')),
  CONSTRAINT ck_campus_position CHECK ((longitude IS NULL) = (latitude IS NULL)),
  CONSTRAINT ck_campus_longitude CHECK (longitude BETWEEN -180 AND 180),
  CONSTRAINT ck_campus_latitude CHECK (latitude BETWEEN -90 AND 90)
)
    """,
    """
CREATE INDEX ix_campus_school ON campus (district_id, school_id)
    """,
    """
CREATE UNIQUE INDEX uq_campus_code ON campus (district_id, code)
    """,
    """
CREATE UNIQUE INDEX uq_campus_main ON campus (district_id, school_id) WHERE main
    """,
    """
CREATE TABLE charter (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  group_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  title VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  effective_from DATE,
  CONSTRAINT pk_charter PRIMARY KEY (district_id, id),
  CONSTRAINT fk_charter_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_charter_state CHECK (state IN ('draft', 'signing', 'effective', 'replaced'))
)
    """,
    """
CREATE UNIQUE INDEX uq_charter_number ON charter (district_id, group_id, number)
    """,
    """
CREATE TABLE client_organisation (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  client_id UUID NOT NULL,
  reach VARCHAR NOT NULL,
  school_id UUID,
  group_id UUID,
  target_id UUID GENERATED ALWAYS AS (coalesce(school_id, group_id, district_id)) STORED,
  CONSTRAINT pk_client_organisation PRIMARY KEY (district_id, id),
  CONSTRAINT fk_client_organisation_client FOREIGN KEY(district_id, client_id) REFERENCES partner_client (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_client_organisation_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_client_organisation_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_client_organisation_reach CHECK (reach IN ('self', 'school', 'group', 'district')),
  CONSTRAINT ck_client_organisation_target CHECK ((reach = 'school') = (school_id IS NOT NULL) AND (reach = 'group') = (group_id IS NOT NULL))
)
    """,
    """
CREATE UNIQUE INDEX uq_client_organisation ON client_organisation (district_id, client_id, target_id)
    """,
    """
CREATE TABLE client_secret (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  client_id UUID NOT NULL,
  slot INTEGER NOT NULL,
  secret_hash BYTEA NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_client_secret PRIMARY KEY (district_id, id),
  CONSTRAINT fk_client_secret_client FOREIGN KEY(district_id, client_id) REFERENCES partner_client (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_client_secret_slot CHECK (slot IN (1, 2))
)
    """,
    """
CREATE UNIQUE INDEX uq_client_secret_slot ON client_secret (district_id, client_id, slot)
    """,
    """
CREATE TABLE employment (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  school_id UUID NOT NULL,
  valid DATERANGE NOT NULL,
  leaving_reason VARCHAR,
  CONSTRAINT pk_employment PRIMARY KEY (district_id, id),
  CONSTRAINT fk_employment_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_employment_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_employment_teacher EXCLUDE USING gist (district_id WITH =, teacher_id WITH =, valid WITH &&),
  CONSTRAINT ck_employment_leaving_reason CHECK (leaving_reason IN ('transferred', 'rotated', 'retired', 'resigned', 'other')),
  CONSTRAINT ck_employment_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE INDEX ix_employment_school ON employment (district_id, school_id)
    """,
    """
CREATE INDEX ix_employment_teacher ON employment (district_id, teacher_id)
    """,
    """
CREATE TABLE group_head (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  group_id UUID NOT NULL,
  person_name VARCHAR NOT NULL,
  teacher_number VARCHAR,
  criteria JSONB NOT NULL,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_group_head PRIMARY KEY (district_id, id),
  CONSTRAINT fk_group_head_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_group_head EXCLUDE USING gist (district_id WITH =, group_id WITH =, valid WITH &&),
  CONSTRAINT ck_group_head_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE TABLE import_file (
  district_id UUID NOT NULL,
  import_id UUID NOT NULL,
  content BYTEA NOT NULL,
  CONSTRAINT pk_import_file PRIMARY KEY (district_id, import_id),
  CONSTRAINT fk_import_file_run FOREIGN KEY(district_id, import_id) REFERENCES import_run (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE TABLE membership (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  group_id UUID NOT NULL,
  school_id UUID NOT NULL,
  tier VARCHAR NOT NULL,
  seat SMALLINT,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_membership PRIMARY KEY (district_id, id),
  CONSTRAINT fk_membership_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_membership_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_membership_lead EXCLUDE USING gist (district_id WITH =, group_id WITH =, valid WITH &&) WHERE (tier = 'lead'),
  CONSTRAINT ex_membership_seat EXCLUDE USING gist (district_id WITH =, group_id WITH =, seat WITH =, valid WITH &&) WHERE (tier = 'close'),
  CONSTRAINT ex_membership_once EXCLUDE USING gist (district_id WITH =, group_id WITH =, school_id WITH =, valid WITH &&),
  CONSTRAINT ex_membership_core EXCLUDE USING gist (district_id WITH =, school_id WITH =, valid WITH &&) WHERE (tier IN ('lead', 'close')),
  CONSTRAINT ck_membership_tier CHECK (tier IN ('lead', 'close', 'alliance')),
  CONSTRAINT ck_membership_seat CHECK ((tier = 'close') = (seat IS NOT NULL)),
  CONSTRAINT ck_membership_seat_number CHECK (seat BETWEEN 1 AND 2),
  CONSTRAINT ck_membership_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE TABLE pairing (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  mentor_id UUID NOT NULL,
  mentee_id UUID NOT NULL,
  role VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  goals TEXT NOT NULL,
  state VARCHAR NOT NULL,
  mentor_accepted BOOLEAN NOT NULL,
  mentee_accepted BOOLEAN NOT NULL,
  activated_on DATE,
  ended_at TIMESTAMP WITH TIME ZONE,
  end_reason VARCHAR,
  end_note TEXT NOT NULL,
  CONSTRAINT pk_pairing PRIMARY KEY (district_id, id),
  CONSTRAINT fk_pairing_mentor FOREIGN KEY(district_id, mentor_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_pairing_mentee FOREIGN KEY(district_id, mentee_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_pairing_role EXCLUDE USING gist (district_id WITH =, mentee_id WITH =, role WITH =, valid WITH &&) WHERE (state = 'active'),
  CONSTRAINT ex_pairing_persons EXCLUDE USING gist (district_id WITH =, mentor_id WITH =, mentee_id WITH =, valid WITH &&) WHERE (state <> 'ended'),
  CONSTRAINT ck_pairing_oneself CHECK (mentor_id <> mentee_id),
  CONSTRAINT ck_pairing_valid CHECK (NOT isempty(valid) AND NOT lower_inf(valid)),
  CONSTRAINT ck_pairing_state CHECK (state IN ('proposed', 'accepted', 'active', 'ended')),
  CONSTRAINT ck_pairing_end_reason CHECK (end_reason IN ('completed', 'replaced', 'transferred', 'withdrawn')),
  CONSTRAINT ck_pairing_end CHECK ((state = 'ended') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (end_reason IS NULL)),
  CONSTRAINT ck_pairing_accepted CHECK (state IN ('proposed', 'ended') OR (mentor_accepted AND mentee_accepted))
)
    """,
    """
CREATE INDEX ix_pairing_mentee ON pairing (district_id, mentee_id)
    """,
    """
CREATE INDEX ix_pairing_mentor ON pairing (district_id, mentor_id)
    """,
    """
CREATE TABLE qualification (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  teacher_id UUID NOT NULL,
  subject VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  CONSTRAINT pk_qualification PRIMARY KEY (district_id, id),
  CONSTRAINT fk_qualification_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_qualification_stage CHECK (stage IN ('1', '2', '3', '4'))
)
    """,
    """
CREATE UNIQUE INDEX uq_qualification ON qualification (district_id, teacher_id, subject, stage)
    """,
    """
CREATE TABLE school_designation (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  school_id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  reason VARCHAR NOT NULL,
  CONSTRAINT pk_school_designation PRIMARY KEY (district_id, id),
  CONSTRAINT fk_school_designation_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_school_designation EXCLUDE USING gist (district_id WITH =, school_id WITH =, kind WITH =, valid WITH &&),
  CONSTRAINT ck_school_designation_kind CHECK (kind IN ('weak')),
  CONSTRAINT ck_school_designation_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE TABLE school_identifier (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  school_id UUID NOT NULL,
  code VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_school_identifier PRIMARY KEY (district_id, id),
  CONSTRAINT fk_school_identifier_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_school_identifier_school EXCLUDE USING gist (district_id WITH =, school_id WITH =, valid WITH &&),
  CONSTRAINT ex_school_identifier_code EXCLUDE USING gist (district_id WITH =, code WITH =, valid WITH &&),
  CONSTRAINT ck_school_identifier_code CHECK (code ~ '^[0-9]{10}$'),
  CONSTRAINT ck_school_identifier_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE TABLE term (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  school_year_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  days DATERANGE NOT NULL,
  week_one DATE NOT NULL,
  CONSTRAINT pk_term PRIMARY KEY (district_id, id),
  CONSTRAINT fk_term_school_year FOREIGN KEY(district_id, school_year_id) REFERENCES school_year (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_term EXCLUDE USING gist (district_id WITH =, days WITH &&),
  CONSTRAINT ck_term_number CHECK (number IN (1, 2)),
  CONSTRAINT ck_term_week_one CHECK (extract(isodow FROM week_one) = 1),
  CONSTRAINT ck_term_days CHECK (NOT isempty(days) AND lower(days) - week_one BETWEEN 0 AND 6)
)
    """,
    """
CREATE UNIQUE INDEX uq_term_number ON term (district_id, school_year_id, number)
    """,
    """
CREATE TABLE account_grant (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  account_id UUID NOT NULL,
  role VARCHAR NOT NULL,
  reach VARCHAR NOT NULL,
  school_id UUID,
  group_id UUID,
  target_id UUID GENERATED ALWAYS AS (coalesce(school_id, group_id, district_id)) STORED,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_account_grant PRIMARY KEY (district_id, id),
  CONSTRAINT fk_account_grant_account FOREIGN KEY(district_id, account_id) REFERENCES account (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_account_grant_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_account_grant_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_account_grant_role CHECK (role IN ('district_admin', 'group_admin', 'school_admin', 'teacher', 'researcher', 'evaluator', 'auditor', 'partner')),
  CONSTRAINT ck_account_grant_reach CHECK (reach IN ('self', 'school', 'group', 'district')),
  CONSTRAINT ck_account_grant_target CHECK ((reach = 'school') = (school_id IS NOT NULL) AND (reach = 'group') = (group_id IS NOT NULL)),
  CONSTRAINT ck_account_grant_days CHECK (NOT isempty(valid)),
  CONSTRAINT ex_account_grant EXCLUDE USING gist (district_id WITH =, account_id WITH =, role WITH =, target_id WITH =, valid WITH &&)
)
    """,
    """
CREATE INDEX ix_account_grant_group ON account_grant (district_id, group_id)
    """,
    """
CREATE INDEX ix_account_grant_role ON account_grant (district_id, role)
    """,
    """
CREATE INDEX ix_account_grant_school ON account_grant (district_id, school_id)
    """,
    """
CREATE TABLE assignment (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  code VARCHAR,
  teacher_id UUID NOT NULL,
  home_school_id UUID NOT NULL,
  host_school_id UUID NOT NULL,
  campus_id UUID NOT NULL,
  group_id UUID NOT NULL,
  term_id UUID NOT NULL,
  subject VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  state VARCHAR NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE,
  ended_on DATE,
  end_reason TEXT,
  CONSTRAINT pk_assignment PRIMARY KEY (district_id, id),
  CONSTRAINT fk_assignment_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_home_school FOREIGN KEY(district_id, home_school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_host_school FOREIGN KEY(district_id, host_school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_group FOREIGN KEY(district_id, group_id) REFERENCES school_group (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_term FOREIGN KEY(district_id, term_id) REFERENCES term (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_assignment_state CHECK (state IN ('draft', 'published', 'ended')),
  CONSTRAINT ck_assignment_stage CHECK (stage IN ('1', '2', '3', '4')),
  CONSTRAINT ck_assignment_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE INDEX ix_assignment_group ON assignment (district_id, group_id)
    """,
    """
CREATE INDEX ix_assignment_home_school ON assignment (district_id, home_school_id)
    """,
    """
CREATE INDEX ix_assignment_host_school ON assignment (district_id, host_school_id)
    """,
    """
CREATE INDEX ix_assignment_teacher ON assignment (district_id, teacher_id)
    """,
    """
CREATE UNIQUE INDEX uq_assignment_code ON assignment (district_id, code)
    """,
    """
CREATE TABLE bell_schedule (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  campus_id UUID NOT NULL,
  stage VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_bell_schedule PRIMARY KEY (district_id, id),
  CONSTRAINT fk_bell_schedule_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ex_bell_schedule EXCLUDE USING gist (district_id WITH =, campus_id WITH =, stage WITH =, valid WITH &&),
  CONSTRAINT ck_bell_schedule_stage CHECK (stage IN ('1', '2', '3', '4')),
  CONSTRAINT ck_bell_schedule_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE TABLE charter_clause (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  charter_id UUID NOT NULL,
  rank SMALLINT NOT NULL,
  tier VARCHAR,
  kind VARCHAR NOT NULL,
  text TEXT NOT NULL,
  CONSTRAINT pk_charter_clause PRIMARY KEY (district_id, id),
  CONSTRAINT fk_charter_clause_charter FOREIGN KEY(district_id, charter_id) REFERENCES charter (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_charter_clause_kind CHECK (kind IN ('right', 'duty', 'rule')),
  CONSTRAINT ck_charter_clause_tier CHECK (tier IN ('lead', 'close', 'alliance'))
)
    """,
    """
CREATE UNIQUE INDEX uq_charter_clause_rank ON charter_clause (district_id, charter_id, rank)
    """,
    """
CREATE TABLE charter_signature (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  charter_id UUID NOT NULL,
  school_id UUID NOT NULL,
  signed_on DATE NOT NULL,
  signed_by VARCHAR NOT NULL,
  CONSTRAINT pk_charter_signature PRIMARY KEY (district_id, id),
  CONSTRAINT fk_charter_signature_charter FOREIGN KEY(district_id, charter_id) REFERENCES charter (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_charter_signature_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE UNIQUE INDEX uq_charter_signature ON charter_signature (district_id, charter_id, school_id)
    """,
    """
CREATE TABLE class_section (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  school_id UUID NOT NULL,
  campus_id UUID NOT NULL,
  code VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  grade SMALLINT NOT NULL,
  number SMALLINT NOT NULL,
  name VARCHAR NOT NULL,
  pupils INTEGER,
  valid DATERANGE NOT NULL,
  CONSTRAINT pk_class_section PRIMARY KEY (district_id, id),
  CONSTRAINT fk_class_section_school FOREIGN KEY(district_id, school_id) REFERENCES school (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_class_section_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_class_section_grade CHECK (grade BETWEEN 1 AND 12),
  CONSTRAINT ck_class_section_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE INDEX ix_class_section_campus ON class_section (district_id, campus_id)
    """,
    """
CREATE UNIQUE INDEX uq_class_section_code ON class_section (district_id, school_id, code)
    """,
    """
CREATE TABLE login_session (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  account_id UUID,
  client_id UUID,
  device VARCHAR NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  last_used_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  end_reason VARCHAR,
  generation INTEGER NOT NULL,
  refresh_hash BYTEA,
  retry_hash BYTEA,
  CONSTRAINT pk_login_session PRIMARY KEY (district_id, id),
  CONSTRAINT fk_login_session_account FOREIGN KEY(district_id, account_id) REFERENCES account (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_login_session_client FOREIGN KEY(district_id, client_id) REFERENCES partner_client (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_login_session_owner CHECK (num_nonnulls(account_id, client_id) = 1),
  CONSTRAINT ck_login_session_end_reason CHECK (end_reason IN ('signed_out', 'revoked', 'reused', 'credentials_changed', 'deactivated'))
)
    """,
    """
CREATE INDEX ix_login_session_account ON login_session (district_id, account_id, expires_at)
    """,
    """
CREATE INDEX ix_login_session_client ON login_session (district_id, client_id, expires_at)
    """,
    """
CREATE INDEX ix_login_session_expires ON login_session (district_id, expires_at)
    """,
    """
CREATE TABLE room (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  campus_id UUID NOT NULL,
  code VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  capacity INTEGER,
  CONSTRAINT pk_room PRIMARY KEY (district_id, id),
  CONSTRAINT fk_room_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_room_kind CHECK (kind IN ('classroom', 'lab', 'computer', 'music', 'art', 'sports', 'hall', 'other'))
)
    """,
    """
CREATE UNIQUE INDEX uq_room_code ON room (district_id, campus_id, code)
    """,
    """
CREATE TABLE travel_time (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  from_campus_id UUID NOT NULL,
  to_campus_id UUID NOT NULL,
  minutes SMALLINT NOT NULL,
  buffer SMALLINT NOT NULL,
  CONSTRAINT pk_travel_time PRIMARY KEY (district_id, id),
  CONSTRAINT fk_travel_time_from FOREIGN KEY(district_id, from_campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_travel_time_to FOREIGN KEY(district_id, to_campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_travel_time_way CHECK (from_campus_id <> to_campus_id),
  CONSTRAINT ck_travel_time_minutes CHECK (minutes BETWEEN 0 AND 600 AND buffer BETWEEN 0 AND 120)
)
    """,
    """
CREATE UNIQUE INDEX uq_travel_time_way ON travel_time (district_id, from_campus_id, to_campus_id)
    """,
    """
CREATE TABLE bell_period (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  schedule_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  name VARCHAR NOT NULL,
  starts TIME WITHOUT TIME ZONE NOT NULL,
  ends TIME WITHOUT TIME ZONE NOT NULL,
  CONSTRAINT pk_bell_period PRIMARY KEY (district_id, id),
  CONSTRAINT fk_bell_period_schedule FOREIGN KEY(district_id, schedule_id) REFERENCES bell_schedule (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_bell_period_number CHECK (number BETWEEN 1 AND 20),
  CONSTRAINT ck_bell_period_times CHECK (starts < ends)
)
    """,
    """
CREATE UNIQUE INDEX uq_bell_period_number ON bell_period (district_id, schedule_id, number)
    """,
    """
CREATE TABLE weekly_slot (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  teacher_id UUID NOT NULL,
  subject VARCHAR NOT NULL,
  campus_id UUID NOT NULL,
  stage VARCHAR NOT NULL,
  weekday SMALLINT NOT NULL,
  period SMALLINT NOT NULL,
  parity VARCHAR NOT NULL,
  weeks SMALLINT[],
  room_id UUID,
  valid DATERANGE NOT NULL,
  origin VARCHAR NOT NULL,
  origin_id UUID,
  CONSTRAINT pk_weekly_slot PRIMARY KEY (district_id, id),
  CONSTRAINT fk_weekly_slot_teacher FOREIGN KEY(district_id, teacher_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_weekly_slot_campus FOREIGN KEY(district_id, campus_id) REFERENCES campus (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_weekly_slot_room FOREIGN KEY(district_id, room_id) REFERENCES room (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_weekly_slot_parity CHECK (parity IN ('every', 'odd', 'even')),
  CONSTRAINT ck_weekly_slot_origin CHECK (origin IN ('home', 'itinerant')),
  CONSTRAINT ck_weekly_slot_weekday CHECK (weekday BETWEEN 1 AND 7),
  CONSTRAINT ck_weekly_slot_period CHECK (period BETWEEN 1 AND 20),
  CONSTRAINT ck_weekly_slot_weeks CHECK (weeks IS NULL OR (cardinality(weeks) > 0 AND 1 <= ALL (weeks) AND 30 >= ALL (weeks)))
)
    """,
    """
CREATE INDEX ix_weekly_slot_origin ON weekly_slot (district_id, origin_id) WHERE origin_id IS NOT NULL
    """,
    """
CREATE UNIQUE INDEX uq_weekly_slot_teacher ON weekly_slot (district_id, teacher_id, campus_id, id)
    """,
    """
CREATE TABLE assignment_pattern (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  assignment_id UUID NOT NULL,
  weekday SMALLINT NOT NULL,
  period SMALLINT NOT NULL,
  parity VARCHAR NOT NULL,
  weeks SMALLINT[],
  class_ids UUID[] NOT NULL,
  room_id UUID,
  valid DATERANGE NOT NULL,
  slot_id UUID,
  CONSTRAINT pk_assignment_pattern PRIMARY KEY (district_id, id),
  CONSTRAINT fk_assignment_pattern_assignment FOREIGN KEY(district_id, assignment_id) REFERENCES assignment (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_pattern_room FOREIGN KEY(district_id, room_id) REFERENCES room (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_assignment_pattern_slot FOREIGN KEY(district_id, slot_id) REFERENCES weekly_slot (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_assignment_pattern_parity CHECK (parity IN ('every', 'odd', 'even')),
  CONSTRAINT ck_assignment_pattern_place CHECK (weekday BETWEEN 1 AND 7 AND period BETWEEN 1 AND 20),
  CONSTRAINT ck_assignment_pattern_weeks CHECK (weeks IS NULL OR (cardinality(weeks) > 0 AND 1 <= ALL (weeks) AND 30 >= ALL (weeks))),
  CONSTRAINT ck_assignment_pattern_valid CHECK (NOT isempty(valid))
)
    """,
    """
CREATE INDEX ix_assignment_pattern_assignment ON assignment_pattern (district_id, assignment_id)
    """,
    """
CREATE TABLE lesson (
  district_id UUID NOT NULL,
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  slot_id UUID NOT NULL,
  original_teacher_id UUID NOT NULL,
  substitute_id UUID,
  teacher_id UUID GENERATED ALWAYS AS (coalesce(substitute_id, original_teacher_id)) STORED NOT NULL,
  campus_id UUID NOT NULL,
  subject VARCHAR NOT NULL,
  on_date DATE NOT NULL,
  week SMALLINT NOT NULL,
  period SMALLINT,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  original_starts_at TIMESTAMP WITH TIME ZONE,
  original_ends_at TIMESTAMP WITH TIME ZONE,
  room_id UUID,
  status VARCHAR NOT NULL,
  change VARCHAR,
  reason TEXT,
  changed_by VARCHAR,
  changed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_lesson PRIMARY KEY (district_id, id),
  CONSTRAINT fk_lesson_slot FOREIGN KEY(district_id, slot_id, original_teacher_id, campus_id) REFERENCES weekly_slot (district_id, id, teacher_id, campus_id) ON DELETE RESTRICT,
  CONSTRAINT fk_lesson_substitute FOREIGN KEY(district_id, substitute_id) REFERENCES teacher (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_lesson_room FOREIGN KEY(district_id, room_id) REFERENCES room (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT ck_lesson_status CHECK (status IN ('scheduled', 'cancelled')),
  CONSTRAINT ck_lesson_change CHECK (change IS NULL OR change IN ('moved', 'cancelled', 'ended', 'replaced', 'calendar')),
  CONSTRAINT ck_lesson_times CHECK (starts_at < ends_at)
)
    """,
    """
CREATE INDEX ix_lesson_campus ON lesson (district_id, campus_id, on_date)
    """,
    """
CREATE INDEX ix_lesson_teacher ON lesson (district_id, teacher_id, starts_at)
    """,
    """
CREATE TABLE weekly_slot_class (
  district_id UUID NOT NULL,
  slot_id UUID NOT NULL,
  class_id UUID NOT NULL,
  CONSTRAINT pk_weekly_slot_class PRIMARY KEY (district_id, slot_id, class_id),
  CONSTRAINT fk_weekly_slot_class_slot FOREIGN KEY(district_id, slot_id) REFERENCES weekly_slot (district_id, id) ON DELETE RESTRICT,
  CONSTRAINT fk_weekly_slot_class_class FOREIGN KEY(district_id, class_id) REFERENCES class_section (district_id, id) ON DELETE RESTRICT
)
    """,
    """
CREATE INDEX ix_weekly_slot_class_class ON weekly_slot_class (district_id, class_id)
    """,
    """
CREATE TYPE pgqueuer_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed')
    """,
    """
CREATE TABLE pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    execute_after timestamp with time zone NOT NULL DEFAULT now(),
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
)
    """,
    """
CREATE TABLE pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
)
    """,
    """
CREATE TABLE pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    next_run timestamp with time zone NOT NULL DEFAULT now(),
    last_run timestamp with time zone,
    status pgqueuer_status DEFAULT 'queued'::pgqueuer_status,
    UNIQUE (expression, entrypoint)
)
    """,
    """
CREATE TABLE pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
)
    """,
    """
CREATE INDEX pgqueuer_ep_ea_idx ON pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::pgqueuer_status)
    """,
    """
CREATE INDEX pgqueuer_ep_prio_id_idx ON pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::pgqueuer_status)
    """,
    """
CREATE INDEX pgqueuer_log_created ON pgqueuer_log USING btree (created)
    """,
    """
CREATE INDEX pgqueuer_log_job_id_status ON pgqueuer_log USING btree (job_id, created DESC)
    """,
    """
CREATE INDEX pgqueuer_log_not_aggregated ON pgqueuer_log USING btree ((1)) WHERE (NOT aggregated)
    """,
    """
CREATE INDEX pgqueuer_log_status ON pgqueuer_log USING btree (status)
    """,
    """
CREATE INDEX pgqueuer_picked_heartbeat_idx ON pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::pgqueuer_status)
    """,
    """
CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::pgqueuer_status) AND (slot IS NOT NULL))
    """,
    """
CREATE INDEX pgqueuer_priority_id_id1_idx ON pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::pgqueuer_status)
    """,
    """
CREATE INDEX pgqueuer_queue_manager_id_idx ON pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL)
    """,
    """
CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint)
    """,
    """
CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])) AND (dedupe_key IS NOT NULL))
    """,
    """
CREATE INDEX pgqueuer_updated_id_id1_idx ON pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::pgqueuer_status)
    """,
    """
CREATE FUNCTION fn_pgqueuer_changed() RETURNS TRIGGER AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$ LANGUAGE plpgsql
    """,
    """
CREATE TRIGGER tg_pgqueuer_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgqueuer
EXECUTE FUNCTION fn_pgqueuer_changed()
    """,
    """
ALTER TABLE access_epoch ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE access_epoch FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON access_epoch
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE audit ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE audit FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON audit
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE calendar_day ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE calendar_day FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON calendar_day
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE calendar_notice ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE calendar_notice FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON calendar_notice
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE change ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE change FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON change
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE code_item ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE code_item FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON code_item
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE import_run ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE import_run FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON import_run
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE occupancy ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE occupancy FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON occupancy
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE partner_client ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE partner_client FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON partner_client
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE school ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE school FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON school
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE school_group ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE school_group FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON school_group
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE school_year ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE school_year FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON school_year
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE stored_answer ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE stored_answer FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON stored_answer
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE task ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE task FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON task
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE teacher ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE teacher FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON teacher
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE account ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE account FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON account
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE campus ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE campus FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON campus
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE charter ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE charter FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON charter
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE client_organisation ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE client_organisation FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON client_organisation
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE client_secret ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE client_secret FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON client_secret
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE employment ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE employment FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON employment
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE group_head ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE group_head FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON group_head
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE import_file ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE import_file FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON import_file
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE membership ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE membership FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON membership
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE pairing ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE pairing FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON pairing
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE qualification ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE qualification FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON qualification
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE school_designation ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE school_designation FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON school_designation
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE school_identifier ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE school_identifier FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON school_identifier
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE term ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE term FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON term
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE account_grant ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE account_grant FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON account_grant
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE assignment ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE assignment FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON assignment
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE bell_schedule ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE bell_schedule FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON bell_schedule
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE charter_clause ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE charter_clause FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON charter_clause
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE charter_signature ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE charter_signature FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON charter_signature
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE class_section ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE class_section FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON class_section
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE login_session ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE login_session FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON login_session
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE room ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE room FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON room
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE travel_time ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE travel_time FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON travel_time
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE bell_period ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE bell_period FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON bell_period
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE weekly_slot ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE weekly_slot FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON weekly_slot
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE assignment_pattern ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE assignment_pattern FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON assignment_pattern
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE lesson ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE lesson FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON lesson
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
ALTER TABLE weekly_slot_class ENABLE ROW LEVEL SECURITY
    """,
    """
ALTER TABLE weekly_slot_class FORCE ROW LEVEL SECURITY
    """,
    """
CREATE POLICY tenant ON weekly_slot_class
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))
    """,
    """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huangge_app') THEN
    GRANT USAGE ON SCHEMA public TO huangge_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO huangge_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO huangge_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public
      GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO huangge_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO huangge_app;
    REVOKE UPDATE, DELETE ON audit FROM huangge_app;
  END IF;
END $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: the first release has nothing to go back to")
