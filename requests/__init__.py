"""Asking to join a community, and deciding. This is the portal's own app, not PyPI's ``requests``.

The folder has the name that EVA BC chose; Django knows the app by its label, ``joinrequests``.
"""

from typing import NoReturn


def __getattr__(name: str) -> NoReturn:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"'requests.{name}': this is the portal's app for join requests, not the HTTP library of that name. "
        "The portal uses no such library; see 'The name requests' in evabc/docs/architecture.md."
    )
