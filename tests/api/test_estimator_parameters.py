from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from estimator.errors import InvalidParameter
from estimator.mutual_information.methods import METHODS, method
from estimator.options import Options
from service.estimator_parameters import PARAMETERS, check_parameters
from tests.api.service_here import OPTIONS, ServiceHere, assert_problem

VALUES: list[Any] = [
    -1, 0, 1, 2, 3, 20, 21, 64, 65, 300, 10_000, 10_001, 2**63, 0.5, 1.0, 1.5, 1e-9, 2.5,
    True, False, None, "3", [], {},
]  # fmt: skip


@pytest.mark.parametrize("estimator", list(METHODS))
def test_the_table_allows_what_the_classes_allow(estimator: Any) -> None:
    assert set(PARAMETERS[estimator]) == set(method(estimator, {}).parameters())
    names = {name for rules in PARAMETERS.values() for name in rules} | {"nonsense"}
    for name in names:
        for value in VALUES:
            options = Options(estimator=estimator, parameters={name: value})
            of_class = _refused(method, estimator, options.parameters)
            assert of_class == _refused(check_parameters, options), (name, value)


def test_parameters_of_another_estimator_are_refused_at_the_door(
    service: ServiceHere, client: FlaskClient
) -> None:
    options = OPTIONS | {"estimator": "ksg", "parameters": {"steps": 5}}
    body = assert_problem(
        client.post("/v1/analyses", json=service.body(options=options)), 422, "invalid-parameter"
    )
    assert [place["field"] for place in body["errors"]] == ["options.parameters.steps", "options.estimator"]


def _refused(call: Callable[..., object], *arguments: object) -> bool:
    try:
        call(*arguments)
    except InvalidParameter:
        return True
    return False
