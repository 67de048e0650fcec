"""`nif keys`: who may use the API, and the keys that sign evidence."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from service.catalog import Catalog
from service.cli.exits import complain, write
from service.report.text import visible
from service.settings import load_settings


def _catalog() -> Catalog:
    settings = load_settings()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    catalog = Catalog(settings.catalog_path)
    catalog.migrate()
    return catalog


@click.group("keys")
def command() -> None:
    """Make, list and revoke API keys. A service that others can reach needs at least one.

    `nif keys signing` is about other keys: those that sign the evidence of an audit.

    \b
      nif keys create --name laptop
      nif keys list
      nif keys revoke 1a2b3c4d5e6f
      nif keys signing create auditor
    """


@command.command("create")
@click.option("--name", required=True, help="What or whom the key is for.")
@click.option("--tenant", default="local", show_default=True, help="Whose objects it sees.")
@click.option("--role", type=click.Choice(["read", "write"]), default="write", show_default=True)
def create(name: str, tenant: str, role: str) -> None:
    """Make a key and print it. It is shown this once; only its hash is kept."""
    from service.keys import create_key

    record, text = create_key(_catalog(), tenant, "read" if role == "read" else "write", name)
    complain(f"key {record.id} ({record.role}, tenant {record.tenant}); keep it, it is not shown again:")
    write(text)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def list_(as_json: bool) -> None:
    """List the keys, without the keys themselves."""
    records = _catalog().keys()
    if as_json:
        write(json.dumps([asdict(record) for record in records], indent=2))
        return
    for key in records:
        state = f"revoked {key.revoked_at}" if key.revoked_at else "valid"
        write(f"{key.id}  {key.role:<5}  {key.tenant:<12}  {state:<32}  {visible(key.name)}")
    if not records:
        complain("there are no keys")


@command.command("revoke")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Revoke a key, at once and for good. KEY_ID is as `nif keys list` shows it."""
    record = _catalog().revoke_key(key_id)
    write(f"{record.id} revoked at {record.revoked_at}")


@command.group("signing")
def signing() -> None:
    """Keys that sign evidence (Ed25519). They are files, and no API keys: nobody can log in with one.

    \b
      nif keys signing create auditor
      nif keys signing show auditor.pub
    """


@signing.command("create")
@click.argument("name")
def signing_create(name: str) -> None:
    """Make NAME.key, which signs, and NAME.pub, which verifies. Give others the second; guard the first."""
    from service.evidence.signing import new_key, write_key

    key, private, public = new_key(), Path(f"{name}.key"), Path(f"{name}.pub")
    write_key(key, private, public)
    complain(f"{private} signs and has no password: keep it to yourself. {public} is for those who verify.")
    write(key.public.id)


@signing.command("show")
@click.argument("file")
def signing_show(file: str) -> None:
    """Print the id of the public key in FILE: sha256 of its 32 bytes."""
    from service.cli.input_files import usable_file
    from service.evidence.signing import MOST_BYTES, read_public_key

    write(read_public_key(usable_file(file, "FILE", MOST_BYTES)).id)
