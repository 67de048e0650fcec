"""`nif ablate` as a process of its own."""

import json
from pathlib import Path

import pytest

from tests.cli.nif import IRIS, nif, refusal


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("ablated")
    ran = nif(folder, "ablate", *IRIS, "--target", "species", "--output", "cut")
    assert ran.returncode == 0 and ran.stderr == "", ran.stderr
    return folder, ran.stdout


def test_the_silent_neurons_of_iris_are_cut_and_the_accuracy_stays(done: tuple[Path, str]) -> None:
    folder, said = done
    assert "Without the 2 silent neurons: no output changes in any row; the accuracy stays 0.987." in said
    assert "all 10 sets of as many neurons" in said
    document = json.loads((folder / "cut/ablation.json").read_text())
    assert document["kind"] == "ablation" and len(document["of"]) == 1
    assert (folder / "cut/ablation.html").stat().st_size > 5000


def test_with_a_network_nothing_is_measured_again(analysed: Path) -> None:
    ran = nif(analysed, "ablate", *IRIS, "--network", "nif-iris", "--neuron", "1:0", "--neuron", "hidden.2",
              "--json")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert [n["id"] for n in document["series"][0]["neurons"]] == ["1:0", "1:2"]
    assert document["options"]["choose"] == "list" and document["target"] == "species"
    assert document["series"][0]["points"][0]["difference"]["value"] < 0


def test_a_curve_with_its_inverse(analysed: Path, tmp_path: Path) -> None:
    ran = nif(
        analysed, "ablate", *IRIS, "--network", "nif-iris", "--choose", "least-attribution", "-k", "3",
        "--inverse", "--draws", "30", "--output", tmp_path / "curve",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Up to k = 2 of 3, the accuracy is not lost beyond its interval." in ran.stdout
    assert "Without the 3 neurons most by attribution" in ran.stdout
    document = json.loads((tmp_path / "curve/ablation.json").read_text())
    assert [[p["k"] for p in s["points"]] for s in document["series"]] == [[1, 2, 3], [1, 2, 3]]
    assert "hidden neurons cut" in (tmp_path / "curve/ablation.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--neuron", "hiden.2"], "did you mean 'hidden.2'"),
        (["--choose", "least-betweenness", "-k", "9"], "k is 9, and 4 neurons can be cut"),
        (["-k", "two"], "-k is 'two'; it must be a whole number"),
        (["--choose", "silent", "--neuron", "1:0"], "give one of both"),
        (["--metric", "rmse"], "holds text"),
        (["--draws", "3"], "draws is 3; it must be between 20"),
        (["--estimator", "ksg"], "--estimator and --network"),
        (["--layer", "hidden"], "--layer and --network"),
    ],
)
def test_what_cannot_be_done_is_refused(analysed: Path, arguments: list[str], words: str) -> None:
    assert words in refusal(nif(analysed, "ablate", *IRIS, "--network", "nif-iris", *arguments))


def test_a_network_of_another_model_is_refused(analysed: Path) -> None:
    banknote = [path.parents[1] / "banknote" / path.name.replace("iris", "banknote") for path in IRIS]
    ran = nif(analysed, "ablate", *banknote, "--target", "label", "--network", "nif-iris")
    assert "of another model" in refusal(ran)


def test_data_without_a_target_is_refused(tmp_path: Path) -> None:
    said = refusal(nif(tmp_path, "ablate", *IRIS, "--probe", "species"))
    assert "no labels" in said and "target" in said
