"""The queue as the API sees it: put jobs in, look at them, cancel them. Imports no numerical library."""

import functools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions, WorkflowStatus

from estimator.errors import NotFound
from service.jobs.database import QueueUnavailable, open_engine, reason, refuse_newer, sqlite_path
from service.jobs.protocol import APPLICATION, QUEUE, SERIALIZER, VERSION, WORKFLOW, refuse_pickles
from service.jobs.state import FINAL, JobState, Status, progress_of, state_of, status_of

Method = TypeVar("Method", bound=Callable[..., Any])
AT_ONCE = 500  # ids in one query
CHECK_SECONDS = 60.0


@dataclass(frozen=True)
class Claim:
    """Whose a running job is. It changes with every hand-over, so a worker that lost the job can tell.

    beat: a number that the job's worker raises while it lives.
    """

    analysis_id: str
    executor: str
    attempts: int
    dequeued_at: int
    beat: int = 0

    def same_run(self, other: "Claim | None") -> bool:
        mine = (self.analysis_id, self.executor, self.attempts, self.dequeued_at)
        return other is not None and mine == (
            other.analysis_id,
            other.executor,
            other.attempts,
            other.dequeued_at,
        )


def _reachable(method: Method) -> Method:
    """Turn the database's errors into QueueUnavailable."""

    @functools.wraps(method)
    def call(self: "JobQueue", *args: Any, **kwargs: Any) -> Any:
        if self._path is not None and not self._path.exists():
            raise QueueUnavailable(f"The queue's database is gone: there is no {self._path.name}")
        try:
            return method(self, *args, **kwargs)
        except sa.exc.SQLAlchemyError as error:
            raise QueueUnavailable(f"The queue's database does not answer: {reason(error)}") from error

    return cast(Method, call)


