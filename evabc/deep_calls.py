"""Room for deep calls, so that how deep a loop lies does not decide what it costs.

CPython 3.11 and 3.12, and 3.13 and 3.14 before the spring of 2026, keep the frames of calls in chunks
of 16 KB, and give a chunk back to the system as soon as the call that needed it is over
(python/cpython#142183). A loop whose calls lie just across the end of a chunk asks the kernel for
memory at every call: a page of the queue took up to half as long again, depending on how many
middlewares were above it.
"""

from collections.abc import Callable
from typing import Any

# Words of the stack. It makes the chunk half a megabyte, half of which is left for what is called:
# more than a thousand calls, where Python gives up, take. What is not used takes no memory.
_SLOTS = 2**15


def with_room(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; all that it calls lies in one chunk."""

    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    # No other way leads from Python to the size of a chunk.
    called.__code__ = called.__code__.replace(co_stacksize=_SLOTS)
    return called
