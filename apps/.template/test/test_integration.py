"""The service under gunicorn, as the image runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server import APP_NAME

APP = Path(__file__).parents[1]
DEADLINE = 30.0


class Gunicorn:
    """gunicorn with the app's own configuration, on a port that the system chooses."""

    def __init__(self, folder: Path, factory: str, **environment: str) -> None:
        self._log = folder / "log"
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                [sys.executable, "-m", "gunicorn", factory],
                cwd=APP / "src",
                env={
                    **os.environ,
                    "PORT": "0",
                    "APP_VERSION": "1.2.3",
                    "LOG_LEVEL": "INFO",
                    "PYTHONPATH": str(APP / "test"),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    **environment,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8")

    def url(self) -> str:
        """Where it listens, once it does."""
        wait_for(lambda: "started" in self.log() or self._process.poll() is not None)
        port = re.search(r"Listening at: http://[^ ]*:(\d+) ", self.log())
        assert port, self.log()
        return f"http://127.0.0.1:{port[1]}"

    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of an answer."""
        with urllib.request.urlopen(self.url() + path, timeout=DEADLINE) as answer:
            return answer.status, answer.read().decode()

    def terminate(self) -> None:
        """Asks it to stop, as Kubernetes does."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """The exit status."""
        return self._process.wait(DEADLINE)

    def kill(self) -> None:
        """Ends it, whatever it does."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(name="gunicorn")
def _gunicorn(tmp_path: Path):
    started = []

    def start(factory: str, **environment: str) -> Gunicorn:
        started.append(Gunicorn(tmp_path, factory, **environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def test_serves_metrics_and_stops_cleanly(gunicorn):
    service = gunicorn("server:create_app()")
    assert service.get("/readyz")[0] == 200
    status, body = service.get("/")
    assert (status, json.loads(body)["version"]) == (200, "1.2.3")
    metrics = service.get("/metrics")[1].splitlines()
    assert f'app_info{{name="{APP_NAME}",version="1.2.3"}} 1.0' in metrics
    assert 'http_requests_total{method="GET",route="/",status="200"} 1.0' in metrics
    service.terminate()
    assert service.wait() == 0
    entries = [json.loads(line) for line in service.log().splitlines()]
    requests = [(e["path"], e["status"]) for e in entries if e["message"] == "request"]
    assert requests == [("/", 200)]


def test_a_request_under_way_is_answered_before_the_stop(gunicorn, tmp_path):
    mark = tmp_path / "started"
    service = gunicorn("slow:create_app()", SLOW_STARTED=str(mark))
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(service.get, "/slow")
        wait_for(mark.exists)
        service.terminate()
        assert answer.result(DEADLINE) == (200, "done")
    assert service.wait() == 0


def test_a_wrong_log_level_stops_the_start_with_a_reason(gunicorn):
    service = gunicorn("server:create_app()", LOG_LEVEL="LOUD")
    assert service.wait() != 0
    assert "LOG_LEVEL is 'LOUD'" in service.log()
