"""`with_parent PARENT COMMAND...`: become the command, and get SIGTERM when the parent dies."""

import os
import signal
import sys

from service.jobs.processes import die_with_parent

if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]), signal.SIGTERM)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
