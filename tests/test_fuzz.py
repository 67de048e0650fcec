"""A short run of tests/fuzz.py: damaged files and models are read or refused, and nothing else."""

import random

import pytest

from tests.fuzz import SECONDS_EACH, Tally, rewritten, targets, try_one

INPUTS = {"csv": 500, "npy": 500, "npz": 500, "parquet": 4, "model bytes": 3000, "model meaning": 1500}
TARGETS = targets()


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_damaged_is_read_or_refused(name: str) -> None:
    tally = Tally()
    for seed in range(INPUTS[name]):
        try_one(TARGETS[name], seed, tally)
    assert tally.refused > tally.read > 0 or name == "parquet"  # neither beyond harm nor beyond repair
    assert tally.slowest < SECONDS_EACH


@pytest.mark.parametrize("name", TARGETS)
def test_what_it_begins_with_is_sound(name: str) -> None:
    for data in TARGETS[name].seeds:
        TARGETS[name].read(data)


def test_the_same_seed_damages_alike() -> None:
    target = TARGETS["model meaning"]
    first, second = (rewritten(target.seeds[0], random.Random(5)) for _ in range(2))  # noqa: S311
    assert first == second
