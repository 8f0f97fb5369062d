-- The warehouse, version 1.
--
-- Tables of a run repeat the frames of checks/frames.py column by column, behind
-- (run_id, stage): a stage that is repeated replaces its own rows and nobody else's.
-- Their keys are in data/tables.py and are checked when rows come in; they have no index, because
-- one over four text columns makes a million rows three times as slow to write, fifty times as
-- slow to replace, and twice as large (docs/decisions/0007-keys-without-index.md).
-- Tables that outlive runs have primary keys.

CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY
);

CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY,
    as_of TIMESTAMPTZ NOT NULL,
    state VARCHAR NOT NULL,
    digests VARCHAR NOT NULL,          -- JSON object: name -> sha256
    settings VARCHAR NOT NULL,         -- JSON object: what --resume needs
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    summary VARCHAR                    -- JSON object
);

CREATE TABLE stages (
    run_id VARCHAR,
    stage VARCHAR,
    committed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (run_id, stage)
);

-- Tables of a run ------------------------------------------------------------------------------

CREATE TABLE records (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    kind VARCHAR,
    name VARCHAR,
    tax_id VARCHAR,
    tax_id_flag VARCHAR,
    phone VARCHAR,
    language VARCHAR
);

CREATE TABLE found_contacts (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    email_raw VARCHAR NOT NULL,
    origin VARCHAR,
    source VARCHAR,
    source_date DATE,
    legal_basis VARCHAR,
    confirmed_at TIMESTAMPTZ
);

CREATE TABLE invoices (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    invoice_id VARCHAR NOT NULL,
    amount DECIMAL(18, 2),
    currency VARCHAR,
    due_date DATE
);

CREATE TABLE quarantine (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    reason VARCHAR,
    detail VARCHAR
);

CREATE TABLE debtors (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    kind VARCHAR,
    name VARCHAR,
    tax_id VARCHAR,
    tax_id_flag VARCHAR,
    phone VARCHAR,
    language VARCHAR,
    invoices BIGINT,
    amount DECIMAL(18, 2),
    currency VARCHAR,
    due_date DATE
);

CREATE TABLE syntax (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    email_raw VARCHAR NOT NULL,
    address VARCHAR,
    domain VARCHAR,
    verdict VARCHAR,
    reason VARCHAR,
    is_role BOOLEAN,
    is_free BOOLEAN,
    is_disposable BOOLEAN,
    suggestion VARCHAR
);

CREATE TABLE domains (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    domain VARCHAR NOT NULL,
    verdict VARCHAR,
    reason VARCHAR,
    provider VARCHAR,
    mx_hosts VARCHAR[],
    mx_addresses VARCHAR[],
    evidence VARCHAR,
    checked_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ
);

CREATE TABLE findings (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    "check" VARCHAR NOT NULL,
    verdict VARCHAR,
    reason VARCHAR,
    evidence VARCHAR,
    checked_at TIMESTAMPTZ
);

CREATE TABLE clusters (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    cluster_id VARCHAR,
    link VARCHAR
);

CREATE TABLE contacts (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    email_raw VARCHAR NOT NULL,
    email VARCHAR,
    verdict VARCHAR,
    reason VARCHAR,
    score DOUBLE,
    score_basis VARCHAR,
    ownership DOUBLE,
    decision VARCHAR,
    decision_reason VARCHAR,
    provider VARCHAR,
    mx_host VARCHAR,
    smtp_code BIGINT,
    smtp_enhanced VARCHAR,
    smtp_text VARCHAR,
    is_role BOOLEAN,
    is_free BOOLEAN,
    is_disposable BOOLEAN,
    is_catch_all BOOLEAN,
    suggestion VARCHAR,
    origin VARCHAR,
    source VARCHAR,
    source_date DATE,
    legal_basis VARCHAR,
    checked_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ,
    confirmed_at TIMESTAMPTZ
);

CREATE TABLE steps (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    score VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    step VARCHAR,
    log_odds DOUBLE
);

CREATE TABLE decided_debtors (
    run_id VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    creditor_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    cluster_id VARCHAR,
    kind VARCHAR,
    name VARCHAR,
    decision VARCHAR,
    decision_reason VARCHAR,
    email VARCHAR,
    score DOUBLE,
    ownership DOUBLE,
    backups VARCHAR[],
    other_channel VARCHAR,
    phone VARCHAR,
    invoices BIGINT,
    amount DECIMAL(18, 2),
    currency VARCHAR,
    days_overdue BIGINT
);

-- Tables that outlive runs ---------------------------------------------------------------------

CREATE TABLE events (
    creditor_id VARCHAR NOT NULL,      -- '*': the file did not say whose message it was
    event_id VARCHAR NOT NULL,         -- a hash of the event: the same event is the same row
    message_key VARCHAR,
    address VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    permanence VARCHAR,
    smtp_code BIGINT,
    enhanced VARCHAR,
    diagnostic VARCHAR
);

CREATE TABLE suppressions (
    creditor_id VARCHAR,               -- '*': every creditor of this installation
    subject VARCHAR,
    key VARCHAR,
    reason VARCHAR,
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ,
    source VARCHAR,
    PRIMARY KEY (creditor_id, subject, key, reason)
);

CREATE TABLE overrides (
    creditor_id VARCHAR,
    debtor_id VARCHAR,
    decision VARCHAR NOT NULL,
    decided_by VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    until DATE,                        -- the last day on which it holds; null: until removed
    PRIMARY KEY (creditor_id, debtor_id)
);

CREATE TABLE lists (
    creditor_id VARCHAR,
    list_number BIGINT,
    list_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    gate VARCHAR NOT NULL,
    recipients BIGINT NOT NULL,
    recipients_neutral BIGINT NOT NULL,
    registered_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (creditor_id, list_number)
);

CREATE TABLE messages (
    creditor_id VARCHAR NOT NULL,
    message_key VARCHAR NOT NULL,
    list_id VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    neutral BOOLEAN NOT NULL
);

-- What was known of an invoice's message when its list was published; outlives the run's tables.
CREATE TABLE proofs (
    creditor_id VARCHAR NOT NULL,
    list_id VARCHAR NOT NULL,
    message_key VARCHAR NOT NULL,
    debtor_id VARCHAR NOT NULL,
    invoice_id VARCHAR NOT NULL,
    amount DECIMAL(18, 2),
    currency VARCHAR,
    due_date DATE,
    verified_at TIMESTAMPTZ,
    verdict VARCHAR,
    reason VARCHAR,
    score DOUBLE,
    score_basis VARCHAR,
    mx_host VARCHAR,
    smtp_code BIGINT,
    smtp_enhanced VARCHAR
);

-- The record of each run's processing (LGPD art. 37): counts and categories, nobody's data.
CREATE TABLE processing (
    run_id VARCHAR PRIMARY KEY,
    recorded_at TIMESTAMPTZ NOT NULL,
    record VARCHAR NOT NULL            -- JSON object
);

-- What DNS says is nobody's secret and the same for every creditor: the one key without one.
CREATE TABLE domain_cache (
    domain VARCHAR PRIMARY KEY,
    verdict VARCHAR,
    reason VARCHAR,
    provider VARCHAR,
    mx_hosts VARCHAR[],
    mx_addresses VARCHAR[],
    evidence VARCHAR,
    checked_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ
);

-- Suppressions hold keyed hashes; under another key none would be recognised.
CREATE TABLE hash_key (
    fingerprint VARCHAR PRIMARY KEY
);
