"""The Neo4j store's figures, the embedded store's beside them: python -m benchmarks.neo4j_store [--large].

A network of 784-200-100-10 neurons, 177,800 edges of eight properties, on a warm server. Ingest is set
against the plain way, one row an edge through the driver as it comes, in the same run. --large: half a
million and 2 million edges through a server heap of 1 GiB, and how far the memory of this process rises above
that of the network itself.
NIF_NEO4J_URI (with NIF_NEO4J_USER and NIF_NEO4J_PASSWORD or NIF_NEO4J_PASSWORD_FILE) names a server that runs
already; otherwise one is started and thrown away.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np

from estimator.graph.flow import flow_edges
from estimator.graph.networkit_runs import betweenness, leiden, single_thread
from estimator.network import FlowNetwork
from service.neo4j_server.home import ServerOptions
from service.neo4j_server.provision import provide_jars
from service.neo4j_server.server import LocalServer
from service.stores import neo4j_graph_facts as gds
from service.stores.embedded import EmbeddedStore
from service.stores.neo4j import Neo4jStore
from service.stores.neo4j_connection import Connection
from service.stores.neo4j_login import login
from service.stores.neo4j_projection import projected
from service.stores.neo4j_rows import edge_columns, usual_method
from service.stores.neo4j_write import CopyWriter
from service.stores.protocol import EdgeFilter, Slice
from tests.networks import flow_network
from tests.stores.neo4j_server import free_port

ROUNDS = 3
WARM = 2  # rounds of ingest until the server's compiler is done with it
BATCH = 10_000
ID = "benchmark"
ROW_BY_ROW = """
UNWIND $rows AS row
MATCH (a:Neuron {network: $network, number: row.source})
MATCH (b:Neuron {network: $network, number: row.consumer})
CREATE (a)-[:FLOWS_TO {mi: row.mi, nif: row.nif, se: row.se, ci_low: row.ci_low, ci_high: row.ci_high,
  p: row.p, q: row.q, distance: row.distance}]->(b)
