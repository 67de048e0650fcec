"""The limits of memory of a container, of a unit of systemd, and of what these are in."""

import os
from pathlib import Path

import pytest

from estimator.control_groups import memory_files
from estimator.mutual_information import blocks
from service import memory

MIB = 2**20


@pytest.mark.parametrize(
    ("own", "folder", "limit", "used"),
    [
        ("0::/", "", "memory.max", "memory.current"),
        ("0::/a.slice/nif.service", "a.slice/nif.service", "memory.max", "memory.current"),
        ("0::/a.slice/nif.service", "a.slice", "memory.max", "memory.current"),
        ("3:cpu:/\n4:memory:/a/b", "memory/a/b", "memory.limit_in_bytes", "memory.usage_in_bytes"),
        ("4:memory:/elsewhere", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ],
)
def test_the_lowest_limit_is_found_at_any_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, folder: str, limit: str, used: str
) -> None:
    root, proc = tmp_path / "cgroup", tmp_path / "own"
    proc.write_text(own + "\n")
    group = root / folder
    group.mkdir(parents=True)
    (group / limit).write_text(f"{200 * MIB}\n")
    (group / used).write_text(f"{80 * MIB}\n")
    if folder:
        (root / "memory.max").write_text("max\n")
        (root / "memory.current").write_text("1\n")
    for module in memory, blocks:
        monkeypatch.setattr(module, "memory_files", lambda: memory_files(root, proc))
    assert memory.machine_memory() == 200 * MIB
    assert blocks.free_bytes("cpu") == 120 * MIB


def test_a_machine_without_groups_has_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in memory, blocks:
        monkeypatch.setattr(module, "memory_files", lambda: memory_files(tmp_path, tmp_path / "none"))
    assert memory.machine_memory() == os.sysconf("SC_PHYS_PAGES") * memory.PAGE
    assert 0 < blocks.free_bytes("cpu") <= memory.machine_memory()
