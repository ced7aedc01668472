"""Logs and metrics: structured, with the request id, without a word about persons."""

import logging
import sys
from contextvars import ContextVar
from functools import cache
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram

request_id: ContextVar[str] = ContextVar("request_id", default="")

REQUESTS = Histogram(
    "huangge_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ["operation", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RETRIES = Counter("huangge_transaction_retries_total", "Transactions run again after a deadlock.")
HEARING = Gauge(
    "huangge_hearing", "1 while this process is told of commits; 0: it polls, or has no database."
)
FEED_LAG = Gauge(
    "huangge_feed_lag_seconds",
    "How long the oldest transaction that writes has been running: the feed waits for it.",
)
STREAMS = Gauge("huangge_event_streams", "Event streams that are open in this process.")
JOBS = Counter("huangge_jobs_total", "Finished jobs.", ["job", "outcome"])
WEBHOOKS = Counter("huangge_webhook_attempts_total", "Attempts to tell receivers.", ["outcome"])


@cache
def _timer(operation: str, status: int) -> Histogram:
    return REQUESTS.labels(operation, str(status))


def observe(operation: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    _timer(operation, status).observe(seconds)


def debugging() -> bool:
    """Whether anybody reads what is logged for debugging; putting it together takes time."""
    return logging.getLogger("huangge").isEnabledFor(logging.DEBUG)


def _add_request_id(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    if current := request_id.get():
        event["request_id"] = current
    return event


def configure_logs(*, level: str, json: bool) -> None:
    """Send everything through structlog to standard error, one line an event."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log() -> structlog.stdlib.BoundLogger:
    """The logger; events are short past-tense words with fields."""
    return structlog.stdlib.get_logger("huangge")
