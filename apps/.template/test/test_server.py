"""The service's answers, without a socket."""

import json
import logging

import pytest
from flask.testing import FlaskClient

from server import APP_NAME, JsonFormatter, create_app, logging_config


def _sample(client: FlaskClient, line: str) -> bool:
    return line in client.get("/metrics").get_data(as_text=True).splitlines()


def test_index_names_app_and_version(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.json == {"app": APP_NAME, "version": "1.2.3", "api_token": "absent"}


def test_index_tells_that_the_secret_arrived_but_not_what_it_is(client, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "only-a-test")
    answer = client.get("/")
    assert answer.json["api_token"] == "present"
    assert "only-a-test" not in answer.get_data(as_text=True)


def test_healthy(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_without_checks(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_not_ready_while_a_check_fails(client):
    client.application.extensions["readiness"].update(database=lambda: False, queue=lambda: True)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "failed": ["database"]}


def test_metrics_name_the_version(client):
    assert _sample(client, f'app_info{{name="{APP_NAME}",version="1.2.3"}} 1.0')


def test_metrics_count_and_time_requests_by_route(client):
    client.get("/")
    client.get("/")
    assert _sample(client, 'http_requests_total{method="GET",route="/",status="200"} 2.0')
    assert _sample(client, 'http_request_duration_seconds_count{method="GET",route="/"} 2.0')


def test_what_a_client_makes_up_is_no_new_time_series(client):
    client.get("/no/such/page")
    client.open("/", method="BREW")
    labels = 'method="GET",route="unmatched",status="404"'
    assert _sample(client, f"http_requests_total{{{labels}}} 1.0")
    labels = 'method="other",route="unmatched",status="405"'
    assert _sample(client, f"http_requests_total{{{labels}}} 1.0")
    assert "BREW" not in client.get("/metrics").get_data(as_text=True)


def test_errors_are_json(client):
    answer = client.get("/no/such/page")
    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})


def test_a_failure_is_counted_and_logged_but_not_shown(client, caplog):
    def fail():
        raise RuntimeError("the reason")

    client.application.add_url_rule("/fail", view_func=fail)
    answer = client.get("/fail")
    assert (answer.status_code, answer.json) == (500, {"error": "Internal Server Error"})
    assert _sample(client, 'http_requests_total{method="GET",route="/fail",status="500"} 1.0')
    assert "the reason" in caplog.text


def test_two_apps_count_apart(client):
    client.get("/")
    assert not _sample(create_app().test_client(), 'route="/"')


@pytest.mark.parametrize("level", ["debug", "INFO", "WARNING"])
def test_log_level_comes_from_the_environment(monkeypatch, level):
    monkeypatch.setenv("LOG_LEVEL", level)
    create_app()
    assert logging.getLogger().level == getattr(logging, level.upper())


def test_an_unknown_log_level_stops_the_start(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ValueError, match="LOG_LEVEL is 'LOUD'; it must be one of DEBUG, INFO"):
        logging_config()


def test_a_log_line_is_one_json_object():
    error = RuntimeError("the reason")
    failure = (RuntimeError, error, None)
    record = logging.LogRecord("a", logging.ERROR, __file__, 1, "%s\nbroke", ("it",), failure)
    record.fields = {"status": 500}
    line = JsonFormatter().format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert (entry["level"], entry["logger"]) == ("ERROR", "a")
    assert (entry["message"], entry["status"]) == ("it\nbroke", 500)
    assert "RuntimeError: the reason" in entry["exception"]


def test_probes_are_logged_at_debug_only(client, caplog):
    with caplog.at_level(logging.INFO):
        client.get("/healthz")
        client.get("/")
    paths = [entry.fields["path"] for entry in caplog.records if entry.message == "request"]
    assert paths == ["/"]
