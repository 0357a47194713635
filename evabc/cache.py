"""The shared cache, without which the portal goes on."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class _OneClient(RedisCacheClient):
    """Django makes a client of redis-py for each question, which takes longer than the question."""

    @cached_property
    def _only(self) -> Redis:
        return super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        return self._only


class CacheThatMayBeAway(RedisCache):
    """Redis. While it does not answer, nothing is remembered, and the log says so.

    So pages open and people sign in, only slower and without limits. What must never happen twice
    is held by the database: nothing but limits and kept pages relies on this cache.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _OneClient

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError:
            return _away(default)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().add(key, value, *args, **kwargs))
        except RedisError:
            return bool(_away(True))  # the caller holds what nobody else can ask for now

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(key, value, *args, **kwargs)
        except RedisError:
            _away(None)

    def delete(self, key: Any, version: int | None = None) -> bool:
        try:
            return super().delete(key, version)
        except RedisError:
            return bool(_away(False))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """A key that is not there is an error of Django's cache: away, none is."""
        try:
            return super().incr(key, delta, version)
        except RedisError as error:
            _away(None)
            raise ValueError("The cache does not answer.") from error


def _away(answer: Any) -> Any:
    logger.warning("The shared cache does not answer: limits do not hold meanwhile.")
    return answer
