"""Reading: one query each, straight to plain values for the answer. Nothing here changes anything."""

from service.views.catalog import Listing, analyses, analysis, summary, upload, uploads
from service.views.networks import (
    attributions,
    communities,
    edges,
    network,
    neurons,
    probes,
    strongest_paths,
)

__all__ = [
    "Listing",
    "analyses",
    "analysis",
    "attributions",
    "communities",
    "edges",
    "network",
    "neurons",
    "probes",
    "strongest_paths",
    "summary",
    "upload",
    "uploads",
]
