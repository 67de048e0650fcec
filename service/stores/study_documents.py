"""Documents of studies as the stores keep them: JSON text, whose numbers come back with their bits."""

import json
from collections.abc import Mapping
from typing import Any

from estimator.options import refuse


def packed(document: Mapping[str, Any]) -> str:
    """The document as text. InvalidParameter if it holds what JSON has not: NaN, infinity, an object."""
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise refuse("document", type(document).__name__, f"plain JSON values: {error}") from error


def unpacked(text: str | bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


def verdict_of(document: Mapping[str, Any]) -> str | None:
    """An audit's verdict, to be asked for without reading the document."""
    verdict = document.get("verdict")
    return verdict if isinstance(verdict, str) else None
