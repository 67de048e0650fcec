"""Whether an analysis can be asked of a model and a table, and what that takes; said once for each pair.

Reading both files again at every request would cost as much as their upload did. What is kept of a pair that
fitted is small: the model's plan and the number of rows. It holds while the two files are the same on disk;
the job itself compares the hashes of what it reads.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock

from estimator.data.columns import match_columns
from estimator.data.table import Table, TableFormat
from estimator.errors import LimitExceeded, Place
from estimator.model.plan import ModelPlan
from estimator.options import Options
from service.blobs import Blobs
from service.cost import Cost, cost_of
from service.errors import fields_under
from service.estimator_parameters import check_parameters
from service.limits import Limits

MOST = 64


@dataclass(frozen=True)
class Fit:
    """A model and a table that fit each other by the columns that were asked for."""

    plan: ModelPlan
    rows: int


@dataclass
class Fits:
    """The pairs that were found to fit, the most recent MOST of them; for all threads of a process."""

    _known: "OrderedDict[Hashable, Fit]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def find(self, key: Hashable, make: Callable[[], Fit]) -> Fit:
        """What is known under the key, or what is made now; an error is kept nowhere."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = make()
        with self._lock:
            self._known[key] = found
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return found


def key_of(blobs: Blobs, model: str, dataset: str, table_format: TableFormat, options: Options) -> Hashable:
    """Names two stored files as they are on disk, and all that decides whether they fit."""
    columns = json.dumps(_columns(options).as_dict(), sort_keys=True)
    return blobs.identity(model), blobs.identity(dataset), table_format, columns


def fit(plan: ModelPlan, table: Table, options: Options) -> Fit:
    """Raises what `match_columns` does."""
    with fields_under("options"):
        match_columns(table, plan, _columns(options))
    return Fit(plan, table.rows)


def check_options(options: Options, limits: Limits) -> None:
    """What the options alone tell. LimitExceeded, InvalidParameter."""
    if len(options.probes) > limits.probes:
        detail = f"options.probes names {len(options.probes)} columns; the limit is {limits.probes}"
        raise LimitExceeded(detail, errors=[Place(detail, field="options.probes")])
    with fields_under("options"):
        check_parameters(options)


def cost_of_fit(found: Fit, options: Options) -> Cost:
    """What the analysis will take; raises what selecting a part of the network does."""
    return cost_of(found.plan, found.rows, options)


def _columns(options: Options) -> Options:
    """The options that say which column is what, and no other: nothing else can decide a fit."""
    return Options(
        target=options.target,
        probes=options.probes,
        columns_by=options.columns_by,
        inputs=options.inputs,
    )
