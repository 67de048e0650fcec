"""Policies: rules in a YAML file, judged on a network as pass, fail or cannot tell.

policy = read_policy(Path("policy.yaml").read_bytes(), "policy.yaml")
audit = judge(policy, network)  # and what changed from a baseline on: `baseline.compared`
audit.document()
"""

from service.policies.audit import Audit, judge
from service.policies.policy import Policy, read_policy

__all__ = ["Audit", "Policy", "judge", "read_policy"]
