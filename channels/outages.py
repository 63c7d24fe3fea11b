"""Outages: a provider that is away is asked by one message at a time, and comes back to few before many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.metrics import Metrics
from channels.errors import SendError
from channels.figures import Figures

log = structlog.get_logger()

# So many answers in a row that never came mean that nobody is there.
_SILENT = 5
# After an outage one message leaves in the first second, and each second twice as many as in the one before;
# after so many seconds nothing is held back any more.
_RAMP_SECONDS = 10.0


@dataclass(kw_only=True, slots=True)
class _Course:
    """How it goes on one channel; moments are of the monotonic clock, in seconds."""

    away_since: float = math.inf
    tries: int = 0
    rests_until: float = -math.inf
    silent: int = 0
    back_at: float = -math.inf
    left: int = 0

    @property
    def is_away(self) -> bool:
        return self.away_since < math.inf


class Outages:
    """What this process knows of its channels' providers, and how much it asks of each."""

    def __init__(self, figures: Figures, clock: Clock, metrics: Metrics) -> None:
        self._figures = figures
        self._clock = clock
        self._gauge = metrics.away
        self._courses: dict[str, _Course] = {}

    def hear(self, channel: str, error: SendError | None) -> float:
        """Note what came of a send; for how many seconds the channel rests then, 0 when it does not."""
        course = self._courses.setdefault(channel, _Course())
        course.silent = course.silent + 1 if error and error.in_doubt else 0
        if error and (error.away or course.silent >= _SILENT):
            return self._away(channel, course, error)
        if course.is_away and not (error and error.in_doubt):
            self._back(channel, course)
        return 0.0

    def room(self, channel: str, free: int, in_flight: int) -> tuple[int, float]:
        """How many of `free` messages may be taken up beside those in flight; where none, in how many seconds.

        0 seconds when that is told by what comes of those in flight.
        """
        course = self._courses.get(channel)
        if course is None:
            return free, 0.0
        if course.is_away:
            return min(free, 1 - min(in_flight, 1)), 0.0
        since = self._clock.monotonic() - course.back_at
        if since >= _RAMP_SECONDS:
            return free, 0.0
        if (open_now := math.floor(2 ** (since + 1)) - 1 - course.left) > 0:
            return min(free, open_now), 0.0
        return 0, math.log2(course.left + 2) - 1 - since

    def leave(self, channel: str, count: int) -> None:
        """Say that so many messages were taken up."""
        if course := self._courses.get(channel):
            course.left += count

    def _away(self, channel: str, course: _Course, error: SendError) -> float:
        """What was under way together counts once; each try alone afterwards doubles the rest."""
        now = self._clock.monotonic()
        if not course.is_away:
            course.away_since = now
            self._gauge.labels(channel).set(1)
            log.error("delivery.channel_away", channel=channel, code=error.code)
        if now >= course.rests_until:
            seconds = self._figures.first_pause * 2.0 ** min(course.tries, 30)
            course.tries += 1
            asked = min(error.retry_after, self._figures.longest_pause)
            course.rests_until = now + max(min(seconds, self._figures.closed_pause), asked)
        return course.rests_until - now

    def _back(self, channel: str, course: _Course) -> None:
        now = self._clock.monotonic()
        seconds = round(now - course.away_since)
        self._courses[channel] = _Course(back_at=now)
        self._gauge.labels(channel).set(0)
        log.warning("delivery.channel_back", channel=channel, seconds=seconds)