class JobQueue:
    """Jobs by analysis id. Every method raises QueueUnavailable when the database cannot be reached.

    Nothing connects before the first call, so that an API starts while its database is down.
    """

    def __init__(self, url: str) -> None:
        refuse_pickles()
        self._path = sqlite_path(url)
        self._whole_until = 0.0
        self._engine = open_engine(url)
        self._client = DBOSClient(
            system_database_engine=self._engine,
            serializer=SERIALIZER,
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
        self._table = "workflow_status" if self._path else "dbos.workflow_status"

    @_reachable
    def enqueue(self, analysis_id: str, tenant: str = "") -> None:
        """Put a job in; durable on return. One that is there already, in any state, stays as it is.

        Tenants take turns: the n-th waiting job of one is begun after the (n-1)-th of every other. Each job
        gets the number of its round, the one after its tenant's last, and lower rounds are begun first.
        """
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": analysis_id,
            "app_version": VERSION,
            "authenticated_user": tenant,
            "priority": self._next_round(tenant),
        }
        self._client.enqueue(options, analysis_id)

    @_reachable
    def state(self, analysis_id: str) -> JobState | None:
        """The job's state, None if there is no such job."""
        return self.states([analysis_id]).get(analysis_id)

    @_reachable
    def states(self, ids: Iterable[str]) -> dict[str, JobState]:
        """The states of those jobs that exist."""
        return {row.workflow_id: _state(row) for row in self._rows(list(ids))}

    @_reachable
    def statuses(self, ids: Sequence[str]) -> dict[str, Status]:
        """Only the statuses of those jobs that exist: for a search through thousands of them."""
        query = sa.text(
            f"SELECT workflow_uuid, status FROM {self._table} "  # noqa: S608  one of two constants
            "WHERE workflow_uuid IN :ids AND name = :name"
        ).bindparams(sa.bindparam("ids", expanding=True))
        found: dict[str, Status] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(ids), AT_ONCE):
                part = list(ids[start : start + AT_ONCE])
                for job_id, status in connection.execute(query, {"ids": part, "name": WORKFLOW}):
                    found[job_id] = status_of(status)
        return found

    @_reachable
    def cancel(self, analysis_id: str) -> JobState:
        """Cancel a job unless it is final already; returns its state after that. NotFound if there is none.

        A running analysis is stopped within seconds by its worker, which then removes what it has made.
        """
        state = self.state(analysis_id)
        if state is not None and state.status not in FINAL:
            self._client.cancel_workflow(analysis_id)
            state = self.state(analysis_id)
        if state is None:
            raise NotFound(f"There is no job {analysis_id!r}")
        return state

    @_reachable
    def forget(self, analysis_id: str) -> None:
        """Remove all of a job; no error if there is none. A worker that runs it stops as for a cancel."""
        self._client.delete_workflow(analysis_id)

    @_reachable
    def depth(self, tenant: str | None = None) -> int:
        """How many jobs wait, of one tenant or of all."""
        whose = "" if tenant is None else " AND authenticated_user = :tenant"
        query = sa.text(
            f"SELECT count(*) FROM {self._table} "  # noqa: S608  one of two constants
            f"WHERE queue_name = :queue AND status IN ('ENQUEUED', 'DELAYED'){whose}"
        )
        with self._engine.connect() as connection:
            return int(connection.execute(query, {"queue": QUEUE} | _named(tenant)).scalar_one())

    @_reachable
    def ping(self) -> None:
        """QueueUnavailable unless the database answers, has our schema, and is whole.

        A page of a file can be damaged without any question of ours meeting it: SQLite looks at all of them,
        once in CHECK_SECONDS.
        """
        self.depth()
        refuse_newer(self._engine)
        if self._path is None or time.monotonic() < self._whole_until:
            return
        with self._engine.connect() as connection:
            found = str(connection.execute(sa.text("PRAGMA quick_check(1)")).scalar_one())
        if found != "ok":
            raise QueueUnavailable(f"The queue's database is damaged: {' '.join(found.split())[:300]}")
        self._whole_until = time.monotonic() + CHECK_SECONDS

    def close(self) -> None:
        self._client.destroy()
        self._engine.dispose()

    # What follows is for workers.

    @_reachable
    def claim(self, analysis_id: str) -> Claim | None:
        """Who runs the job now; None when nobody does (queued, final, forgotten)."""
        return next(iter(self._claims(self._rows([analysis_id]))), None)

    @_reachable
    def claims(self) -> list[Claim]:
        """All running jobs."""
        return self._claims(
            self._client.list_workflows(
                name=WORKFLOW, status="PENDING", queue_name=QUEUE, load_input=False, load_output=False
            )
        )

    @_reachable
    def publish(self, analysis_id: str, **attributes: Any) -> None:
        """Set attributes (`progress`, `problem`) that `state` reads; JSON values."""
        self._client.update_workflow_attributes(analysis_id, attributes, merge=True)

    @_reachable
    def progress(self, analysis_id: str) -> dict[str, Any]:
        """The progress as last published."""
        rows = self._rows([analysis_id])
        return dict(progress_of(rows[0].attributes)) if rows else {}

    @_reachable
    def give_back(self, claim: Claim) -> bool:
        """Put a running job back, for a worker that stops in good order; its attempts count anew."""
        if not claim.same_run(self.claim(claim.analysis_id)):
            return False
        self._client.resume_workflow(claim.analysis_id, queue_name=QUEUE)
        return True

    @_reachable
    def requeue(self, claim: Claim) -> None:
        """Put the job of a dead worker back; counts as an attempt. Nothing happens if it changed hands.

        DBOS offers this only to its own recovery of an executor, hence the private attribute.
        """
        self._client._sys_db.reenqueue_for_recovery(claim.analysis_id, [claim.executor], QUEUE)

    def _next_round(self, tenant: str) -> int:
        """The round now being served, or the one after the tenant's last job that waits or runs."""
        query = sa.text(
            "SELECT min(priority), max(CASE WHEN authenticated_user = :tenant THEN priority END) "  # noqa: S608
            f"FROM {self._table} "  # one of two constants
            "WHERE queue_name = :queue AND status IN ('ENQUEUED', 'PENDING')"
        )
        with self._engine.connect() as connection:
            served, last = connection.execute(query, {"queue": QUEUE, "tenant": tenant}).one()
        return max(served or 1, (last or 0) + 1)

    def _rows(self, ids: list[str]) -> list[WorkflowStatus]:
        # Inputs and outputs are never loaded: their stored form may name a pickle.
        rows: list[WorkflowStatus] = []
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            rows += self._client.list_workflows(workflow_ids=part, load_input=False, load_output=False)
        return [row for row in rows if row.name == WORKFLOW]

    def _claims(self, rows: list[WorkflowStatus]) -> list[Claim]:
        return [
            Claim(
                analysis_id=row.workflow_id,
                executor=row.executor_id or "",
                attempts=row.recovery_attempts or 0,
                dequeued_at=row.dequeued_at or 0,
                beat=int(progress_of(row.attributes).get("beat", 0)),
            )
            for row in rows
            if row.status == "PENDING"
        ]


def _named(tenant: str | None) -> dict[str, str]:
    return {} if tenant is None else {"tenant": tenant}


def _state(row: WorkflowStatus) -> JobState:
    return state_of(
        row.status,
        row.attributes,
        attempts=row.recovery_attempts,
        created=row.created_at,
        started=row.dequeued_at,
        completed=row.completed_at,
    )