RETURN count(*)"""
COLUMNS = ("mi", "nif", "se", "ci_low", "ci_high", "p", "q", "distance")


def full(*sizes: int) -> FlowNetwork:
    rng = np.random.default_rng(0)
    nif = {(i, i + 1): rng.uniform(0.01, 1.5, (sizes[i], sizes[i + 1])) for i in range(len(sizes) - 1)}
    return flow_network(sizes, nif, redundancy=[rng.uniform(0, 0.3, size) for size in sizes])


@contextmanager
def server() -> Iterator[tuple[str, str, str]]:
    """URI, user and password."""
    if uri := os.environ.get("NIF_NEO4J_URI"):
        yield (uri, *login(os.environ))
        return
    with tempfile.TemporaryDirectory() as home:
        options = ServerOptions(Path(home) / "neo4j", free_port(), free_port(), heap="1g")
        local = LocalServer(options, provide_jars())
        local.start()
        try:
            yield local.bolt_uri, local.user, local.password
        finally:
            local.stop()


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The best of some rounds, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def ingest(connection: Connection, network: FlowNetwork, by_row: bool) -> float:
    """Seconds for the edges alone."""
    copy = uuid4().hex
    writer = CopyWriter(connection, ID, copy, usual_method(network))
    writer.begin(network)
    writer.neurons(network)
    began = time.perf_counter()
    for edges, nif in zip(network.edges, network.nif, strict=True):
        if not by_row:
            writer.edges(network, edges, nif)
            continue
        source, consumer = network.offsets[edges.source], network.offsets[edges.consumer]
        whole = slice(None)
        rows = [
            {"source": source + i, "consumer": consumer + k} | dict(zip(COLUMNS, values, strict=True))
            for i, columns in enumerate(edge_columns(edges, nif, usual_method(network), whole, whole))
            for k, values in enumerate(zip(*columns, strict=True))
        ]
        for start in range(0, len(rows), BATCH):
            connection.driver.execute_query(ROW_BY_ROW, network=copy, rows=rows[start : start + BATCH])
    took = time.perf_counter() - began
    writer.remove()
    return took


def ingest_figures(connection: Connection, network: FlowNetwork) -> None:
    columns, rows = [], []
    for _ in range(WARM + ROUNDS):
        columns.append(network.edges_measured / ingest(connection, network, by_row=False))
        rows.append(network.edges_measured / ingest(connection, network, by_row=True))
    best, plain = max(columns[WARM:]), max(rows[WARM:])
    show("ingest, edges/s", best, plain, "second figure: row by row; goal 60,000")
    each = " ".join(f"{c / r:.2f}" for c, r in zip(columns[WARM:], rows[WARM:], strict=True))
    show("ingest, ratio", best / plain, None, f"goal 2.5; round by round {each}")


def query_figures(
    connection: Connection, neo4j: Neo4jStore, embedded: EmbeddedStore, network: FlowNetwork
) -> None:
    for store, name in ((neo4j, "neo4j"), (embedded, "embedded")):
        began = time.perf_counter()
        store.write(ID, network)
        print(f"whole write to {name}: {time.perf_counter() - began:.2f} s")
    for name, ask, goal in (
        ("all 784 x 10 attributions, s", lambda s: s.attributions(ID), "goal 2"),
        ("10 best paths, s", lambda s: s.paths(ID, "0:0", "3:0", 10), "goal 0.5"),
        ("a neuron's edges, s", lambda s: s.edges(ID, EdgeFilter(source="1:7"), Slice()), "goal 0.05"),
    ):
        times = [seconds(lambda ask=ask, store=store: ask(store)) for store in (neo4j, embedded)]
        show(name, *times, goal)
    edges, n = flow_edges(network), network.neurons_total
    given = {"alpha": network.alpha, "beta": network.beta, "largest": float(edges.nif.max())}
    with connection.reading(600) as read:
        copy = read.rows("MATCH (a:Analysis {id: $id}) RETURN a.network", id=ID)[0][0]

        def asked(*queries: str) -> None:
            with projected(connection, read, gds.PROJECT, network=copy, **given) as name:
                for query in queries:
                    read.rows(query, name=name, seed=0)  # type: ignore[arg-type]

        with single_thread():
            scores = seconds(lambda: betweenness(edges, n, None))
            communities = seconds(lambda: leiden(edges, n, 0))
        show("betweenness with its projection, s", seconds(lambda: asked(gds.BETWEENNESS)), scores, "goal 3")
        both = seconds(lambda: asked(gds.UNDIRECTED, gds.LEIDEN))
        show("Leiden with its projection, s", both, communities, "goal 3; embedded: best of 10")
    neo4j.delete(ID)


def large_figures(connection: Connection, neo4j: Neo4jStore, width: int) -> None:
    network = full(200, width, 200)
    assert network.nif  # is part of the network in memory, and kept once it was asked for
    began = time.perf_counter()
    grown = risen(lambda: neo4j.write(ID, network))
    written = time.perf_counter()
    neo4j.delete(ID)
    deleted = time.perf_counter()
    left = connection.write("MATCH (n) WHERE n.network IS NOT NULL RETURN count(n)")[0][0]
    took = f"whole write {written - began:.0f} s, client rose by {grown:.0f} MiB"
    print(f"{network.edges_measured:,} edges: {took}")
    print(f"delete {deleted - written:.0f} s, {left} nodes left")


def risen(work: Callable[[], object]) -> float:
    """How far the process's resident memory rises above where it was, at its highest, in MiB (Linux)."""
    process = Path("/proc/self")
    (process / "clear_refs").write_text("5")  # the highest begins anew
    before = _kibibytes(process, "VmRSS")
    work()
    return (_kibibytes(process, "VmHWM") - before) / 1024


def _kibibytes(process: Path, name: str) -> int:
    lines = (process / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def show(name: str, neo4j: float, other: float | None, note: str) -> None:
    beside = "" if other is None else f"{other:12,.3f}"
    print(f"{name:38}{neo4j:12,.3f}{beside:>12}   {note}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--large", action="store_true", help="also up to 2 million edges")
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':38}{'neo4j':>12}{'embedded':>12}")
    with server() as (uri, user, password), tempfile.TemporaryDirectory() as folder:
        neo4j, embedded = Neo4jStore(uri, user, password), EmbeddedStore(Path(folder) / "nif.db")
        connection = Connection(uri, user, password)
        for store in (neo4j, embedded):
            store.migrate()
        neo4j.delete(ID)
        network = full(784, 200, 100, 10)
        ingest_figures(connection, network)
        query_figures(connection, neo4j, embedded, network)
        if asked.large:
            for width in (1_250, 5_000):
                large_figures(connection, neo4j, width)
        connection.close()
        neo4j.close()


if __name__ == "__main__":
    main()
