-- A flow network, twice: `arrays` holds it bit for bit, to be read back whole; the tables below hold what can
-- be filtered, sorted and paged. Both are written in one transaction. Information is in nats; NULL is
-- "not defined". Neurons are numbered through, layer by layer, so that the order of numbers is that of ids.

CREATE TABLE networks (
  number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again after a deletion
  analysis_id TEXT NOT NULL UNIQUE,
  beta REAL NOT NULL,
  alpha REAL NOT NULL,
  modularity REAL,
  header TEXT NOT NULL  -- JSON, see estimator/network_arrays.py
) STRICT;

CREATE TABLE arrays (
  network INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  name TEXT NOT NULL,
  data BLOB NOT NULL,  -- numpy's npy form
  PRIMARY KEY (network, name)
) STRICT;

CREATE TABLE neurons (
  network INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  neuron INTEGER NOT NULL,
  layer INTEGER NOT NULL,
  layer_name TEXT NOT NULL,
  position INTEGER NOT NULL,  -- within its layer
  name TEXT NOT NULL,
  mean REAL,
  sd REAL,
  zeros REAL,
  redundancy REAL NOT NULL,
  silent TEXT,
  PRIMARY KEY (network, neuron)
) STRICT, WITHOUT ROWID;

-- At the network's own beta; for another beta the store fills a temporary table of this form.
CREATE TABLE graph_facts (
  network INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  neuron INTEGER NOT NULL,
  betweenness REAL NOT NULL,
  betweenness_weighted REAL NOT NULL,
  community INTEGER,
  out_flow REAL NOT NULL,
  in_flow REAL NOT NULL,
  PRIMARY KEY (network, neuron)
) STRICT, WITHOUT ROWID;

-- All measured pairs. nif is no column: it depends on the beta that is asked with.
CREATE TABLE edges (
  network INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  source INTEGER NOT NULL,
  consumer INTEGER NOT NULL,
  mi REAL NOT NULL,
  se REAL,
  ci_low REAL,
  ci_high REAL,
  p_value REAL,
  q_value REAL,
  saturated INTEGER NOT NULL,
  lower_bound INTEGER NOT NULL,
  method TEXT NOT NULL,
  PRIMARY KEY (network, source, consumer)
) STRICT, WITHOUT ROWID;

CREATE TABLE probes (
  network INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  probe INTEGER NOT NULL,  -- position among the network's probes
  name TEXT NOT NULL,
  neuron INTEGER NOT NULL,
  mi REAL NOT NULL,
  se REAL,
  ci_low REAL,
  ci_high REAL,
  p_value REAL,
  q_value REAL,
  saturated INTEGER NOT NULL,
  lower_bound INTEGER NOT NULL,
  PRIMARY KEY (network, probe, neuron)
) STRICT, WITHOUT ROWID;
