"""Write the table of settings and .env.example from the declarations in evabc/env.py, as `make docs` does."""

import textwrap

from django.conf import settings
from django.core.management.base import BaseCommand

from evabc.env import SETTINGS, SetBy, Setting

SETTINGS_MD = """\
# Settings

Settings come from the environment. For a secret, `NAME_FILE` can name a file that contains it. `make docs` writes this
page from the declarations in `evabc/env.py`, where a new setting is one entry.
"""
ENV_EXAMPLE = """\
# The settings for docker-compose.yml. `python3 evabc/deploy/make_env.py` copies this file to .env and fills it in. If you
# do it by hand, run `chmod 600 .env` afterwards, because it contains secrets. Put values with $, # or spaces in
# 'single quotes', and a value with a single quote in "double quotes".
# `make docs` writes this file from the declarations in evabc/env.py.
"""


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        (settings.BASE_DIR / "evabc/docs/settings.md").write_text(settings_md())
        (settings.BASE_DIR / ".env.example").write_text(env_example())


def settings_md() -> str:
    """The tables of settings, by who sets them."""
    tables = [SETTINGS_MD]
    for set_by in SetBy:
        lines = [f"## {set_by.value}", "", "| name | purpose | default |", "|---|---|---|"]
        lines += [
            f"| `{setting.name}` | {_sentence(setting)} | {_default_in_words(setting)} |"
            for setting in SETTINGS.values()
            if setting.set_by == set_by
        ]
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def env_example() -> str:
    """The settings of the operator, each with its purpose. `make_env.py` reads this file."""
    blocks = [ENV_EXAMPLE]
    for setting in SETTINGS.values():
        if setting.set_by != SetBy.OPERATOR:
            continue
        prefix = "Required; make_env.py creates one. " if setting.generated else "Required. "
        description = (prefix if setting.required else "") + _sentence(setting)
        comment = textwrap.wrap(description, 118, break_on_hyphens=False, break_long_words=False)
        lines = [f"# {line}" for line in comment]
        default = int(setting.default) if isinstance(setting.default, bool) else setting.default
        blocks.append("\n".join([*lines, f"{setting.name}={default}"]) + "\n")
    return "\n".join(blocks)


def _sentence(setting: Setting) -> str:
    return setting.purpose.rstrip(".") + "."


def _default_in_words(setting: Setting) -> str:
    if isinstance(setting.default, bool):
        default = "on" if setting.default else "off"
    elif setting.default != "":
        default = f"`{setting.default}`"
    else:
        default = "none; required in production" if setting.required else "none"
    return f"{default}; in `make run` {setting.local}" if setting.local else default
