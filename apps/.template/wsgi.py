"""Lets `flask run` find the service from this folder. It is not part of the image."""

from src.server import create_app

__all__ = ["create_app"]
