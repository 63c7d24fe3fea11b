"""What the process counts of itself, in Prometheus' terms."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one process; labels are channel names and constants, never anything a person wrote."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        counter, gauge = partial(Counter, registry=self._registry), partial(Gauge, registry=self._registry)
        self.inbound = counter(
            "patou_inbound_messages", "Messages taken, by how they were handled", ["channel", "kind"]
        )
        self.ignored = counter(
            "patou_ignored_events", "Well-formed events that were not for us", ["channel", "reason"]
        )
        self.refused = counter(
            "patou_refused_requests", "Requests answered with a 4xx or 5xx", ["channel", "status"]
        )
        self.outbound = counter(
            "patou_outbound_messages", "Attempts to send, by what became of them", ["channel", "state"]
        )
        self.files = counter(
            "patou_files",
            "Tries to fetch and keep what came besides words, by what became of them",
            ["channel", "outcome"],
        )
        self.links = gauge(
            "patou_link_up",
            "Whether this process can send by a channel that keeps a link to its provider",
            ["channel"],
        )
        self.away = gauge(
            "patou_channel_away", "Whether this process finds nobody at the channel's provider", ["channel"]
        )
        self.waiting = gauge(
            "patou_waiting_messages", "Messages in the outbox that are not with a provider yet", ["channel"]
        )
        self.remote_parses = counter(
            "patou_remote_parses",
            "Messages that a Rasa server was asked about, by what became of the question",
            ["outcome"],
        )
        self.turns = Histogram(
            "patou_turn_seconds",
            "From the request's arrival to its answer",
            ["channel"],
            buckets=_SECONDS,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return bytes(generate_latest(self._registry))
