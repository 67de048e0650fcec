"""A local Neo4j Community server with Graph Data Science, made of jars that Maven fetches once.

`python -m service.neo4j_server` runs one in the foreground; the tests start the same server.
"""
