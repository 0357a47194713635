"""Full disks: an error that names the folder, wherever the portal writes."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class NoSpaceError(OSError):
    """A disk is full. The message names the folder and says what to do."""

    def __init__(self, folder: Path | str) -> None:
        words = f"No space is left in {folder}. Free up space on its disk, then try again."
        super().__init__(errno.ENOSPC, words)


def is_full(error: BaseException | None) -> bool:
    """Whether this is the error of a disk or a database that is full."""
    cause = getattr(error, "__cause__", None) or error
    return (
        (isinstance(error, OSError) and error.errno in _NO_SPACE)
        or getattr(cause, "pgcode", "") == "53100"
        or getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"
    )


@contextmanager
def writing_to(folder: Path | str) -> Iterator[None]:
    """Raise ``NoSpaceError`` if there is no space in the folder."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise NoSpaceError(folder) from error


class UploadHandler(TemporaryFileUploadHandler):
    """Django's own for large files."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        with writing_to(tempfile.gettempdir()):
            super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        with writing_to(tempfile.gettempdir()):
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        with writing_to(tempfile.gettempdir()):
            return super().file_complete(file_size)
