"""A small web service with what a cluster asks of one: health, readiness, metrics and JSON logs."""

import json
import logging
import logging.config
import os
import time
from datetime import datetime, timezone

import prometheus_client
from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

APP_NAME = "example-app"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# A probe or a scrape comes every few seconds: logged at DEBUG, so that the log tells of users.
QUIET_ROUTES = ("/healthz", "/readyz", "/metrics")

log = logging.getLogger(APP_NAME)


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the fields of `extra={"fields": {...}}` stand beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def logging_config() -> dict:
    """The logging of the service at `LOG_LEVEL`, for `logging.config` and for gunicorn."""
    level = os.environ.get("LOG_LEVEL", "INFO").upper()
    if level not in LOG_LEVELS:
        raise ValueError(f"LOG_LEVEL is {level!r}; it must be one of {', '.join(LOG_LEVELS)}")
    to_stdout = {"handlers": ["stdout"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"level": level, "handlers": ["stdout"]},
        "loggers": {
            "gunicorn.error": {"level": level, **to_stdout},
            "gunicorn.access": {"level": "WARNING", **to_stdout},
            "werkzeug": {"level": "WARNING", **to_stdout},
        },
    }


def create_app() -> Flask:
    """The service, set up from the environment."""
    logging.config.dictConfig(logging_config())
    app = Flask(__name__, static_folder=None)
    app.config["VERSION"] = os.environ.get("APP_VERSION", "dev")
    # What must hold before traffic comes: a name and a function that says whether it does,
    # for a database or a queue for example.
    app.extensions["readiness"] = {}
    # A registry of its own, so that two apps in one process (tests) do not count together.
    registry = prometheus_client.CollectorRegistry()
    _add_routes(app, registry)
    _add_telemetry(app, registry)
    app.register_error_handler(HTTPException, _as_json)
    log.info("started", extra={"fields": {"version": app.config["VERSION"]}})
    return app


def _add_routes(app: Flask, registry: prometheus_client.CollectorRegistry) -> None:
    @app.get("/")
    def index() -> Response:
        token = "present" if os.environ.get("API_TOKEN") else "absent"
        return jsonify(app=APP_NAME, version=app.config["VERSION"], api_token=token)

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        failed = [name for name, holds in app.extensions["readiness"].items() if not holds()]
        if failed:
            return jsonify(status="not ready", failed=failed), 503
        return jsonify(status="ok"), 200

    @app.get("/metrics")
    def metrics() -> Response:
        body = prometheus_client.generate_latest(registry)
        return Response(body, content_type=prometheus_client.CONTENT_TYPE_LATEST)


def _add_telemetry(app: Flask, registry: prometheus_client.CollectorRegistry) -> None:
    prometheus_client.ProcessCollector(registry=registry)
    prometheus_client.PlatformCollector(registry=registry)
    prometheus_client.GCCollector(registry=registry)
    info = prometheus_client.Info("app", "What is running", registry=registry)
    info.info({"name": APP_NAME, "version": app.config["VERSION"]})
    requests = prometheus_client.Counter(
        "http_requests",
        "Requests answered",
        ["method", "route", "status"],
        registry=registry,
    )
    latency = prometheus_client.Histogram(
        "http_request_duration_seconds",
        "Time from a request to its answer",
        ["method", "route"],
        registry=registry,
    )

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def record(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        # The rule and not the path, and known methods only: what a client makes up must not
        # become a new time series.
        route = request.url_rule.rule if request.url_rule else "unmatched"
        method = request.method if request.method in METHODS else "other"
        requests.labels(method, route, response.status_code).inc()
        latency.labels(method, route).observe(seconds)
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 3),
        }
        level = logging.DEBUG if route in QUIET_ROUTES else logging.INFO
        log.log(level, "request", extra={"fields": fields})
        return response


def _as_json(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.name), error.code or 500


if __name__ == "__main__":
    # For development; in the cluster gunicorn serves, see gunicorn.conf.py.
    create_app().run(port=int(os.environ.get("PORT", "5000")))
