"""The command line, `nif`. Start at `commands.py`: each command is in the file of its name."""

import os
import signal
import sys
import traceback
from types import FrameType


class Terminated(SystemExit):
    """SIGTERM or SIGHUP: end in good order, with the exit code that shells expect."""


def main() -> None:
    """Entry point of `nif`. 0: done. 2: refused or failed. 130, 143: stopped. 141, 1: nobody reads stdout.

    Of `nif audit` 1 says that the policy failed, and nothing else does.
    """
    _stop_in_order()
    _open_standard_streams()
    try:
        from service.cli.exits import run
    except Exception:  # noqa: BLE001 - whatever it is, the exit code must not be 1
        traceback.print_exc()
        sys.exit(2)  # not 1, which says that an audit's policy failed

    sys.exit(run(sys.argv[1:]))


def _stop_in_order() -> None:
    """The first signal unwinds the program, which cleans up after itself; a second one can't hinder it."""

    def stop(number: int, frame: FrameType | None) -> None:
        for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, stop)


def _open_standard_streams() -> None:
    """Keep the numbers 0, 1 and 2 from being given to files that are opened later."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
