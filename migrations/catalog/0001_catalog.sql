-- What was uploaded, what was asked for, and by whom. Every row belongs to a tenant.
-- `number` gives listings one order that no clock can change.

CREATE TABLE models (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  size INTEGER NOT NULL,
  description TEXT NOT NULL,  -- JSON: what was recognised in the file
  created_at TEXT NOT NULL,
  UNIQUE (tenant, sha256)
) STRICT;

CREATE TABLE datasets (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  size INTEGER NOT NULL,
  description TEXT NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (tenant, sha256)
) STRICT;

-- The foreign keys are what makes "409 while used" hold under any interleaving of requests.
CREATE TABLE analyses (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  dataset_sha256 TEXT NOT NULL,
  table_format TEXT NOT NULL,
  options TEXT NOT NULL,
  created_at TEXT NOT NULL,
  enqueued INTEGER NOT NULL DEFAULT 0,  -- 0 between this row and the queue's; a start sweeps such rows up
  FOREIGN KEY (tenant, model_sha256) REFERENCES models (tenant, sha256),
  FOREIGN KEY (tenant, dataset_sha256) REFERENCES datasets (tenant, sha256)
) STRICT;
CREATE INDEX analyses_by_model ON analyses (tenant, model_sha256);
CREATE INDEX analyses_by_dataset ON analyses (tenant, dataset_sha256);
CREATE INDEX analyses_not_enqueued ON analyses (number) WHERE enqueued = 0;

-- Kept when its analysis is deleted, so that a late retry does not bring the analysis back.
CREATE TABLE idempotency_keys (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  analysis_id TEXT NOT NULL,
  created REAL NOT NULL,  -- seconds since 1970
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- Analyses whose row is gone and whose job or network may not be; swept until nothing is left of them.
CREATE TABLE deletions (
  analysis_id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('read', 'write')),
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,  -- of a key of 256 random bits; the key itself is shown once and never stored
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT, WITHOUT ROWID;
