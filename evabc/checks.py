"""System checks of the project."""

from importlib import metadata

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from evabc import env


@register(deploy=True)
def privacy_officer_is_named(**kwargs: object) -> list[CheckMessage]:
    """The privacy page names the person responsible for privacy."""
    if all(settings.PRIVACY_OFFICER.values()):
        return []
    return [
        Error(
            "The privacy page must name the person responsible for privacy, and no one is set.",
            hint="Set EVABC_PRIVACY_OFFICER_NAME and EVABC_PRIVACY_OFFICER_EMAIL.",
            id="evabc.E003",
        )
    ]


@register()
def no_dependency_needs_the_library(**kwargs: object) -> list[CheckMessage]:
    """PyPI's ``requests`` cannot be imported beside our own, so no dependency may need it."""
    try:
        metadata.distribution("requests")
    except metadata.PackageNotFoundError:
        return []
    return [
        Error(
            "PyPI’s library 'requests' is installed. Our own folder hides it, so anything that needs it breaks.",
            hint="Find the package that needs it with 'pip show requests' and replace that package.",
            id="evabc.E002",
        )
    ]


@register()
def emails_are_encrypted_on_their_way(**kwargs: object) -> list[CheckMessage]:
    """Warn about a mail server elsewhere that gets emails, and the codes in them, without TLS."""
    is_here = settings.EMAIL_HOST in ("localhost", "127.0.0.1")
    if is_here or settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL:
        return []
    return [
        Warning(
            "Emails, with their sign-in codes, go to the mail server without TLS.",
            hint="Begin EMAIL_URL with smtp+tls:// or smtp+ssl://.",
            id="evabc.W003",
        )
    ]


@register()
def variables_are_declared(**kwargs: object) -> list[CheckMessage]:
    """Warn about misspelled or outdated settings."""
    return [
        Warning(
            f"{name} is set, but it is not a setting of the portal.",
            hint="See evabc/docs/settings.md for all settings.",
            id="evabc.W001",
        )
        for name in env.undeclared()
    ]
