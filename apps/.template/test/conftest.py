"""What the tests share."""

import pytest
from flask.testing import FlaskClient

from server import create_app


@pytest.fixture(name="client")
def _client(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of the service as version 1.2.3."""
    monkeypatch.setenv("APP_VERSION", "1.2.3")
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    monkeypatch.delenv("API_TOKEN", raising=False)
    return create_app().test_client()
