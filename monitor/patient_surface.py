"""The patient surface: every blueprint that a patient's phone can reach, each with its guard."""

from flask import Flask


def register(app: Flask) -> None:
    """Register the patient blueprints."""
