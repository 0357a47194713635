"""The id of a request: in the answer's header, in each line of the log, and in the tasks it rang for."""

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TASK_HEADER = "portal_request"
_OF_REQUEST = "portal.request_id"  # for what Django logs after the last middleware

_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request or task that this thread works on; empty for none."""
    return _id.get()


def id_of(request: object) -> str:
    """The id of a request that is being answered or was; empty for what is none."""
    return str(getattr(request, "META", {}).get(_OF_REQUEST, ""))


class RequestsHaveIds:
    """Takes the id that came along where it is a UUID, else makes one.

    Any other text could hold somebody's address or number, and would be in the log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = _as_uuid(request.headers.get(HEADER, "")) or str(uuid.uuid4())
        token = _id.set(given)
        request.META[_OF_REQUEST] = given
        try:
            response = self.get_response(request)
        finally:
            _id.reset(token)
        response[HEADER] = given
        return response


def _as_uuid(text: str) -> str:
    return text if _UUID.fullmatch(text) else ""


def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """A doorbell says which request rang it."""
    if headers is not None and request_id():
        headers[_TASK_HEADER] = request_id()


def go_on_with(task: Task, task_id: str, **_: Any) -> None:
    """Beat's own tasks have no request, and go by the id of the task."""
    _id.set(_as_uuid(getattr(task.request, _TASK_HEADER, None) or "") or task_id)


def forget(**_: Any) -> None:
    _id.set("")


def follow_tasks() -> None:
    """From now on the id goes with each task from whoever rings to whoever does it."""
    before_task_publish.connect(send_along)
    task_prerun.connect(go_on_with)
    task_postrun.connect(forget)
