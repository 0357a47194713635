"""Write the table of settings and .env.example from the declarations in evabc/env.py, as `make docs` does."""

import textwrap

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from evabc.env import SETTINGS, SetBy, Setting

SETTINGS_MD = """\
# Settings

From the environment. For a secret, `NAME_FILE` may name a file that holds it. `make docs` writes this page from the
declarations in `evabc/env.py`, where a new setting is one entry.
"""
ENV_EXAMPLE = """\
# What docker-compose.yml needs to know. `python3 evabc/deploy/make_env.py` copies it to .env and fills it in; by hand,
# `chmod 600 .env` afterwards: it holds secrets. Put a value with $, # or blanks into 'single quotes'.
# `make docs` writes this file from the declarations in evabc/env.py.
"""


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, name what is old")

    def handle(self, *args: object, check: bool, **options: object) -> None:
        derived = {
            settings.BASE_DIR / "evabc/docs/settings.md": settings_md(),
            settings.BASE_DIR / ".env.example": env_example(),
        }
        for file, text in derived.items():
            if not check:
                file.write_text(text)
            elif file.read_text() != text:
                raise CommandError(f"{file.name} is not what evabc/env.py says. Run: make docs")


def settings_md() -> str:
    """A table of settings for each of those who set them."""
    tables = [SETTINGS_MD]
    for set_by in SetBy:
        lines = [f"## {set_by.value}", "", "| name | for | default |", "|---|---|---|"]
        lines += [
            f"| `{setting.name}` | {_sentence(setting)} | {_default_in_words(setting)} |"
            for setting in SETTINGS.values()
            if setting.set_by == set_by
        ]
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def env_example() -> str:
    """What the operator sets, each with what it is for; `make_env.py` reads this."""
    blocks = [ENV_EXAMPLE]
    for setting in SETTINGS.values():
        if setting.set_by != SetBy.OPERATOR:
            continue
        needed = "Required; make_env.py makes one. " if setting.made else "Required. "
        says = (needed if setting.required else "") + _sentence(setting)
        comment = textwrap.wrap(says, 118, break_on_hyphens=False, break_long_words=False)
        lines = [f"# {line}" for line in comment]
        blocks.append("\n".join([*lines, f"{setting.name}={setting.default}"]) + "\n")
    return "\n".join(blocks)


def _sentence(setting: Setting) -> str:
    return setting.purpose.rstrip(".") + "."


def _default_in_words(setting: Setting) -> str:
    if isinstance(setting.default, bool):
        default = "on" if setting.default else "off"
    elif setting.default != "":
        default = f"`{setting.default}`"
    else:
        default = "none, required in production" if setting.required else "none"
    return f"{default}; in `make run` {setting.local}" if setting.local else default
