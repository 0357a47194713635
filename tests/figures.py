"""Figures of a test run, such as the number of cases. `pytest -rP` shows them."""

import sys


def report_figure(figures: str) -> None:
    """Print a figure to the captured output of the test."""
    sys.stdout.write(f"figures: {figures}\n")
