"""compose.yaml and Dockerfile say what the code knows. The files are read here, not run."""

import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.setting_values import NAMES
from service.settings import load_settings
from service.settings_file import SETTINGS_FILE
from service.stores.neo4j_login import login

ROOT = Path(__file__).parent.parent
KNOWN = {*NAMES, SETTINGS_FILE}
OURS, ALL = ("api", "worker"), ("api", "worker", "neo4j", "postgres", "proxy")


class Strict(yaml.SafeLoader):
    """Refuses a key that is given twice, where YAML's own loader takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key twice: {keys}"
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Strict)  # noqa: S506
    return found


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What deploy/make-secrets.sh makes, in a copy of the tree."""
    root = tmp_path_factory.mktemp("clone")
    (root / "deploy").mkdir()
    script = root / "deploy" / "make-secrets.sh"
    script.write_bytes((ROOT / "deploy/make-secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, timeout=60)
    return root / "deploy" / "secrets"


def test_all_services_are_there_and_nothing_else_is_said(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == set(ALL)
    assert {key for key in compose if not key.startswith("x-")} == {
        "name", "services", "networks", "volumes", "secrets",
    }  # fmt: skip
    named = {volume.partition(":")[0] for name in ALL for volume in compose["services"][name]["volumes"]}
    assert {name for name in named if not name.startswith("./")} == set(compose["volumes"])
    for name in named:
        assert not name.startswith("./") or (ROOT / name).exists()


def test_every_setting_is_one_that_the_service_knows(compose: dict[str, Any]) -> None:
    for name in OURS:
        given = compose["services"][name]["environment"]
        assert set(given) <= KNOWN, f"{name} sets what `nif settings` does not list"
        assert all(isinstance(value, str) for value in given.values()), "compose changes other values"
    for file in ("compose.yaml", "Dockerfile", "deploy/make-secrets.sh"):
        used = set(re.findall(r"\bNIF_[A-Z0-9_]+", (ROOT / file).read_text(encoding="utf-8")))
        assert used <= KNOWN, f"{file}: {used - KNOWN}"


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_accepted_and_log_in_to_neo4j(
    compose: dict[str, Any], secrets: Path, name: str
) -> None:
    given = compose["services"][name]["environment"]
    here = {key: value.replace("/run/secrets", str(secrets)) for key, value in given.items()}
    settings = load_settings(here)
    assert settings.queue.startswith("postgresql://nif:") and settings.queue.endswith("@postgres:5432/nif")
    password = (secrets / "postgres_password").read_text().strip()
    assert f":{password}@" in settings.queue
    user, password = login(settings.store_login)
    assert (secrets / "neo4j_auth").read_text() == f"{user}/{password}\n"
    assert settings.needs_keys == (name == "api")


def test_secrets_come_from_files_that_only_their_owner_can_read(
    compose: dict[str, Any], secrets: Path
) -> None:
    files = {name: Path(entry["file"]) for name, entry in compose["secrets"].items()}
    used = {secret for name in ALL for secret in compose["services"][name].get("secrets", [])}
    assert used == set(files)
    assert {path.name for path in secrets.iterdir()} == set(files)
    for name, path in files.items():
        assert path == Path("deploy/secrets") / name
        made = secrets / name
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
    uid = int((secrets.parents[1] / ".env").read_text().removeprefix("HOST_UID="))
    assert uid == (os.getuid() or 10001) == (secrets / "nif_settings").stat().st_uid
    for name in ALL:
        for key, value in compose["services"][name].get("environment", {}).items():
            assert "PASSWORD" not in key.upper() or key.endswith("_FILE"), f"{name}: {key}"
            for path in re.findall(r"/run/secrets/(\w+)", value):
                assert path in compose["services"][name]["secrets"]


def test_secrets_are_made_once(secrets: Path) -> None:
    before = (secrets / "neo4j_auth").read_text()
    again = subprocess.run(
        ["sh", secrets.parent / "make-secrets.sh"], capture_output=True, text=True, timeout=60, check=False
    )
    assert again.returncode == 1 and "there already" in again.stderr
    assert (secrets / "neo4j_auth").read_text() == before


def test_secrets_stay_out_of_git_and_of_the_images() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    assert "/deploy/secrets*/" in ignored and "/.env" in ignored
    wanted = (ROOT / ".dockerignore").read_text().split()
    assert wanted[0] == "*" and not any("deploy" in line or ".env" in line for line in wanted)


def test_every_service_says_whether_it_is_well_and_waits_for_others_that_are(compose: dict[str, Any]) -> None:
    for name in ALL:
        service = compose["services"][name]
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
        for other, needs in service.get("depends_on", {}).items():
            assert other in ALL and needs == {"condition": "service_healthy"}


def test_ports_are_published_for_this_machine_only(compose: dict[str, Any]) -> None:
    published = {port for name in ALL for port in compose["services"][name].get("ports", [])}
    assert published == {"127.0.0.1:7687:7687", "127.0.0.1:8000:8080", "127.0.0.1:7474:7474"}
    assert compose["networks"]["inside"] == {"internal": True}
    for name in OURS:
        assert compose["services"][name]["networks"] == ["inside"]
        assert compose["services"][name]["cap_drop"] == ["ALL"]
        assert compose["services"][name]["read_only"] is True


def test_images_have_versions(compose: dict[str, Any]) -> None:
    for name in ALL:
        image = compose["services"][name].get("image")
        assert (image is None) == (name in OURS)
        assert image is None or re.fullmatch(r"[a-z0-9/-]+:[0-9]+[0-9a-z.-]*", image)


def test_neo4j_has_graph_data_science_and_asks_for_a_password(compose: dict[str, Any]) -> None:
    environment = compose["services"]["neo4j"]["environment"]
    assert environment["NEO4J_PLUGINS"] == '["graph-data-science"]'
    assert environment["NEO4J_AUTH_FILE"] == "/run/secrets/neo4j_auth"
    assert not {"NEO4J_AUTH", "NEO4J_ACCEPT_LICENSE_AGREEMENT"} & set(environment)
    assert all(isinstance(value, str) for value in environment.values())


def stages() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """The Dockerfile's stages: name -> (what it is built on, its instructions)."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            assert name, "every stage has a name"
            found[name] = (base, [])
        else:
            list(found.values())[-1][1].append((word, rest))
    return found


def chain(name: str) -> list[tuple[str, str]]:
    """The instructions of a stage after those of the stages below it."""
    base, own = stages()[name]
    return (chain(base) if base in stages() else []) + own


@pytest.mark.parametrize("target", OURS)
def test_an_image_runs_as_nobody_special_and_holds_no_sources(compose: dict[str, Any], target: str) -> None:
    assert compose["services"][target]["build"]["target"] == target
    instructions = chain(target)
    assert [rest for word, rest in instructions if word == "USER"][-1] == "nif"
    last = dict(instructions)
    assert last["CMD"] == ('["nif", "serve"]' if target == "api" else '["nif", "worker"]')
    assert "HEALTHCHECK" in last
    copied = [rest for word, rest in instructions if word == "COPY"]
    assert copied == [f"--from={target}-packages /opt/nif /opt/nif"]


def test_the_images_are_built_from_a_version_without_secrets() -> None:
    found = stages()
    outside = {base for base, _ in found.values()} - set(found)
    assert len(outside) == 1
    assert re.fullmatch(r"python:3\.1[123]-slim-[a-z]+", outside.pop())
    for _, instructions in found.values():
        for word, rest in instructions:
            assert word != "ADD"
            assert not re.search(r"password|secret|token", rest, re.IGNORECASE), rest
            assert word != "ARG" or rest == "HOST_UID=10001"


def test_the_api_image_has_no_torch() -> None:
    installs = {
        name: rest for name, (_, own) in stages().items() for word, rest in own if "install -c" in rest
    }
    assert "[api,neo4j,postgres]" in installs["api-packages"]
    assert "[worker,compare,neo4j,postgres]" in installs["worker-packages"]
    for _, own in stages().values():
        for word, rest in own:
            for name in rest.split()[:-1] if word == "COPY" and not rest.startswith("--from") else []:
                assert (ROOT / name).exists()
                assert f"!{name.removeprefix('./')}" in (ROOT / ".dockerignore").read_text().split()
