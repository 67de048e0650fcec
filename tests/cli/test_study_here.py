"""A study without a server: analysed or given, computed in a child, nothing left behind."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from estimator.data.table import TableFormat
from estimator.errors import NifError
from estimator.network import FlowNetwork
from estimator.options import Options
from service.cli.analysis_options import Asked
from service.cli.network_input import read_network
from service.cli.phase_clock import PhaseClock
from service.cli.study_here import Given, study_here
from service.settings import load_settings
from tests.cli.nif import IRIS
from tests.networks import random_network

POLICY = {"version": 1, "rules": [{"rule": "minimum-rows", "min": 150}]}


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary files go to an empty folder; it is looked at by the tests."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


def left(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "temporary").iterdir())


def ask(**options: object) -> Asked:
    chosen = Options(target="species", permutations=20, **options)  # type: ignore[arg-type]
    return Asked(*IRIS, TableFormat(), chosen)


@pytest.fixture
def network(analysed: Path) -> FlowNetwork:
    return read_network(str(analysed / "nif-iris"), None, None)


def test_model_and_data_are_analysed_and_then_studied(tmp_path: Path) -> None:
    settings = load_settings({"NIF_DATA_DIR": str(tmp_path)})
    with PhaseClock(draw=False) as clock:
        found = study_here("audit", [Given(ask())], {"policy": POLICY}, settings=settings, clock=clock)
    assert found.document["kind"] == "audit"
    assert found.document["verdict"] == "pass"
    assert found.networks[0].provenance["model_sha256"] == found.document["of"][0]["model_sha256"]
    assert found.document["of"][0]["analysis_id"] is None
    assert {"estimating", "judging"} <= set(clock.seconds)
    assert left(tmp_path) == []


def test_a_network_that_is_given_is_not_measured_again(tmp_path: Path, network: FlowNetwork) -> None:
    with PhaseClock(draw=False) as clock:
        found = study_here("ablation", [Given(ask(), network)], {"bootstrap": 100}, clock=clock)
    assert found.document["kind"] == "ablation"
    assert found.networks == (network,)
    assert "estimating" not in clock.seconds
    assert left(tmp_path) == []


def test_a_network_of_another_model_is_refused(tmp_path: Path, network: FlowNetwork) -> None:
    other = replace(network, provenance={**network.provenance, "model_sha256": "0" * 64})
    with pytest.raises(NifError, match="made of another model") as caught:
        study_here("ablation", [Given(ask(), other)], {})
    assert caught.value.errors[0].field == "model"
    assert left(tmp_path) == []


def test_networks_alone_are_enough_for_a_diff_and_not_for_an_ablation(tmp_path: Path) -> None:
    one, two = random_network(1), random_network(1)
    assert study_here("diff", [Given(network=one), Given(network=two)], {}).document["empty"] is True
    with pytest.raises(NifError, match="give MODEL and DATA"):
        study_here("ablation", [Given(network=one)], {})
    assert left(tmp_path) == []


def test_what_the_kind_refuses_is_said_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(NifError, match="choose is 'loudest'") as caught:
        study_here("ablation", [Given(ask())], {"choose": "loudest"})
    assert caught.value.errors[0].field == "choose"
    assert left(tmp_path) == []


def test_a_wrong_number_of_sides_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="1 sides"):
        study_here("diff", [Given(network=random_network(1))], {})
