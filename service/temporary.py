"""The folder for temporary files, which gunicorn and every job need."""

import tempfile

from estimator.errors import Unavailable


def check_temporary_folder() -> None:
    """Unavailable, with what to do, unless there is one that can be written."""
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise Unavailable(
            "no folder for temporary files can be written, neither TMPDIR nor /tmp or /var/tmp; "
            "set TMPDIR to one that can"
        ) from error
