"""The Neo4j store: a team's server, where flow networks and their lineage are one graph (DESIGN 4).

Choose it: several hosts, or people who ask in Cypher. Not for: one machine alone (`embedded`, no server).
Doubles come back with their bits, but for -0.0, which listings give as 0.0; NaN is None.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from estimator.errors import InvalidParameter
from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.stores import (
    answers,
    neo4j_attributions,
    neo4j_paths,
    neo4j_queries,
    neo4j_schema,
    neo4j_studies,
)
from service.stores.embedded_rows import check_finite
from service.stores.kept_facts import KeptFacts
from service.stores.neo4j_communities import stored_communities
from service.stores.neo4j_connection import READ_SECONDS, Connection, Reader
from service.stores.neo4j_graph_facts import graph_facts
from service.stores.neo4j_lineage import Heard, models_that_hear
from service.stores.neo4j_listing import Stored
from service.stores.neo4j_network import facts_at, read_facts, read_network
from service.stores.neo4j_removal import delete_network
from service.stores.neo4j_server_check import check_server
from service.stores.neo4j_write import write_network
from service.stores.protocol import (
    AnalysisNotStored,
    AttributionRow,
    Communities,
    EdgeFilter,
    NeuronFilter,
    Page,
    PathRow,
    ProbeRow,
    Slice,
    StudyRow,
    checked_beta,
)


class Neo4jStore:
    """A `GraphStore`; threads may share it, processes open one each."""

    def __init__(self, uri: str, user: str, password: str, database: str | None = None) -> None:
        self._connection = Connection(uri, user, password, database)
        self._facts = KeptFacts()

    def migrate(self, *, dry_run: bool = False) -> list[str]:
        check_server(self._connection)
        return neo4j_schema.migrate(self._connection, dry_run=dry_run)

    def ping(self) -> None:
        check_server(self._connection)
        neo4j_schema.check_schema(self._connection)

    def close(self) -> None:
        self._connection.close()

    def write(self, analysis_id: str, network: FlowNetwork) -> None:
        if self.exists(analysis_id):
            return
        check_finite(network)
        write_network(self._connection, analysis_id, network)

    def delete(self, analysis_id: str) -> None:
        delete_network(self._connection, analysis_id)

    def exists(self, analysis_id: str) -> bool:
        with self._connection.reading() as read:
            return read.row("MATCH (a:Analysis {id: $id}) RETURN 1", id=analysis_id) is not None

    def ids(self) -> list[str]:
        with self._connection.reading() as read:
            return sorted(id for (id,) in read.rows("MATCH (a:Analysis) RETURN a.id"))

    def network(self, analysis_id: str, beta: float | None = None) -> FlowNetwork:
        with self._whole(analysis_id, beta) as (read, stored):
            return read_network(read, stored)

    def facts(self, analysis_id: str, beta: float | None = None) -> GraphFacts:
        with self._whole(analysis_id, beta) as (read, stored):
            return self._facts_of(read, stored, read_network(read, stored))

    def neurons(self, analysis_id: str, where: NeuronFilter, page: Slice, beta: float | None = None) -> Page:
        with self._whole(analysis_id, beta) as (read, stored):
            if stored.at_own_beta:
                return neo4j_queries.neurons(read, stored, where, page, None)
            network = read_network(read, stored)
            facts = facts_at(network, self._facts_of(read, stored, network))
            return neo4j_queries.neurons(read, stored, where, page, facts)

    def edges(self, analysis_id: str, where: EdgeFilter, page: Slice, beta: float | None = None) -> Page:
        with self._whole(analysis_id, beta) as (read, stored):
            return neo4j_queries.edges(read, stored, where, page)

    def communities(self, analysis_id: str, beta: float | None = None) -> Communities:
        with self._whole(analysis_id, beta) as (read, stored):
            if stored.at_own_beta:
                return stored_communities(read, stored)
            network = read_network(read, stored)
            return answers.communities(network, self._facts_of(read, stored, network))

    def paths(
        self, analysis_id: str, source: str, target: str, k: int, beta: float | None = None
    ) -> list[PathRow]:
        with self._whole(analysis_id, beta) as (read, stored):
            found = neo4j_paths.paths(self._connection, read, stored, source, target, k)
            if found is None:
                return answers.paths(read_network(read, stored), source, target, k)
            return found

    def attributions(
        self,
        analysis_id: str,
        source: str | None = None,
        target: str | None = None,
        beta: float | None = None,
    ) -> list[AttributionRow]:
        with self._whole(analysis_id, beta) as (read, stored):
            found = neo4j_attributions.attribution_rows(read, stored, source, target)
            if found is None:
                return answers.attribution_rows(read_network(read, stored), source, target)
            return found

    def probes(self, analysis_id: str, probe: str | None = None) -> list[ProbeRow]:
        with self._whole(analysis_id, None) as (read, stored):
            return neo4j_queries.probes(read, stored, probe)

    def write_study(
        self, study_id: str, kind: str, analysis_ids: Sequence[str], document: Mapping[str, Any]
    ) -> None:
        with self._connection.reading() as read:
            known = read.row("MATCH (s:Study {id: $id}) RETURN 1", id=study_id)
        if known is None:
            neo4j_studies.write_study(self._connection, study_id, kind, analysis_ids, document)

    def study(self, study_id: str) -> dict[str, Any]:
        with self._connection.reading() as read:
            return neo4j_studies.document(read, study_id)

    def studies(self, analysis_id: str) -> list[StudyRow]:
        with self._whole(analysis_id, None) as (read, _):
            return neo4j_studies.rows(read, analysis_id)

    def study_ids(self) -> list[str]:
        with self._connection.reading() as read:
            return sorted(id for (id,) in read.rows("MATCH (s:Study) RETURN s.id"))

    def verdicts(self, study_ids: Sequence[str]) -> dict[str, str | None]:
        with self._connection.reading() as read:
            return dict(
                read.rows("MATCH (s:Study) WHERE s.id IN $ids RETURN s.id, s.verdict", ids=list(study_ids))
            )

    def delete_study(self, study_id: str) -> None:
        neo4j_studies.delete_study(self._connection, study_id)

    def models_that_hear(self, probe: str, nats: float) -> list[Heard]:
        """Over all networks: the models whose outputs have more than so much information about a probe."""
        with self._connection.reading() as read:
            return models_that_hear(read, probe, nats)

    @contextmanager
    def _whole(self, analysis_id: str, beta: float | None) -> Iterator[tuple[Reader, Stored]]:
        """Read a network that is there before and after: one deleted meanwhile is not there."""
        with self._connection.reading() as read:
            stored = _stored(read, analysis_id, beta)
            try:
                yield read, stored
            except InvalidParameter:
                _stored(read, analysis_id, None, stored.network)
                raise
            _stored(read, analysis_id, None, stored.network)

    def _facts_of(self, read: Reader, stored: Stored, network: FlowNetwork) -> GraphFacts:
        """As stored, or computed once for another beta and kept for the next page."""
        if stored.at_own_beta:
            return read_facts(read, stored, network)
        return self._facts.get(
            (stored.network, stored.beta),
            lambda: graph_facts(self._connection, stored.network, network, READ_SECONDS),
        )


def _stored(read: Reader, analysis_id: str, beta: float | None, network: str | None = None) -> Stored:
    """The whole network of that id; the copy `network`, if one is named."""
    row = read.row(
        "MATCH (a:Analysis {id: $id}) WHERE $network IS NULL OR a.network = $network"
        " RETURN a.network, a.method, a.beta, a.alpha",
        id=analysis_id,
        network=network,
    )
    if row is None:
        raise AnalysisNotStored(f"no network of analysis {analysis_id[:100]!r} is stored")
    name, method, own_beta, alpha = row
    return Stored(name, method, own_beta, own_beta if beta is None else checked_beta(beta), alpha)
