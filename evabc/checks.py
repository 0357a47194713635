"""System checks of the project."""

from collections.abc import Collection, Sequence
from importlib import metadata

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

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
    server = settings.MAIL_SERVER
    if server.scheme != "smtp" or server.hostname in ("localhost", "127.0.0.1"):
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


# The version whose migrations the first ones of this version replace.
EARLIER_VERSION = "d55f73be"


@register(Tags.database)
def earlier_version_was_installed(
    databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """`migrate` runs this before it changes a database."""
    return [
        Error(
            "This version cannot upgrade a database that is so old.",
            hint=f"First upgrade to the version in between: git checkout {EARLIER_VERSION}, and start it with "
            "docker compose up --detach --build, or make run. Then git switch - and start this one.",
            id="evabc.E004",
        )
        for alias in databases or ()
        if is_too_old(MigrationRecorder(connections[alias]).applied_migrations())
    ]


def is_too_old(applied: Collection[tuple[str, str]]) -> bool:
    """Whether migrations (app, name) of an app are applied, but not all that its first one replaces."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    for app in ("communities", "membership", "joinrequests"):
        replaced = {
            old
            for (label, _), migration in loader.disk_migrations.items()
            if label == app
            for old in migration.replaces
        }
        if not replaced.issubset(applied) and any(label == app for label, _ in applied):
            return True
    return False
