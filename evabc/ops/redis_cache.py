"""django-redis, for libraries that do not expect a cache to be away."""

from typing import Any

from django_redis.cache import RedisCache


class FailOpenRedisCache(RedisCache):
    """With ``IGNORE_EXCEPTIONS``, ``add`` returns None while Redis does not answer.

    allauth would read that as a code that was used already, and as a lock that somebody holds, so
    nobody could sign in. True means "nobody was here before", which is all that can be known then.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:
        added = super().add(*args, **kwargs)
        return True if added is None else added
