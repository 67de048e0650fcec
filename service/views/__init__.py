"""Reading: one query each, straight to plain values for the answer. Nothing here changes anything."""

from service.views.catalog import Listing, analyses, analysis, summary, upload, uploaded, uploads
from service.views.networks import (
    attributions,
    communities,
    edges,
    network,
    neurons,
    probe_courses,
    probes,
    strongest_paths,
)
from service.views.study_answers import finished_document, finished_studies, studies, study

__all__ = [
    "Listing",
    "analyses",
    "analysis",
    "attributions",
    "communities",
    "edges",
    "finished_document",
    "finished_studies",
    "network",
    "neurons",
    "probe_courses",
    "probes",
    "strongest_paths",
    "studies",
    "study",
    "summary",
    "upload",
    "uploaded",
    "uploads",
]
