"""What stays out of the log."""

import logging
import re

_SECRET = re.compile(r"/calendar/[^\s/]+")


class WithoutSecretAddresses(logging.Filter):
    """Django logs the path of every page that is not found: of a calendar's, not the secret part."""

    def filter(self, record: logging.LogRecord) -> bool:
        words = record.getMessage()
        if _SECRET.search(words):
            record.msg, record.args = _SECRET.sub("/calendar/…", words), ()
        return True
