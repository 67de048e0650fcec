"""Imports point one way: service -> estimator, and nowhere in a circle. Drawn from the source, not run."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("estimator", "service")
# What the process that answers requests must never load.
HEAVY = {"torch", "onnxruntime"}
API = (
    "service.api",
    "service.app",
    "service.stores",
    "service.catalog",
    "service.report",
    "service.jobs.queue",
)


def modules() -> dict[str, Path]:
    """{dotted name: file} of both packages."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, *, at_import_only: bool = False) -> Iterator[str]:
    """Dotted names that the file imports; those for the type checker alone are left out.

    at_import_only: only what is loaded when the file itself is, not what its functions import later.
    """
    pending: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
        elif not (at_import_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            pending += ast.iter_child_nodes(node)


MODULES = modules()
ARROWS = {name: {i for i in imports(path) if i in MODULES} - {name} for name, path in MODULES.items()}
ARROWS_AT_IMPORT = {
    name: {i for i in imports(path, at_import_only=True) if i in MODULES} - {name}
    for name, path in MODULES.items()
}


def test_the_estimator_knows_no_service() -> None:
    wrong = {
        name: arrow
        for name, path in MODULES.items()
        if name.startswith("estimator")
        for arrow in imports(path)
        if arrow.split(".")[0]
        in {"service", "flask", "flask_smorest", "marshmallow", "dbos", "neo4j", "sqlite3"}
    }
    assert not wrong


def test_no_import_goes_in_a_circle() -> None:
    # A package's __init__ that imports its own modules is what its modules load first; that is no arrow.
    arrows = {
        name: {to for to in targets if not name.startswith(f"{to}.")} for name, targets in ARROWS.items()
    }
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def loaded_with(start: str) -> set[str]:
    """Modules of ours that are loaded when `start` is, its parents' __init__ included."""
    seen: set[str] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        if name in seen or name not in MODULES:
            continue
        seen.add(name)
        pending += ARROWS_AT_IMPORT[name]
        if "." in name:
            pending.append(name.rpartition(".")[0])
    return seen


@pytest.mark.parametrize("start", sorted(n for n in MODULES if n.startswith(API)))
def test_no_module_of_the_api_loads_torch_or_onnxruntime(start: str) -> None:
    heavy = {
        f"{name} imports {arrow}"
        for name in loaded_with(start)
        for arrow in imports(MODULES[name], at_import_only=True)
        if arrow.split(".")[0] in HEAVY
    }
    assert not heavy


def test_every_import_is_of_a_module_that_exists() -> None:
    missing = {
        f"{name} imports {arrow}"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (arrow := node.module or "").split(".")[0] in PACKAGES
        if arrow not in MODULES
    }
    assert not missing


def test_nothing_is_named_for_no_purpose() -> None:
    vague = {"util", "utils", "helper", "helpers", "misc", "common", "manager"}
    assert not [name for name in MODULES if vague & set(name.split("."))]
