"""What can go wrong in a service besides what `estimator.errors` knows: requests, conflicts, access."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from estimator.errors import NifError, Place


class MalformedRequest(NifError):
    slug, title = "malformed-request", "The request cannot be parsed"


class InvalidJson(NifError):
    slug, title = "invalid-json", "The body is not JSON that can be read in one way only"


class UnknownField(NifError):
    slug, title = "unknown-field", "There is no such field"


class UnsupportedMediaType(NifError):
    slug, title = "unsupported-media-type", "The body has a media type that is not taken here"


class NotAcceptable(NifError):
    slug, title = "not-acceptable", "None of the media types asked for can be given"


class MethodNotAllowed(NifError):
    slug, title = "method-not-allowed", "The resource does not know this method"


class Misdirected(NifError):
    slug, title = "misdirected-request", "The request names a host that this service does not serve"


class PayloadTooLarge(NifError):
    slug, title = "payload-too-large", "The body is longer than the published limit"


class PreconditionFailed(NifError):
    slug, title = "precondition-failed", "The object is not the one that If-Match names"


class InvalidCursor(NifError):
    slug, title = "invalid-cursor", "The cursor does not belong to this query"


class Conflict(NifError):
    slug, title = "conflict", "The state of the object does not allow this"


class InUse(NifError):
    slug, title = "in-use", "The object is used by another"


class IdempotencyMismatch(NifError):
    slug, title = "idempotency-mismatch", "The Idempotency-Key was used for another request"


class Unauthenticated(NifError):
    slug, title = "unauthenticated", "A valid API key is needed"


class Forbidden(NifError):
    slug, title = "forbidden", "This is not allowed to the caller"


class InsufficientStorage(NifError):
    slug, title = "insufficient-storage", "The disk of the service is full"


class Timeout(NifError):
    """Nothing here raises it: the proxy answers it (compose.yaml), and documents and tables list it."""

    slug, title = "timeout", "The answer took longer than the published time"


class RateLimited(NifError):
    """retry_after: seconds until the caller may try again."""

    slug, title = "rate-limited", "Too many requests"

    def __init__(self, detail: str, *, retry_after: int, errors: Sequence[Place] = ()) -> None:
        super().__init__(detail, errors=errors)
        self.retry_after = retry_after


class QuotaExceeded(NifError):
    """Trying again helps only after something was deleted; retry_after is there because a 429 has it."""

    slug, title = "quota-exceeded", "The caller has stored as much as one tenant may"
    retry_after = 60


@contextmanager
def fields_under(path: str) -> Iterator[None]:
    """Name the fields of errors raised within by their path in the request: `beta` becomes `options.beta`."""
    try:
        yield
    except NifError as error:
        error.errors = tuple(
            place if place.field is None else replace(place, field=f"{path}.{place.field}")
            for place in error.errors
        )
        raise
