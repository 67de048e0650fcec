"""Progress never runs backwards, and its time to go is never negative."""

import time

from hypothesis import given
from hypothesis import strategies as st

from estimator.progress import PHASES
from service.jobs.progress import ProgressMeter

reports = st.lists(
    st.tuples(st.sampled_from([*PHASES, "unknown"]), st.integers(-1, 12), st.integers(-1, 12)), max_size=40
)
floors = st.one_of(
    st.just({}),
    st.builds(
        lambda phase, done, more: {"phase": phase, "done": done, "total": done + more},
        st.sampled_from(PHASES),
        st.integers(0, 10),
        st.integers(0, 10),
    ),
)


def place(shown):
    return PHASES.index(shown["phase"]), shown["done"]


@given(floors, reports)
def test_what_is_shown_never_falls_whatever_is_reported(floor, reported):
    meter = ProgressMeter(floor=floor)
    seen = [place(floor)] if floor else []
    for phase, done, total in reported:
        meter.update(phase, done, total)
        shown = meter.shown()
        if shown:
            assert 0 <= shown["done"] <= shown["total"]
            assert shown["eta_seconds"] is None or shown["eta_seconds"] >= 0
            seen.append(place(shown))
    assert seen == sorted(seen)


def test_the_time_to_go_follows_from_the_rate_in_the_phase():
    meter = ProgressMeter()
    meter.update("estimating", 0, 4)
    assert meter.eta_seconds() is None
    time.sleep(0.2)
    meter.update("estimating", 1, 4)
    eta = meter.eta_seconds()
    assert eta is not None
    assert 0.55 < eta < 1.2


def test_a_second_attempt_shows_the_first_ones_place_until_it_is_beyond_it():
    meter = ProgressMeter(floor={"phase": "estimating", "done": 3, "total": 4, "beat": 9})
    assert meter.shown() == {"phase": "estimating", "done": 3, "total": 4, "eta_seconds": None}
    meter.update("reading", 1, 1)
    meter.update("estimating", 2, 4)
    assert meter.shown()["done"] == 3
    meter.update("estimating", 4, 4)
    assert meter.shown()["done"] == 4
    meter.update("storing", 0, 1)
    assert meter.shown()["phase"] == "storing"


def test_a_floor_that_is_not_well_formed_is_no_floor():
    for floor in (
        {"phase": "x", "done": 1, "total": 2},
        {"phase": "reading", "done": 3, "total": 2},
        {"beat": 1},
    ):
        assert ProgressMeter(floor=floor).shown() == {}
