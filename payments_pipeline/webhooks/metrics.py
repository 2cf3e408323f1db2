"""What the service counts, for Prometheus. Several workers count in one folder, and any of them tells the sum."""

import os
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SHARED_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Must be set before this module is imported: the package decides then how it counts."""
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "webhook_requests", "Requests answered, by address and status.", ["address", "status"], registry=registry
        )
        self.processed = Counter(
            "payment_processing",
            "Messages about payments, by source and what became of them.",
            ["source", "status"],
            registry=registry,
        )
        self.duration = Histogram(
            "payment_processing_duration_seconds",
            "From a message's arrival to its answer.",
            ["source"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.group_size = Histogram(
            "webhook_group_size", "Requests that were stored by one commit.", buckets=_SIZES, registry=registry
        )
        self.commit_seconds = Histogram(
            "webhook_commit_seconds", "What storing a group took.", buckets=_SECONDS, registry=registry
        )

    def stored(self, size: int, seconds: float) -> None:
        """Note that a group was stored."""
        self.group_size.observe(size)
        self.commit_seconds.observe(seconds)

    def page(self, backlog: int | None) -> bytes:
        """All of it as Prometheus reads it, with how much waits to be taken up, where that is known."""
        page = generate_latest(self._counted())
        if backlog is not None:
            known = CollectorRegistry()
            known.register(_Known("staging_backlog_size", "Messages and batches not taken up.", backlog))
            page += generate_latest(known)
        return page

    def answered(self) -> dict[str, int]:
        """How many messages came to which end since the service started, by source and status."""
        found: dict[str, int] = {}
        for metric in self._counted().collect():
            if metric.name == "payment_processing":
                for sample in metric.samples:
                    if sample.name.endswith("_total"):
                        found[f"{sample.labels['source']}.{sample.labels['status']}"] = int(sample.value)
        return dict(sorted(found.items()))

    def _counted(self) -> CollectorRegistry:
        if SHARED_FOLDER_VARIABLE not in os.environ:
            return self._registry
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return shared


class _Known(Collector):
    """A figure that is not counted here: the database knows it."""

    def __init__(self, name: str, text: str, value: int) -> None:
        self._metric = GaugeMetricFamily(name, text)
        self._metric.add_metric([], value)

    def collect(self) -> Iterable[Metric]:
        """The figure."""
        return [self._metric]
