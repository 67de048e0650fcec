"""In the child: put a network from its file into the store, whole."""

import os
from pathlib import Path
from typing import Any

from estimator.progress import Progress


def store(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write it under its analysis's id; writing it again changes nothing."""
    from estimator.network_file import load_network
    from service.stores.open import open_store

    # Set here and not by the parent: what a process was started with, others may read in /proc.
    os.environ.update(request["login"])
    progress("storing", 0, 1)
    network = load_network(Path(request["network"]))
    graph = open_store(request["store"])
    try:
        graph.write(request["analysis_id"], network)
    finally:
        graph.close()
    progress("storing", 1, 1)
    return {}
