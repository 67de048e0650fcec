"""When a silent worker counts as dead."""

from dataclasses import replace

from service.jobs.queue import Claim
from service.jobs.takeover import LOOK_SECONDS, Silence

JOB = Claim("a", "host-0", attempts=1, dequeued_at=5, beat=1)


def test_a_job_without_a_beat_for_the_whole_time_is_lost():
    silence = Silence(lost_after=6)
    lost = [silence.look([JOB], LOOK_SECONDS) for _ in range(5)]
    assert lost == [[], [], [], [JOB], [JOB]]


def test_each_beat_and_each_hand_over_begins_the_count_anew():
    silence = Silence(lost_after=4)
    for n in range(10):
        assert silence.look([replace(JOB, beat=n)], LOOK_SECONDS) == []
    for n in range(10):
        assert silence.look([replace(JOB, attempts=n)], LOOK_SECONDS) == []


def test_a_watcher_that_was_frozen_itself_does_not_take_the_others_for_dead():
    silence = Silence(lost_after=10)
    silence.look([JOB], LOOK_SECONDS)
    assert silence.look([JOB], 3600.0) == []
    assert silence.look([replace(JOB, beat=2)], LOOK_SECONDS) == []


def test_a_look_that_failed_forgets_what_was_seen():
    silence = Silence(lost_after=4)
    silence.look([JOB], LOOK_SECONDS)
    silence.look([JOB], LOOK_SECONDS)
    silence.forget()
    assert silence.look([JOB], LOOK_SECONDS) == []
