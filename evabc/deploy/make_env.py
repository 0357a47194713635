"""Write the file `.env` that docker-compose.yml needs: python3 evabc/deploy/make_env.py

Asks for the address, the mail server and who answers for privacy, and makes the secrets. Needs nothing but Python. Can be run
again: what the file holds already is the usual answer, and secrets stay as they are.
"""

import argparse
import getpass
import os
import re
import secrets
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
OFFICER = ["EVABC_PRIVACY_OFFICER_NAME", "EVABC_PRIVACY_OFFICER_EMAIL"]
SECRETS = ["SECRET_KEY", "POSTGRES_PASSWORD", "EVABC_BACKUP_KEY"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portal-url", help="the address people will type")
    parser.add_argument("--email-url", help="the mail server, as in .env.example")
    parser.add_argument("--officer-name", help="who answers for privacy")
    parser.add_argument("--officer-email", help="where to write to that person")
    parser.add_argument("--file", type=Path, default=ROOT / ".env")
    given = parser.parse_args()
    known = _values(given.file.read_text()) if given.file.exists() else {}

    url = given.portal_url or _ask("The address people will type", known.get("PORTAL_URL", ""))
    mail = given.email_url or known.get("EMAIL_URL") or _ask_for_mail_server()
    officer = given.officer_name or _ask("Who answers for privacy", known.get(OFFICER[0], ""))
    write_to = given.officer_email or _ask("Her or his email", known.get(OFFICER[1], ""))
    wrong = _wrong_with(url, mail, officer, write_to)
    if wrong:
        print(wrong, "Nothing was written.", file=sys.stderr)
        return 1
    answers = {**known, "PORTAL_URL": url.rstrip("/"), "EMAIL_URL": mail}
    answers |= dict(zip(OFFICER, (officer, write_to), strict=True))
    for name in SECRETS:
        # Letters and digits only: the database's password becomes part of an address.
        answers[name] = known.get(name) or secrets.token_hex(32)
    _write(given.file, answers)
    print(
        f"{given.file} is written, for you alone to read. Keep a copy of EVABC_BACKUP_KEY somewhere "
        "else.\nNow: docker compose up --detach --build"
    )
    return 0


def _ask(question: str, usual: str = "", secret: bool = False) -> str:
    ask = getpass.getpass if secret else input
    return ask(f"{question}{f' [{usual}]' if usual else ''}: ").strip() or usual


def _ask_for_mail_server() -> str:
    host = _ask("The mail server, for example mail.example.org")
    port = _ask("Its port", "587")
    user = _ask("The user name there (empty for none)")
    password = _ask("The password", secret=True) if user else ""
    signed_in = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    kind = "smtp+ssl" if port == "465" else "smtp+tls"
    return f"{kind}://{signed_in}{host}:{port}"


def _wrong_with(url: str, mail: str, officer: str, write_to: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/"):
        return "The address must be like https://communities.example.org."
    if not re.match(r"smtp(\+tls|\+ssl)?://", mail) or not urlsplit(mail).hostname:
        return "The mail server must be like smtp+tls://user:password@mail.example.org:587."
    if not officer or "'" in officer or not re.match(r"[^@\s']+@[^@\s']+$", write_to):
        return "The privacy page names somebody: give a name, and an email like name@example.org."
    return ""


def _values(text: str) -> dict[str, str]:
    found = re.findall(r"^([A-Z_]+)=(.*)$", text, re.M)
    return {name: value.strip().strip("'") for name, value in found if value.strip()}


def _write(file: Path, answers: dict[str, str]) -> None:
    """The example with the answers in it, under a new name first: never half a file."""
    lines = []
    for line in (ROOT / ".env.example").read_text().splitlines():
        name = line.partition("=")[0]
        quoted = f"{name}='{answers[name]}'" if name in answers else line
        lines.append(quoted if re.match(r"^[A-Z_]+=", line) else line)
    new = file.with_name(file.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write("\n".join(lines) + "\n")
    new.replace(file)


if __name__ == "__main__":
    sys.exit(main())
