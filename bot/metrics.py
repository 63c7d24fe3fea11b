"""What the process counts of itself, in Prometheus' terms."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one process; labels are channel names and constants, never anything a person wrote."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.inbound = Counter(
            "patou_inbound_messages",
            "Messages taken, by how they were handled",
            ["channel", "kind"],
            registry=self._registry,
        )
        self.ignored = Counter(
            "patou_ignored_events",
            "Well-formed events that were not for us",
            ["channel", "reason"],
            registry=self._registry,
        )
        self.refused = Counter(
            "patou_refused_requests",
            "Requests answered with a 4xx or 5xx",
            ["channel", "status"],
            registry=self._registry,
        )
        self.outbound = Counter(
            "patou_outbound_messages",
            "Attempts to send, by what became of them",
            ["channel", "state"],
            registry=self._registry,
        )
        self.files = Counter(
            "patou_files",
            "Tries to fetch and keep what came besides words, by what became of them",
            ["channel", "outcome"],
            registry=self._registry,
        )
        self.links = Gauge(
            "patou_link_up",
            "Whether this process can send by a channel that keeps a link to its provider",
            ["channel"],
            registry=self._registry,
        )
        self.away = Gauge(
            "patou_channel_away",
            "Whether this process finds nobody at the channel's provider",
            ["channel"],
            registry=self._registry,
        )
        self.waiting = Gauge(
            "patou_waiting_messages",
            "Messages in the outbox that are not with a provider yet",
            ["channel"],
            registry=self._registry,
        )
        self.remote_parses = Counter(
            "patou_remote_parses",
            "Messages that a Rasa server was asked about, by what became of the question",
            ["outcome"],
            registry=self._registry,
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
