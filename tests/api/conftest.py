from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.api.service_here import ServiceHere


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceHere]:
    here = ServiceHere(tmp_path)
    yield here
    here.close()


@pytest.fixture
def client(service: ServiceHere) -> FlaskClient:
    return service.client
