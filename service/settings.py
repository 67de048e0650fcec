"""The settings of a service: `NIF_*` variables, a file of them, or defaults; listed by `nif settings`.

Every value is checked here, once. A name that does not exist is an error, never ignored; so is a value
that would have to be guessed at.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from estimator.errors import InvalidParameter, Place
from service.setting_values import NAMES, NOT_OURS, SETTINGS, Setting
from service.settings_file import SETTINGS_FILE, read_settings_file


@dataclass(frozen=True)
class Settings:
    """Everything an operator may choose; `nif settings` gives each field's meaning.

    store, queue: URIs, always set (by default files in data_dir). Times are seconds, sizes bytes.
    """

    data_dir: Path
    host: str
    port: int
    public: bool
    store: str
    neo4j_user: str
    neo4j_password: str = field(repr=False)
    neo4j_password_file: str
    queue: str
    workers: int
    worker_name: str
    api_threads: int
    job_time_limit: float
    job_memory_limit: int
    job_attempts: int
    worker_lost_after: float
    queue_depth: int
    tenant_queue_depth: int
    tenant_files: int
    tenant_bytes: int
    signing_key: str
    log_level: str

    @property
    def needs_keys(self) -> bool:
        """Whether requests come from outside this machine, so that API keys must exist."""
        return self.public or not is_loopback(self.host)

    @property
    def store_login(self) -> dict[str, str]:
        """The variables that `service.stores.open` reads beside the URI."""
        login = {
            "NIF_NEO4J_USER": self.neo4j_user,
            "NIF_NEO4J_PASSWORD": self.neo4j_password,
            "NIF_NEO4J_PASSWORD_FILE": self.neo4j_password_file,
        }
        return {name: value for name, value in login.items() if value}

    @property
    def work_dir(self) -> Path:
        """Where running jobs keep their files."""
        return self.data_dir / "work"

    @property
    def blobs_dir(self) -> Path:
        return self.data_dir / "blobs"

    @property
    def catalog_path(self) -> Path:
        return self.data_dir / "catalog.db"


@dataclass(frozen=True)
class Loaded:
    """Settings, and for each field where its value came from: `default`, `environment` or a file's path.

    overridden: names that both the environment and the file set; the environment won.
    """

    settings: Settings
    sources: Mapping[str, str]
    overridden: tuple[str, ...] = ()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to the host. Names other than localhost: no."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(env: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """The settings of the environment (os.environ) and of the file, if any (NIF_SETTINGS_FILE).

    A store's login that is in the file is put into os.environ, too, where the stores look for it.
    Raises InvalidParameter, with a place for every wrong name or value.
    """
    settings = load(env, file).settings
    if env is None:
        os.environ.update(settings.store_login)
    return settings


def load(env: Mapping[str, str] | None = None, file: Path | None = None) -> Loaded:
    """As `load_settings`, with the sources."""
    env = os.environ if env is None else env
    variables = {name: value for name, value in env.items() if name.startswith("NIF_")}
    named = variables.pop(SETTINGS_FILE, None)
    variables = {name: value for name, value in variables.items() if name not in NOT_OURS}
    if file is None and named is not None:
        if not named:
            raise _all([Place(f"{SETTINGS_FILE} is empty; leave it out or name a file", field=SETTINGS_FILE)])
        file = Path(named)
    in_file = {} if file is None else read_settings_file(file)
    wrong = [_unknown(name, "the environment") for name in variables if name not in NAMES]
    wrong += [_unknown(name, str(file)) for name in in_file if name not in NAMES]
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in SETTINGS:
        text, source = setting.default, "default"
        if setting.variable in in_file:
            text, source = in_file[setting.variable], str(file)
        if setting.variable in variables:
            text, source = variables[setting.variable], "environment"
        sources[setting.field] = source
        try:
            if text == "" and source != "default":
                raise ValueError("is empty; leave it out for the default")
            values[setting.field] = setting.value(text() if callable(text) else text)
        except ValueError as error:
            wrong.append(_refused(setting, error, source))
    if wrong:
        raise _all(wrong)
    data_dir: Path = values["data_dir"]
    values["store"] = values["store"] or f"embedded://{data_dir / 'network.db'}"
    values["queue"] = values["queue"] or f"sqlite:///{data_dir / 'queue.db'}"
    both = tuple(sorted(set(variables) & set(in_file)))
    return Loaded(Settings(**values), sources, both)


def _unknown(name: str, where: str) -> Place:
    near = get_close_matches(name, [*NAMES, SETTINGS_FILE], n=1)
    hint = f"; did you mean {near[0]}?" if near else "; `nif settings` lists all"
    return Place(f"there is no setting {name!r} (in {where}){hint}", field=name)


def _refused(setting: Setting, error: ValueError, source: str) -> Place:
    return Place(f"{setting.variable} ({source}) {error}", field=setting.variable)


def _all(places: list[Place]) -> InvalidParameter:
    return InvalidParameter("; ".join(place.detail for place in places), errors=places)


def with_overrides(overrides: Mapping[str, object]) -> dict[str, str]:
    """The environment with the given fields set on top, for options of the command line and for children."""
    known = {f.name for f in fields(Settings)}
    unknown = set(overrides) - known
    if unknown:
        raise KeyError(min(unknown))
    return dict(os.environ) | {f"NIF_{name.upper()}": str(value) for name, value in overrides.items()}
