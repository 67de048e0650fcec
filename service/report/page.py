"""The report of an analysis: one HTML page that needs plotly's script beside it and nothing else."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.report.attribution_heatmap import attribution_heatmap
from service.report.bundle import FILE_NAME
from service.report.computed import computed, warnings
from service.report.csp import SCRIPT, STUDY_SCRIPT, embedded_policy
from service.report.distributions import HEIGHT, WIDTH, distributions
from service.report.headline import headline
from service.report.names import NeuronNames
from service.report.network_figure import network_figure
from service.report.palette import AMOUNTS
from service.report.paths_table import path_line, strongest
from service.report.probe_layers import probe_layers
from service.report.rendering import STYLE, embedded_json, template, write_page
from service.report.silent_neurons import silent_neurons
from service.report.studies.blocks import blocks
from service.report.studies.section import Section
from service.report.text import shown
from service.report.weakest_edges import weakest_edges

LONGEST_TITLE = 120


def report_page(
    network: FlowNetwork,
    facts: GraphFacts,
    *,
    plotly_src: str,
    title: str,
    studies: Sequence[Section] = (),
) -> str:
    """The page as HTML. plotly_src: where the page finds plotly's script, relative or on its own host.

    studies: sections of what was computed on the analysis since, shown after its own.

    Serve it with `service.report.csp.content_security_policy()`.
    """
    names = NeuronNames(network)
    figure = network_figure(network, facts, names)
    paths = tuple(path_line(path, names) for path in strongest(network))
    return template("report.html.j2").render(
        title=shown(title, LONGEST_TITLE) if title.strip() else "Flow network",
        plotly_src=plotly_src,
        policy=embedded_policy(),
        style=STYLE,
        script=Markup(SCRIPT),  # noqa: S704 - our own constant
        study_script=Markup(STUDY_SCRIPT) if studies else None,  # noqa: S704 - our own constant
        studies=blocks(studies),
        figure=figure,
        figure_data=embedded_json(figure.data),
        headline=headline(network, facts, paths[0] if paths else None),
        warnings=warnings(network),
        paths=paths,
        heatmap=attribution_heatmap(network, names),
        amounts=AMOUNTS,
        probes=probe_layers(network, names),
        distributions=distributions(network, facts, names),
        tile_width=WIDTH,
        tile_height=HEIGHT,
        silent=silent_neurons(network, names),
        weakest=weakest_edges(network, names),
        computed=computed(network),
        beta=repr(network.beta),
        alpha=repr(network.alpha),
    )


def write_report(
    network: FlowNetwork, facts: GraphFacts, folder: Path, *, title: str = "Flow network"
) -> Path:
    """Write report.html and plotly's script into `folder`, each whole or not at all; returns the page."""
    page = report_page(network, facts, plotly_src=FILE_NAME, title=title)
    return write_page(page, folder / "report.html")
