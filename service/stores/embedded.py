"""The embedded store: one SQLite file, no server. Listings are SQL, graph algorithms run in this process.

Choose it: on one machine, by default. Not for: several hosts, or a graph that other programs should query
(then Neo4j). Doubles come back with their bits, but for -0.0, which listings give as 0.0; NaN is None.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from estimator.graph.describe import describe
from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.stores import answers, embedded_queries, embedded_rows, embedded_studies
from service.stores.embedded_file import READ_SECONDS, EmbeddedFile
from service.stores.embedded_queries import Stored
from service.stores.kept_facts import KeptFacts
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

_TEMPORARY = """CREATE TEMPORARY TABLE facts_at_beta (
    network INTEGER, neuron INTEGER, betweenness REAL, betweenness_weighted REAL, community INTEGER,
    out_flow REAL, in_flow REAL, PRIMARY KEY (network, neuron)) WITHOUT ROWID"""


class EmbeddedStore:
    """A `GraphStore`; threads and processes may share its file."""

    def __init__(self, path: Path) -> None:
        self._file = EmbeddedFile(path)
        self._facts = KeptFacts()

    def migrate(self, *, dry_run: bool = False) -> list[str]:
        return self._file.migrate(dry_run=dry_run)

    def ping(self) -> None:
        self._file.ping()

    def close(self) -> None:
        """Nothing is open between calls."""

    def write(self, analysis_id: str, network: FlowNetwork) -> None:
        if self.exists(analysis_id):
            return
        embedded_rows.check_finite(network)
        facts = describe(network)  # before the lock is taken, since it takes long
        with self._file.writing() as db:
            if _number(db, analysis_id) is None:
                embedded_rows.insert(db, analysis_id, network, facts)

    def delete(self, analysis_id: str) -> None:
        with self._file.writing(READ_SECONDS) as db:
            embedded_studies.delete_of_network(db, analysis_id)
            db.execute("DELETE FROM networks WHERE analysis_id = ?", (analysis_id,))

    def exists(self, analysis_id: str) -> bool:
        with self._file.reading() as db:
            return _number(db, analysis_id) is not None

    def ids(self) -> list[str]:
        with self._file.reading() as db:
            rows = db.execute("SELECT analysis_id FROM networks ORDER BY analysis_id")
            return [analysis_id for (analysis_id,) in rows]

    def network(self, analysis_id: str, beta: float | None = None) -> FlowNetwork:
        with self._file.reading() as db:
            stored = _stored(db, analysis_id, beta)
            return _read(db, stored)

    def facts(self, analysis_id: str, beta: float | None = None) -> GraphFacts:
        with self._file.reading() as db:
            stored = _stored(db, analysis_id, beta)
            return self._facts_of(db, stored, _read(db, stored))

    def neurons(self, analysis_id: str, where: NeuronFilter, page: Slice, beta: float | None = None) -> Page:
        with self._file.reading() as db:
            stored = _stored(db, analysis_id, beta)
            if stored.beta == stored.own_beta:
                return embedded_queries.neurons(db, stored, where, page, "graph_facts")
            network = _read(db, stored)
            db.execute(_TEMPORARY)
            facts = self._facts_of(db, stored, network)
            embedded_rows.insert_graph_facts(db, "facts_at_beta", stored.number, network, facts)
            return embedded_queries.neurons(db, stored, where, page, "facts_at_beta")

    def edges(self, analysis_id: str, where: EdgeFilter, page: Slice, beta: float | None = None) -> Page:
        with self._file.reading() as db:
            return embedded_queries.edges(db, _stored(db, analysis_id, beta), where, page)

    def communities(self, analysis_id: str, beta: float | None = None) -> Communities:
        with self._file.reading() as db:
            stored = _stored(db, analysis_id, beta)
            network = _read(db, stored)
            return answers.communities(network, self._facts_of(db, stored, network))

    def paths(
        self, analysis_id: str, source: str, target: str, k: int, beta: float | None = None
    ) -> list[PathRow]:
        return answers.paths(self.network(analysis_id, beta), source, target, k)

    def attributions(
        self,
        analysis_id: str,
        source: str | None = None,
        target: str | None = None,
        beta: float | None = None,
    ) -> list[AttributionRow]:
        return answers.attribution_rows(self.network(analysis_id, beta), source, target)

    def probes(self, analysis_id: str, probe: str | None = None) -> list[ProbeRow]:
        with self._file.reading() as db:
            return embedded_queries.probes(db, _stored(db, analysis_id, None), probe)

    def write_study(
        self, study_id: str, kind: str, analysis_ids: Sequence[str], document: Mapping[str, Any]
    ) -> None:
        with self._file.writing() as db:
            embedded_studies.insert(db, study_id, kind, analysis_ids, document)

    def study(self, study_id: str) -> dict[str, Any]:
        with self._file.reading() as db:
            return embedded_studies.document(db, study_id)

    def studies(self, analysis_id: str) -> list[StudyRow]:
        with self._file.reading() as db:
            return embedded_studies.rows(db, _stored(db, analysis_id, None).number)

    def study_ids(self) -> list[str]:
        with self._file.reading() as db:
            return [study_id for (study_id,) in db.execute("SELECT study_id FROM studies ORDER BY study_id")]

    def verdicts(self, study_ids: Sequence[str]) -> dict[str, str | None]:
        with self._file.reading() as db:
            return embedded_studies.verdicts(db, study_ids)

    def delete_study(self, study_id: str) -> None:
        with self._file.writing(READ_SECONDS) as db:
            db.execute("DELETE FROM studies WHERE study_id = ?", (study_id,))

    def _facts_of(self, db: sqlite3.Connection, stored: Stored, network: FlowNetwork) -> GraphFacts:
        """As stored, or computed once for another beta and kept for the next page."""
        if stored.beta == stored.own_beta:
            return embedded_rows.read_facts(db, stored.number, network)
        return self._facts.get((stored.number, stored.beta), lambda: describe(network))


def _number(db: sqlite3.Connection, analysis_id: str) -> int | None:
    row = db.execute("SELECT number FROM networks WHERE analysis_id = ?", (analysis_id,)).fetchone()
    return None if row is None else int(row[0])


def _stored(db: sqlite3.Connection, analysis_id: str, beta: float | None) -> Stored:
    row = db.execute(
        "SELECT number, beta, alpha FROM networks WHERE analysis_id = ?", (analysis_id,)
    ).fetchone()
    if row is None:
        raise AnalysisNotStored(f"no network of analysis {analysis_id[:100]!r} is stored")
    number, own_beta, alpha = row
    return Stored(number, own_beta, own_beta if beta is None else checked_beta(beta), alpha)


def _read(db: sqlite3.Connection, stored: Stored) -> FlowNetwork:
    network = embedded_rows.read(db, stored.number)
    return network if stored.beta == stored.own_beta else network.at_beta(stored.beta)
