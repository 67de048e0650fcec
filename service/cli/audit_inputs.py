"""What `nif audit` judges: MODEL on DATA with what the policy needs, or a NETWORK that is there already."""

import re
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from hashlib import file_digest
from pathlib import Path
from typing import Any

from estimator.data.names import find
from estimator.errors import InvalidParameter, NifError, Place
from estimator.network import FlowNetwork
from estimator.options import Estimator, Options
from service.cli.analysis_options import Asked, asked
from service.cli.network_input import read_network
from service.cli.phase_clock import PhaseClock
from service.cli.run_here import run_here
from service.jobs.estimating import NETWORK, Source, request_of
from service.policies import Policy
from service.settings import Settings

OPTION_NAMES = {"probes": "probe", "layers": "layer", "parameters": "parameter"}
_PROBE = re.compile(r"probes\.(\d+)")


@dataclass(frozen=True)
class Subject:
    """refused: {probe of the policy: why the analysis could not measure it}."""

    network: FlowNetwork
    ask: Asked | None
    refused: Mapping[str, str]


def given(values: Mapping[str, Any], written: Collection[str], policy: Policy) -> Asked | None:
    """MODEL, DATA and the options of the analysis that the policy needs; None for a NETWORK alone.

    written: names of the options that are on the command line. Raises InvalidParameter where neither or too
    little is given, or an option that a NETWORK has no use for.
    """
    if values["model"] is None or values["data"] is None:
        if values["network"] is not None and values["model"] is None:
            for name in sorted({f.name for f in fields(Options)} & set(written) - {"beta"}):
                flag = f"--{OPTION_NAMES.get(name, name).replace('_', '-')}"
                raise _refuse(
                    f"{flag} is of an analysis, and NETWORK is analysed already; leave it out", flag
                )
            return None
        missing = "DATA" if values["model"] is not None else "MODEL and DATA"
        raise _refuse(f"{missing} is missing: give MODEL and DATA, or --network NETWORK", missing)
    ask = asked(dict(values))
    return replace(ask, options=with_needs(ask.options, policy))


def with_needs(options: Options, policy: Policy) -> Options:
    """The options with the policy's probes, and a second estimator where it wants two to agree."""
    have = [*options.probes, *([options.target] if options.target is not None else [])]
    more = tuple(name for name in policy.probes if find(name, have) is None)
    second = options.cross_check
    if second is None and policy.second_estimators:
        wanted = next((name for name in policy.second_estimators if name is not None), None)
        other: Estimator = "convex" if options.estimator == "ksg" else "ksg"
        second = wanted if wanted not in (None, options.estimator) else other  # type: ignore[assignment]
    return replace(options, probes=options.probes + more, cross_check=second)


def subject(
    values: Mapping[str, Any],
    beta: float | None,
    ask: Asked | None,
    policy: Policy,
    settings: Settings,
    clock: PhaseClock,
) -> Subject:
    """The network to judge: read, with another beta if one is given, or analysed now in a child."""
    if values["network"] is not None:
        network = read_network(values["network"], values["store"], beta)
        if ask is not None:
            _check_same(network, ask)
        return Subject(network, ask, {})
    if ask is None:
        raise _refuse("MODEL and DATA are missing: give them, or --network NETWORK", "MODEL")
    return _analysed(ask, policy, settings, clock)


def _analysed(ask: Asked, policy: Policy, settings: Settings, clock: PhaseClock) -> Subject:
    """Analyse; a probe that only the policy asks for and data or model rule out is left out, and said.

    That leaves the rest to be judged, unless the column is then one that nothing takes: its refusal stands.
    """
    from estimator.network_file import load_network

    refused: dict[str, str] = {}
    first: NifError | None = None
    while True:
        with tempfile.TemporaryDirectory(prefix="nif-audit-") as folder:
            model, data = Source(ask.model, None), Source(ask.data, None)
            request = request_of(model, data, ask.table_format, ask.options, Path(folder))
            try:
                run_here("estimating", request, settings, clock)
            except NifError as error:
                name = _refused_probe(error, ask.options, policy)
                if name is None:
                    raise (error if first is None else first) from None
                first = first or error
                refused[name] = error.detail
                kept = tuple(probe for probe in ask.options.probes if probe != name)
                ask = replace(ask, options=replace(ask.options, probes=kept))
                continue
            return Subject(load_network(Path(folder) / NETWORK), ask, refused)


def _refused_probe(error: NifError, options: Options, policy: Policy) -> str | None:
    """The policy's probe that the analysis refuses, if that is all it refuses."""
    if len(error.errors) != 1:
        return None
    found = _PROBE.fullmatch(error.errors[0].field or "")
    if found is None or int(found[1]) >= len(options.probes):
        return None
    name = options.probes[int(found[1])]
    return name if name in policy.probes else None


def _check_same(network: FlowNetwork, ask: Asked) -> None:
    for noun, path, key in (("MODEL", ask.model, "model_sha256"), ("DATA", ask.data, "data_sha256")):
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
        recorded = network.provenance.get(key)
        if recorded not in (None, found):
            raise _refuse(f"{noun} has the sha256 {found}, and NETWORK was made of {recorded}", noun)


def _refuse(detail: str, field: str) -> InvalidParameter:
    return InvalidParameter(detail, errors=[Place(detail, field=field)])
