"""What must hold of the project itself before the portal starts."""

import importlib.util
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from evabc import env


@register()
def requests_is_ours(**kwargs: object) -> list[CheckMessage]:
    """The folder ``requests`` must win over PyPI's library of the same name."""
    spec = importlib.util.find_spec("requests")
    origin = Path(spec.origin).resolve() if spec and spec.origin else None
    ours = Path(settings.BASE_DIR).resolve() / "requests" / "__init__.py"
    if origin == ours:
        return []
    return [
        Error(
            f"The package 'requests' comes from {origin}, not from the portal.",
            hint="Start from the project's folder, and put that folder first on the path.",
            id="evabc.E001",
        )
    ]


@register(deploy=True)
def privacy_officer_is_named(**kwargs: object) -> list[CheckMessage]:
    """The privacy page must say who answers for privacy."""
    if all(settings.PRIVACY_OFFICER.values()):
        return []
    return [
        Error(
            "Nobody is named who answers for privacy, and the privacy page must name somebody.",
            hint="Set EVABC_PRIVACY_OFFICER_NAME and EVABC_PRIVACY_OFFICER_EMAIL.",
            id="evabc.E003",
        )
    ]


@register()
def no_dependency_needs_the_library(**kwargs: object) -> list[CheckMessage]:
    """PyPI's ``requests`` cannot be imported beside our own, so nothing may bring it in."""
    try:
        metadata.distribution("requests")
    except metadata.PackageNotFoundError:
        return []
    return [
        Error(
            "PyPI's library 'requests' is installed; our own folder hides it, and whatever needs it breaks.",
            hint="Find the dependency that brings it with 'pip show requests' and replace it.",
            id="evabc.E002",
        )
    ]


@register()
def variables_are_declared(**kwargs: object) -> list[CheckMessage]:
    """A misspelled or outdated setting would go unnoticed otherwise."""
    return [
        Warning(
            f"{name} is set, and it is no setting of the portal.",
            hint="evabc/docs/settings.md lists them all.",
            id="evabc.W001",
        )
        for name in env.undeclared()
    ]
