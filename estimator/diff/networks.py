"""What changed between two analyses, of two versions of a model or on two data sets.

1. The layers of both are paired; another architecture is refused (`structure.py`).
2. Hidden neurons find their counterparts by name or by activations on shared rows (`alignment.py`).
3. Every edge, every probe's information about a neuron and every attribution is tested for a change, with
   the errors of both sides; q-values over all of them together (`changes.py`).
4. Neurons that fell silent or woke up are listed, and what else differs is said (`said.py`).

The head is read with the base's beta and alpha. Information is in nats.
"""

from dataclasses import replace

from estimator.diff.alignment import align
from estimator.diff.attributions import AttributionsWithErrors, attributions_with_errors, in_base_order
from estimator.diff.changes import tests_of_all
from estimator.diff.edges import paired_edges
from estimator.diff.options import DiffOptions
from estimator.diff.probes import paired_probes
from estimator.diff.result import NetworkDiff
from estimator.diff.sides import Side
from estimator.diff.structure import paired_layers
from estimator.errors import LimitExceeded
from estimator.progress import Progress, silent
from estimator.runtime.limits import RunLimits


def diff(
    base: Side,
    head: Side,
    options: DiffOptions | None = None,
    progress: Progress = silent,
    *,
    limits: RunLimits | None = None,
) -> NetworkDiff:
    """The changes from base to head.

    limits: of the child processes that run the models, where neurons are matched by activations. Raises
    InvalidParameter for networks of different architectures, for neurons that cannot be aligned as asked,
    and for a model that is not its network's; and what running a model raises.
    """
    options = options or DiffOptions()
    old = base.network
    new = replace(head.network, beta=old.beta, alpha=old.alpha)
    alignment = align(base, head, paired_layers(old, new), options, progress, limits)

    progress("graph", 0, 2)
    edges = paired_edges(old, new, alignment)
    probes = paired_probes(old, new, alignment)
    both: tuple[AttributionsWithErrors, AttributionsWithErrors] | None = None
    try:
        theirs = in_base_order(attributions_with_errors(new), old, new, alignment)
        both = attributions_with_errors(old), theirs
    except LimitExceeded:
        both = None  # said in the result
    progress("graph", 1, 2)
    tests = iter(
        tests_of_all(
            [(e.base.mi, e.base.se, e.head.mi, e.head.se) for e in edges]
            + [(mine.mi, mine.se, other.mi, other.se) for p in probes for mine, other in p.layers]
            + ([] if both is None else [(both[0].values, both[0].se, both[1].values, both[1].se)])
        )
    )
    found = NetworkDiff(
        base=old,
        head=new,
        options=options,
        alignment=alignment,
        edges=edges,
        edge_tests=tuple(next(tests) for _ in edges),
        probes=probes,
        probe_tests=tuple(tuple(next(tests) for _ in p.layers) for p in probes),
        attributions=both,
        attribution_tests=next(tests, None),
        head_beta=head.network.beta,
        head_alpha=head.network.alpha,
    )
    progress("graph", 2, 2)
    return found
