"""The service with one slow route, for the test of a graceful stop."""

import os
import time
from pathlib import Path

from flask import Flask

from server import create_app as create_service


def create_app() -> Flask:
    """The service, and `/slow`, which says in the file `SLOW_STARTED` that it is under way."""
    app = create_service()

    @app.get("/slow")
    def slow() -> str:
        Path(os.environ["SLOW_STARTED"]).touch()
        time.sleep(1)
        return "done"

    return app
