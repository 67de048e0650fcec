"""What all kinds of rules have in common. A kind is a class in a module of its own, listed in kinds.py."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

import marshmallow as ma

from service.policies.evidence import Evidence
from service.policies.fields import Choice, Text
from service.policies.finding import Finding

CannotTell = Literal["pass", "fail"]


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """A rule as the policy states it.

    id: unique in the policy. cannot_tell: what `cannot tell` counts as, where the policy wants it to count.
    line: of the policy's file, if it came from one.
    """

    id: str
    description: str | None = None
    cannot_tell: CannotTell | None = None
    line: int | None = field(default=None, compare=False)

    kind: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[Mapping[str, ma.fields.Field[Any]]]

    @abstractmethod
    def judge(self, evidence: Evidence) -> Finding:
        """Pass, fail or cannot tell. May raise `Unknown`, which is cannot tell with its reason."""

    @property
    def probes(self) -> tuple[str, ...]:
        """Columns that the analysis must measure as probes for this rule."""
        return ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values as the policy's file has them; what was left out stays out."""
        plain: dict[str, Any] = {"rule": self.kind}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name != "line" and value is not None:
                plain[f.name] = list(value) if isinstance(value, tuple) else value
        return plain

    @classmethod
    def schema(cls) -> type[ma.Schema]:
        """What a rule of this kind may hold; an unknown field is refused."""
        common: dict[str, Any] = {
            "rule": Choice(cls.kind, required=True, metadata={"description": cls.summary}),
            "id": Text(200, metadata={"description": "Unique in the policy; default: the kind"}),
            "description": Text(2_000, metadata={"description": "For people; shown beside the verdict"}),
            "cannot_tell": Choice(
                "pass", "fail", metadata={"description": "What `cannot tell` counts as for this rule"}
            ),
        }
        return ma.Schema.from_dict(common | dict(cls.options), name=cls.__name__)
