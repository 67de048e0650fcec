-- What was computed on stored networks since: ablations, comparisons, diffs, audits. A document is JSON.

CREATE TABLE studies (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  verdict TEXT,  -- of an audit
  document TEXT NOT NULL
) STRICT;

-- A study is of one network, or of two: the second is a diff's head or an audit's baseline. It goes with either.
CREATE TABLE study_networks (
  study INTEGER NOT NULL REFERENCES studies ON DELETE CASCADE,
  position INTEGER NOT NULL,
  network INTEGER NOT NULL REFERENCES networks,
  PRIMARY KEY (study, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX study_networks_by_network ON study_networks (network);
