"""What `import estimator` loads, and that it needs no web framework."""

import subprocess
import sys

import pytest

import estimator

BLOCKED = ("flask", "flask_smorest", "marshmallow", "dbos", "service", "neo4j", "werkzeug")


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_estimator_loads_no_heavy_library() -> None:
    heavy = "{'torch', 'onnxruntime', 'onnx', 'networkit', 'pyarrow', 'flask', 'scipy'}"
    assert run(f"import sys, estimator; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_networkit_is_loaded_without_what_it_draws_with_which_others_still_can() -> None:
    code = (
        "import sys; from estimator.graph.lean_networkit import nk\n"
        "print(sorted({'matplotlib', 'pandas', 'sklearn'} & set(sys.modules)))\n"
        "import matplotlib, pandas; print(nk.Graph(3).numberOfNodes())"
    )
    assert run(code).splitlines() == ["[]", "3"]


@pytest.mark.parametrize(
    "name",
    ["estimator.data.read", "estimator.data.columns", "estimator.network", "estimator.options",
     "estimator.model.plan", "estimator.runtime.isolation", "estimator.runtime.limits", "estimator.diff",
     "estimator.graph.describe"],
)  # fmt: skip
def test_what_the_api_needs_loads_no_numerical_runtime(name: str) -> None:
    heavy = "{'torch', 'onnxruntime', 'scipy', 'networkit'}"
    assert run(f"import sys, {name}; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_every_public_name_is_there() -> None:
    for name in estimator.__all__:
        assert callable(getattr(estimator, name)), name
        assert name in dir(estimator)
    with pytest.raises(AttributeError):
        estimator.no_such_name  # noqa: B018


def test_mutual_information_is_a_function_and_a_package() -> None:
    code = (
        "import estimator, numpy as np\n"
        "from estimator import mutual_information\n"
        "import estimator.mutual_information.result\n"
        "X = np.random.default_rng(0).normal(size=(100, 2))\n"
        "for call in (mutual_information, estimator.mutual_information):\n"
        "    print(call(X, X[:, :1], method='ksg', permutations=20, device='cpu').mi.shape)"
    )
    assert run(code).splitlines() == ["(2, 1)", "(2, 1)"]


def test_the_estimator_works_where_flask_is_not_installed() -> None:
    code = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
from pathlib import Path
from estimator import Options, analyze, read_table
options = Options(estimator='ksg', permutations=20, device='cpu', target='species')
iris = Path('examples/iris')
network = analyze((iris / 'iris.onnx').read_bytes(), read_table(iris / 'iris.csv'), options)
print([layer.size for layer in network.layers], len(network.probes))
"""
    assert run(code) == "[4, 5, 3] 1"
