"""The kinds of rules by the name that a policy gives them."""

from service.policies.rules.attribution_share import AttributionShare
from service.policies.rules.baseline_change import BaselineChange
from service.policies.rules.estimators_agree import EstimatorsAgree
from service.policies.rules.minimum_rows import MinimumRows
from service.policies.rules.path_strength import PathStrength
from service.policies.rules.probe_information import ProbeInformation
from service.policies.rules.rule import Rule
from service.policies.rules.saturated_not_decisive import SaturatedNotDecisive
from service.policies.rules.silent_share import SilentShare

RULES: dict[str, type[Rule]] = {
    rule.kind: rule
    for rule in (
        ProbeInformation,
        PathStrength,
        AttributionShare,
        SilentShare,
        BaselineChange,
        EstimatorsAgree,
        MinimumRows,
        SaturatedNotDecisive,
    )
}
