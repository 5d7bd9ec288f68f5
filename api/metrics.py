"""Prometheus metrics: what the service counts, and the route that shows it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from api.admission import AdmittedRoute
from artwork.choice.modes.steering import PolicyView
from artwork.choice.record.mode import MODES
from content.errors import KeyartError
from content.outages import DatabaseError

router = APIRouter(tags=["operations"], route_class=AdmittedRoute)

_LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The counters of one app, in a registry of their own so that two apps do not mix."""

    def __init__(
        self, job_counts: Callable[[], Mapping[str, int]], policy: Callable[[], PolicyView]
    ) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "keyart_http_requests",
            "Answers by route template, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.latency = Histogram(
            "keyart_http_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("route", "method"),
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.decisions = Counter(
            "keyart_decisions", "Artwork choices answered.", registry=self.registry
        )
        self.rewards = Counter(
            "keyart_rewards", "Rewards and watch events accepted.", registry=self.registry
        )
        self.images = Counter(
            "keyart_images", "Images sent, by format.", ("format",), registry=self.registry
        )
        self.registry.register(_JobStates(job_counts))
        self.registry.register(_Policy(policy))

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        self.requests.labels(route, method, str(status)).inc()
        self.latency.labels(route, method).observe(seconds)


class _JobStates(Collector):
    """Jobs by state, counted when somebody asks."""

    def __init__(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self._counts = counts

    def describe(self) -> Iterator[GaugeMetricFamily]:
        # Without this the registry would collect once, at registration, before there are tables.
        yield GaugeMetricFamily("keyart_jobs", "Jobs by state.", labels=["state"])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("keyart_jobs", "Jobs by state.", labels=["state"])
        try:
            for state, count in self._counts().items():
                family.add_metric([state], count)
        except (KeyartError, DatabaseError):
            return  # the other metrics are still worth showing
        yield family


class _Policy(Collector):
    """How the choice is made, and the policy against its control, looked at when somebody asks."""

    def __init__(self, view: Callable[[], PolicyView]) -> None:
        self._view = view

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            seen = self._view()
        except (KeyartError, DatabaseError):
            return
        mode, broken, bounds = self._families()
        for each in MODES:
            mode.add_metric([each], float(each == seen.change.mode))
        broken.add_metric([], float(seen.change.mode == "incumbent"))
        for name in ("difference", "low", "high"):
            value = getattr(seen.evidence, name)
            if value is not None:
                bounds.add_metric([name], value)
        yield from (mode, broken, bounds)

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("keyart_policy_mode", "1 for the mode in force.", labels=["mode"]),
            GaugeMetricFamily("keyart_guardrail_broken", "1 after a fall back to the incumbent."),
            GaugeMetricFamily(
                "keyart_guardrail_reward",
                "Policy less control, reward per decision, and its bounds.",
                labels=["bound"],
            ),
        )


def metrics_of(request: Request) -> Metrics:
    """The metrics of the app that answers `request`."""
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _of_app(request: Request) -> Metrics:
    return metrics_of(request)


Meters = Annotated[Metrics, Depends(_of_app)]
"""A handler's parameter of this type is the app's metrics."""


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def show_metrics(meters: Meters) -> Response:
    """Metrics in the text format of Prometheus."""
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)
