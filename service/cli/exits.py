"""How a command ends: an error is a line on stderr and exit code 2, no traceback, and never 1 by accident."""

import os
import sys
import traceback
from collections.abc import Sequence

import click

from estimator.errors import DISK_FULL, NifError
from service.extras import missing_extra
from service.report.text import visible

PASSED = 0
FAILED = 1  # of `nif audit` alone: the policy failed
REFUSED = 2
STDOUT_FAILED = 1
INTERRUPTED = 130
NOBODY_READS = 141
MOST_PLACES = 20


class StdoutError(Exception):
    """stdout cannot be written; not to be confused with an error of another file."""


def run(arguments: Sequence[str]) -> int:
    """Run `nif` with these arguments; returns the exit code."""
    try:
        return _run(arguments)
    finally:
        _close(sys.stderr)


def _run(arguments: Sequence[str]) -> int:
    # 1 is a verdict of an audit, and no answer is none.
    stdout_failed = REFUSED if "audit" in arguments[:1] else STDOUT_FAILED
    if sys.stdout is None:
        complain("stdout is closed: there is nowhere to write the answer to")
        return stdout_failed
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _command(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _close(sys.stdout)
        return NOBODY_READS
    except (StdoutError, OSError) as error:
        _close(sys.stdout)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        complain(f"stdout cannot be written: {reason}")
        return stdout_failed


def _command(arguments: Sequence[str]) -> int:
    try:
        from service.cli.commands import nif

        # Not nif.main(), which ends the program by itself with 1 when a pipe is closed.
        with nif.make_context("nif", list(arguments)) as context:
            nif.invoke(context)
        return 0
    except (KeyboardInterrupt, click.exceptions.Abort):
        complain("interrupted; nothing was written")
        return INTERRUPTED
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return REFUSED
    except click.UsageError as error:
        if error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        complain(error.format_message())
        return REFUSED
    except click.ClickException as error:
        complain(error.format_message())
        return REFUSED
    except (BrokenPipeError, StdoutError):
        raise
    except NifError as error:
        complain_of(error)
        return REFUSED
    except ModuleNotFoundError as error:
        missing = missing_extra(error)
        complain(missing.detail if missing else f"the module {error.name} is not installed")
        return REFUSED
    except MemoryError:
        complain("there is not enough memory")
        return REFUSED
    except OSError as error:
        if any(frame.name == "echo" for frame in traceback.extract_tb(error.__traceback__)):
            raise StdoutError(error.strerror) from error  # click's help
        name = f"{error.filename!s}: " if error.filename is not None else ""
        words = error.strerror or type(error).__name__
        hint = "; make room on the disk" if error.errno in DISK_FULL else ""
        complain(f"{name}{words}{hint}")
        return REFUSED
    except Exception as error:  # noqa: BLE001 - the exit code must not be 1
        if os.environ.get("NIF_LOG_LEVEL") == "debug":
            traceback.print_exc()
            return REFUSED
        complain(
            f"an error that nif does not know ({type(error).__name__}: {error}); see NIF_LOG_LEVEL=debug"
        )
        return REFUSED


def write(text: str) -> None:
    """A line on stdout."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StdoutError(error.strerror) from error


def complain(text: str) -> None:
    """One line on stderr, whatever the text holds."""
    if sys.stderr is not None:
        print(f"nif: {visible(text)}", file=sys.stderr)  # noqa: T201


def complain_of(error: NifError) -> None:
    """The error's sentence, and its places where there are several."""
    complain(error.detail)
    if len(error.errors) > 1 and sys.stderr is not None:
        for place in error.errors[:MOST_PLACES]:
            print(f"  - {visible(place.detail)}", file=sys.stderr)  # noqa: T201
        if len(error.errors) > MOST_PLACES:
            print(f"  and {len(error.errors) - MOST_PLACES} more", file=sys.stderr)  # noqa: T201


def _close(stream: object) -> None:
    """Send what is still buffered nowhere, so that Python does not complain about it at its exit."""
    if stream is None:
        return
    try:
        stream.flush()  # type: ignore[attr-defined]
    except (OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())  # type: ignore[attr-defined]
        os.close(null)
