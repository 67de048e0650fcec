"""In the child: put what a job made from its file into the store, whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from estimator.progress import Progress
from service.stores.protocol import GraphStore


def store(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write a network under its analysis's id; writing it again changes nothing."""
    from estimator.network_file import load_network

    progress("storing", 0, 1)
    network = load_network(Path(request["network"]))
    with _opened(request) as graph:
        graph.write(request["analysis_id"], network)
    progress("storing", 1, 1)
    return {}


def store_study(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write a study's document under its id; writing it again changes nothing."""
    from service.studies.computing import load_document

    progress("storing", 0, 1)
    document = load_document(Path(request["study"]))
    with _opened(request) as graph:
        graph.write_study(request["study_id"], request["kind"], request["analyses"], document)
    progress("storing", 1, 1)
    return {}


@contextmanager
def _opened(request: dict[str, Any]) -> Iterator[GraphStore]:
    from service.stores.open import open_store

    # Set here and not by the parent: what a process was started with, others may read in /proc.
    os.environ.update(request["login"])
    graph = open_store(request["store"])
    try:
        yield graph
    finally:
        graph.close()
