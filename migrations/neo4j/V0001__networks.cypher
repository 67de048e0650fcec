// Every statement ends with a semicolon, and there is none inside a statement: the runner splits at each.
// `network` is the random name of one written copy, an Analysis is a copy that is whole.
CREATE CONSTRAINT analysis_id IF NOT EXISTS FOR (n:Analysis) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT unfinished_network IF NOT EXISTS FOR (n:Unfinished) REQUIRE n.network IS UNIQUE;
CREATE CONSTRAINT model_sha256 IF NOT EXISTS FOR (n:Model) REQUIRE n.sha256 IS UNIQUE;
CREATE CONSTRAINT dataset_sha256 IF NOT EXISTS FOR (n:Dataset) REQUIRE n.sha256 IS UNIQUE;
CREATE CONSTRAINT layer_network IF NOT EXISTS FOR (n:Layer) REQUIRE (n.network, n.index) IS UNIQUE;
CREATE CONSTRAINT neuron_network IF NOT EXISTS FOR (n:Neuron) REQUIRE (n.network, n.number) IS UNIQUE;
CREATE CONSTRAINT probe_network IF NOT EXISTS FOR (n:Probe) REQUIRE (n.network, n.position) IS UNIQUE;
CREATE CONSTRAINT chunk_network IF NOT EXISTS FOR (n:Chunk) REQUIRE (n.network, n.number) IS UNIQUE;
CREATE INDEX neuron_analysis IF NOT EXISTS FOR (n:Neuron) ON (n.analysis_id, n.id);
CREATE INDEX probe_name IF NOT EXISTS FOR (n:Probe) ON (n.name);
