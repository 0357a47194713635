"""The figures of a run: what was tried, how often. `pytest -rP` shows them."""

import sys


def report_figure(figures: str) -> None:
    """Say a figure in what pytest keeps of a passed test."""
    sys.stdout.write(f"figures: {figures}\n")
