"""The report of an analysis: one HTML page that needs plotly's script beside it and nothing else."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from estimator.graph.facts import GraphFacts
from estimator.network import FlowNetwork
from service.report.attribution_heatmap import attribution_heatmap
from service.report.bundle import FILE_NAME, plotly_bundle
from service.report.computed import computed, warnings
from service.report.csp import SCRIPT, embedded_policy
from service.report.distributions import HEIGHT, WIDTH, distributions
from service.report.headline import headline
from service.report.names import NeuronNames
from service.report.network_figure import network_figure
from service.report.palette import AMOUNTS
from service.report.paths_table import path_line, strongest
from service.report.probe_layers import probe_layers
from service.report.silent_neurons import silent_neurons
from service.report.text import shown
from service.report.weakest_edges import weakest_edges

LONGEST_TITLE = 120
_TEMPLATES = Environment(
    loader=PackageLoader("service.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = Markup((Path(__file__).parent / "static" / "report.css").read_text(encoding="utf-8"))  # noqa: S704


def report_page(network: FlowNetwork, facts: GraphFacts, *, plotly_src: str, title: str) -> str:
    """The page as HTML. plotly_src: where the page finds plotly's script, relative or on its own host.

    Serve it with `service.report.csp.content_security_policy()`.
    """
    names = NeuronNames(network)
    figure = network_figure(network, facts, names)
    paths = tuple(path_line(path, names) for path in strongest(network))
    return _TEMPLATES.get_template("report.html.j2").render(
        title=shown(title, LONGEST_TITLE) if title.strip() else "Flow network",
        plotly_src=plotly_src,
        policy=embedded_policy(),
        style=_STYLE,
        script=Markup(SCRIPT),  # noqa: S704 - our own constant
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
    folder.mkdir(parents=True, exist_ok=True)
    page = report_page(network, facts, plotly_src=FILE_NAME, title=title).encode()
    with plotly_bundle().open("rb") as script:
        _replace(folder / FILE_NAME, lambda file: shutil.copyfileobj(script, file))
    _replace(folder / "report.html", lambda file: file.write(page))
    return folder / "report.html"


def embedded_json(data: Mapping[str, Any]) -> Markup:
    """JSON for a <script type="application/json">: no `<` in it can end the element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def _replace(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with part.open("xb") as file:
            write(file)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
