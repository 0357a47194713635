"""What the tests of the sign-in share: reading the emailed code, and a code that is not right."""

import re

from django.core import mail


def newest_code(to: str = "") -> str:
    """The code in the newest email, or in the newest one to an address."""
    email = next(m for m in reversed(mail.outbox) if m.to == [to] or not to)
    [code] = re.findall(r"^\d{6}$", str(email.body), re.MULTILINE)
    return str(code)


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"
