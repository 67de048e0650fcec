-- Computations on finished analyses. A study is a job like an analysis: the queue has its status, the store its
-- document. It is of one analysis or of two (a diff's head, an audit's baseline), and goes with either.

CREATE TABLE studies (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('ablation', 'comparison', 'diff', 'audit')),
  analysis_id TEXT NOT NULL REFERENCES analyses (id),
  other_analysis_id TEXT REFERENCES analyses (id),
  options TEXT NOT NULL,
  created_at TEXT NOT NULL,
  enqueued INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX studies_by_kind ON studies (tenant, kind, number);
CREATE INDEX studies_by_analysis ON studies (analysis_id);
CREATE INDEX studies_by_other_analysis ON studies (other_analysis_id);
CREATE INDEX studies_not_enqueued ON studies (number) WHERE enqueued = 0;

-- A job is an analysis or a study.
ALTER TABLE idempotency_keys RENAME COLUMN analysis_id TO job_id;
ALTER TABLE deletions RENAME COLUMN analysis_id TO job_id;
