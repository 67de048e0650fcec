"""A real worker whose children are tests/jobs/fake_child.py; settings from the environment."""

import sys

from service import log
from service.jobs.worker import run_worker
from service.settings import load_settings

if __name__ == "__main__":
    log.configure("info")
    run_worker(load_settings(), program=(sys.executable, "-m", "tests.jobs.fake_child"))
