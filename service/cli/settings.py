"""`nif settings`: every setting, its value, where it comes from and what it means."""

import json
import re
from typing import Any

import click

from service.cli.exits import complain, write
from service.memory import MIB
from service.report.text import visible
from service.setting_values import SETTINGS, Setting
from service.settings import load

_PASSWORD = re.compile(r"(?<=://)[^@]*@")


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def command(as_json: bool) -> None:
    """List all settings. Each is a variable of the environment, or a line of the file NIF_SETTINGS_FILE.

    \b
      NIF_PORT=9000 nif settings
      printf 'NIF_WORKERS=2\\n' > nif.env; NIF_SETTINGS_FILE=nif.env nif settings
    """
    loaded = load()
    for name in loaded.overridden:
        complain(f"{name} is set in the file and in the environment; the environment's value is used")
    rows: list[dict[str, Any]] = [
        {
            "name": setting.variable,
            "value": masked(setting, getattr(loaded.settings, setting.field)),
            "source": loaded.sources[setting.field],
            "help": setting.help,
        }
        for setting in SETTINGS
    ]
    if as_json:
        write(json.dumps(rows, indent=2))
        return
    for row in rows:
        write(visible(f"{row['name']}={_text(row['value'])}  ({row['source']})"))
        write(f"    {row['help']}")


def masked(setting: Setting, value: object) -> Any:
    """The value as it would be set, as plain JSON; user and password of a URI are left out."""
    if setting.secret:
        return "***" if value else ""
    if setting.field == "job_memory_limit" and isinstance(value, int):
        return value // MIB
    if isinstance(value, bool | int | float):
        return value
    return _PASSWORD.sub("***@", str(value))


def _text(value: object) -> str:
    return (
        json.dumps(value)
        if isinstance(value, bool)
        else f"{value:.15g}"
        if isinstance(value, float)
        else str(value)
    )
