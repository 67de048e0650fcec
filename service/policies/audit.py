"""An audit: every rule of a policy judged on a network, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from estimator.diff import NetworkDiff
from estimator.network import FlowNetwork
from service.policies.evidence import Evidence
from service.policies.finding import Finding, Unknown, Verdict
from service.policies.policy import Policy
from service.policies.rules.rule import Rule
from service.policies.rules.saturated_not_decisive import SaturatedNotDecisive

# What of an analysis's record belongs beside a verdict.
RECORDED = (
    "model_sha256", "data_sha256", "rows", "distinct_rows", "target", "estimator", "parameters", "seed",
    "permutations", "device", "versions", "cross_check", "warnings",
)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A rule, what was found, and the verdict after the policy's say on `cannot tell`."""

    rule: Rule
    finding: Finding
    verdict: Verdict


@dataclass(frozen=True)
class Audit:
    policy: Policy
    rules: tuple[Judged, ...]
    network: FlowNetwork
    compared: NetworkDiff | None = None

    @property
    def verdict(self) -> Verdict:
        """fail if one rule fails, else cannot tell if one cannot be told, else pass."""
        verdicts = {judged.verdict for judged in self.rules}
        return "fail" if "fail" in verdicts else "cannot tell" if "cannot tell" in verdicts else "pass"

    def document(self) -> dict[str, Any]:
        """Plain JSON values: verdict, counts, policy, each rule with its reason, what was judged."""
        counts = {
            name: sum(j.verdict == name for j in self.rules) for name in ("pass", "fail", "cannot tell")
        }
        return {
            "kind": "audit",
            "verdict": self.verdict,
            "counts": counts,
            "policy": self.policy.as_dict() | {"sha256": self.policy.sha256, "file": self.policy.file},
            "rules": [_document(judged) for judged in self.rules],
            "network": _record(self.network),
            "baseline": None if self.compared is None else _baseline(self.compared),
            "versions": {"neural-information-flow": version("neural-information-flow")},
        }


def judge(
    policy: Policy,
    network: FlowNetwork,
    compared: NetworkDiff | None = None,
    *,
    refused: Mapping[str, str] | None = None,
) -> Audit:
    """Every rule of the policy on the network.

    compared: from the baseline to this network (`service/policies/baseline.py`), for rules about change.
    refused: {probe: why the analysis could not measure it}, for probes that data or model rule out.
    """
    evidence = Evidence(network, compared, refused or {})
    found: dict[str, Finding] = {}
    last = [rule for rule in policy.rules if isinstance(rule, SaturatedNotDecisive)]
    for rule in [*(r for r in policy.rules if r not in last), *last]:
        found[rule.id] = _finding(rule, replace(evidence, decided=tuple(found.values())))
    return Audit(
        policy=policy,
        rules=tuple(Judged(r, found[r.id], _counted(policy, r, found[r.id])) for r in policy.rules),
        network=network,
        compared=compared,
    )


def _finding(rule: Rule, evidence: Evidence) -> Finding:
    try:
        return rule.judge(evidence)
    except Unknown as unknown:
        return Finding("cannot tell", unknown.reason, neurons=unknown.neurons, edges=unknown.edges)


def _counted(policy: Policy, rule: Rule, finding: Finding) -> Verdict:
    return (
        (rule.cannot_tell or policy.cannot_tell or "cannot tell")
        if finding.verdict == "cannot tell"
        else finding.verdict
    )


def _document(judged: Judged) -> dict[str, Any]:
    rule = judged.rule
    return {
        "id": rule.id,
        "rule": rule.kind,
        "description": rule.description,
        "line": rule.line,
        "verdict": judged.verdict,
        "found": judged.finding.verdict,
        **judged.finding.as_dict(),
    }


def _record(network: FlowNetwork) -> dict[str, Any]:
    record = {name: network.provenance[name] for name in RECORDED if name in network.provenance}
    return record | {
        "beta": network.beta,
        "alpha": network.alpha,
        "layers": [{"name": layer.name, "kind": layer.kind, "size": layer.size} for layer in network.layers],
        "probes": [probe.name for probe in network.probes],
    }


def _baseline(compared: NetworkDiff) -> dict[str, Any]:
    """aligned_by: how hidden neurons found their counterparts; judging again needs the same files for it."""
    return _record(compared.base) | {"aligned_by": compared.alignment.by}
