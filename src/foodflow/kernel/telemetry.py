"""Metrics (Prometheus) and structured logs (one JSON object per line)."""

import logging
import sys

import structlog
from prometheus_client import Counter, Gauge, Histogram
from structlog.typing import Processor

REQUESTS = Counter("foodflow_http_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("foodflow_http_request_seconds", "Time to answer a request", ["method", "route"])
EVENTS_DELIVERED = Counter("foodflow_events_delivered_total", "Events that the relay handed over")
EVENTS_KEPT = Counter("foodflow_events_kept_total", "Events taken into the logs of their companies")
EVENTS_PUBLISHED = Counter("foodflow_events_published_total", "Events that a broker has taken", ["broker"])
BROKER_BEHIND = Gauge("foodflow_broker_behind_events", "Events that a broker has not taken yet", ["broker"])
WEBHOOK_ATTEMPTS = Counter("foodflow_webhook_attempts_total", "Events sent to webhooks", ["outcome"])
WEBHOOK_SECONDS = Histogram("foodflow_webhook_seconds", "Time that a receiver takes to answer")
WEBHOOK_DEAD = Counter("foodflow_webhook_dead_total", "Deliveries given up after the last attempt")
JOBS = Counter("foodflow_jobs_total", "Jobs ended", ["job", "outcome"])
READINGS = Counter("foodflow_readings_stored_total", "Sensor readings stored")


def configure_logging(level: str) -> None:
    """Write JSON lines to standard output, those of libraries included."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    render: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=render))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
