// A study that is whole: (:Study {id, kind, verdict})-[:OF {position}]->(:Analysis), see service/stores/neo4j_studies.py.
CREATE CONSTRAINT study_id IF NOT EXISTS FOR (n:Study) REQUIRE n.id IS UNIQUE;
