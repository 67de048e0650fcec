"""A study on this machine, without a server: how `nif ablate`, `compare`, `diff` and `audit` compute.

    found = study_here("ablation", [Given(ask=asked(values))], options.as_dict())
    found = study_here("diff", [Given(network=base), Given(network=head)], options.as_dict())
    found = study_here("audit", [Given(ask=ask), Given(network=baseline)], {"policy": policy.as_dict()})

Every side that comes without a network is analysed first; analyses and study run in children, within the
limits of the settings, while the progress bar tells. Nothing is left behind but what the caller writes of
the answer: `service/report/studies/page.py` makes the page of it.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estimator.network import FlowNetwork
from service.cli.analysis_options import Asked
from service.cli.phase_clock import PhaseClock
from service.cli.run_here import run_here
from service.jobs.estimating import NETWORK, Source, request_of
from service.settings import Settings, load_settings
from service.studies.computing import STUDY, SideSource, load_document, study_request
from service.studies.kinds import KINDS


@dataclass(frozen=True)
class Given:
    """One side as the command line gives it, by one of both or by both.

    ask: MODEL and DATA with their options (service/cli/analysis_options.py).
    network: already analysed (service/cli/network_input.py reads it from NETWORK); with `ask` beside it
    nothing is measured again, and model and data must be those that the network was made of.
    model: of the network, where its data are not at hand.
    """

    ask: Asked | None = None
    network: FlowNetwork | None = None
    model: Path | None = None


@dataclass(frozen=True)
class Studied:
    """document: plain JSON values, with `kind` and `of` beside what the kind says. networks: of each side."""

    document: dict[str, Any]
    networks: tuple[FlowNetwork, ...]


def study_here(
    kind: str,
    sides: Sequence[Given],
    options: Mapping[str, Any],
    *,
    settings: Settings | None = None,
    clock: PhaseClock | None = None,
) -> Studied:
    """Compute a study of the kind. options: as the kind's `as_dict` gives them.

    clock: an entered PhaseClock to report to, else one is shown here. Raises what the child refuses with,
    as a NifError whose places name the fields.
    """
    if clock is None:
        with PhaseClock() as own:
            return study_here(kind, sides, options, settings=settings, clock=own)
    settings = settings or load_settings()
    least, most = KINDS[kind].least_sides, KINDS[kind].most_sides
    if not least <= len(sides) <= most or any(s.ask is None and s.network is None for s in sides):
        raise ValueError(f"{kind}: {len(sides)} sides, or one with neither files nor network")
    from estimator.network_file import load_network

    with tempfile.TemporaryDirectory(prefix="nif-study-") as folder:
        sources = [
            _source(side, Path(folder) / f"side-{number}", settings, clock)
            for number, side in enumerate(sides)
        ]
        run_here("studying", study_request(kind, sources, options, Path(folder)), settings, clock)
        networks = tuple(
            side.network if side.network is not None else load_network(Path(str(source.network)))
            for side, source in zip(sides, sources, strict=True)
        )
        return Studied(load_document(Path(folder) / STUDY), networks)


def _source(side: Given, folder: Path, settings: Settings, clock: PhaseClock) -> SideSource:
    """The side with its network in a file of `folder`: as given, or analysed now."""
    from estimator.network_file import save_network

    folder.mkdir()
    file = folder / NETWORK
    if side.ask is None:
        save_network(side.network, file)  # type: ignore[arg-type]  # one of both is there
        return SideSource(network=file, model=None if side.model is None else Source(side.model, None))
    model, data = Source(side.ask.model, None), Source(side.ask.data, None)
    if side.network is not None:
        save_network(side.network, file)
    else:
        request = request_of(model, data, side.ask.table_format, side.ask.options, folder)
        run_here("estimating", request, settings, clock)
    return SideSource(
        network=file, model=model, data=data, table_format=side.ask.table_format, options=side.ask.options
    )
