"""Write the file `.env` that docker-compose.yml needs: python3 evabc/deploy/make_env.py [NAME=VALUE ...]

Takes the settings from .env.example, creates the secrets, and asks for required settings that are not given. Needs only
Python. You can run it again: values already in the file are the defaults, and secrets stay the same.
"""

import argparse
import getpass
import os
import re
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
# One setting in the example: its comment, name and value.
SETTING = re.compile(r"((?:^#.*\n)+)^([A-Z_]+)=(.*)$", re.M)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "given", nargs="*", metavar="NAME=VALUE", help="a setting to use instead of asking for it"
    )
    parser.add_argument("--file", type=Path, default=ROOT / ".env")
    options = parser.parse_args()
    if wrong := [pair for pair in options.given if "=" not in pair]:
        parser.error(f"write settings as NAME=VALUE, not {' '.join(wrong)}")
    given = dict(pair.split("=", 1) for pair in options.given)
    known = _values(options.file.read_text()) if options.file.exists() else {}
    example = (ROOT / ".env.example").read_text()

    settings = SETTING.findall(example)
    if unknown := given.keys() - {name for _, name, _ in settings}:
        parser.error(f"no setting is called {', '.join(sorted(unknown))}")

    answers = {**known, **given}
    for comment, name, _ in settings:
        comment_text = " ".join(line.strip("# ") for line in comment.splitlines())
        if comment_text.startswith("Required; make_env.py creates one.") and not answers.get(name):
            # Letters and digits only, because the database password becomes part of a URL.
            answers[name] = secrets.token_hex(32)
        elif comment_text.startswith("Required.") and not given.get(name):
            default = known.get(name, "")
            if name == "EMAIL_URL":
                answers[name] = default or _ask_for_mail_server()
            else:
                comment_text = comment_text.removeprefix("Required. ").partition(". ")[0]
                answers[name] = _ask(comment_text.rstrip("."), default)
        elif name == "EVABC_HSTS_PRELOAD" and name not in answers:
            with suppress(EOFError):  # a script that gives all that is required
                answers[name] = _ask_about_preload()
    answers["PORTAL_URL"] = answers["PORTAL_URL"].rstrip("/")
    required = {name for comment, name, _ in settings if comment.startswith("# Required")}
    if error := _error_in(answers, required):
        print(error, "Nothing was written.", file=sys.stderr)
        return 1
    try:
        _write(options.file, example, answers)
    except OSError as failure:
        print(f"{options.file} cannot be written: {failure.strerror}.", file=sys.stderr)
        return 1
    print(
        f"{options.file} was written. Only you can read it.\n"
        "Next: docker compose up --detach --build\n"
        "Then: docker compose exec web python manage.py setup_portal"
    )
    return 0


def _ask(question: str, default: str = "", secret: bool = False) -> str:
    ask = getpass.getpass if secret else input
    return ask(f"{question}{f' [{default}]' if default else ''}: ").strip() or default


def _ask_for_mail_server() -> str:
    host = _ask("Mail server, for example mail.example.org")
    port = _ask("Port", "587")
    user = _ask("User name (leave empty if none)")
    password = _ask("Password", secret=True) if user else ""
    signed_in = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    kind = "smtp+ssl" if port == "465" else "smtp+tls"
    return f"{kind}://{signed_in}{host}:{port}"


def _ask_about_preload() -> str:
    question = (
        "Will you enter the domain in the preload list of browsers, at hstspreload.org? All its "
        "subdomains then need https, and it is hard to undo. (yes/no)"
    )
    return "1" if _ask(question, "no").lower() in ("y", "yes", "1") else "0"


def _error_in(answers: dict[str, str], required: set[str]) -> str:
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?", answers["PORTAL_URL"]):
        return "PORTAL_URL must look like https://communities.example.org."
    mail_server = r"smtp(\+tls|\+ssl)?://(\S*@)?[\w-]+(\.[\w-]+)*(:\d+)?(\?\S*)?"
    if not re.fullmatch(mail_server, answers["EMAIL_URL"]):
        return "EMAIL_URL must look like smtp+tls://user:password@mail.example.org:587."
    for name, value in answers.items():
        if not value.isprintable() or (name in required and not value):
            return f"{name} needs a value, on one line."
        if value and name.endswith("_EMAIL") and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            return f"{name} must look like name@example.org."
    return ""


def _values(text: str) -> dict[str, str]:
    found = re.findall(r"^([A-Z_]+)=(.*)$", text, re.M)
    values = {name: _unquoted(value.strip()) for name, value in found}
    return {name: value for name, value in values.items() if value}


def _quoted(value: str) -> str:
    """The value for `.env`: Docker Compose takes what is in single quotes literally, but knows no quote in it."""
    if "'" not in value and "\\" not in value:
        return f"'{value}'"
    return '"' + re.sub(r'(["$\\])', r"\\\1", value) + '"'


def _unquoted(value: str) -> str:
    if value[:1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value.strip("'")


def _write(file: Path, example: str, answers: dict[str, str]) -> None:
    """Write the example with the answers filled in. Replaces the file in one step."""

    def answered(line: re.Match[str]) -> str:
        return f"{line[1]}={_quoted(answers[line[1]])}" if line[1] in answers else line[0]

    text = re.sub(r"^([A-Z_]+)=.*$", answered, example, flags=re.M)
    new = file.with_name(file.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    new.replace(file)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EOFError, KeyboardInterrupt):
        sys.exit("\nThe input ended before the last question. Nothing was written.")
