"""How many threads torch works in."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torch_on_one_thread(device: str) -> Iterator[int]:
    """How many threads torch had on a CPU. Small matrices gain nothing within an operation, and torch's own
    threads spin while they wait for the next one, which takes their time from those that work."""
    threads = torch.get_num_threads() if device == "cpu" else 1
    if threads == 1:
        yield threads
        return
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)
