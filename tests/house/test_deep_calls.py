"""A loop costs the same however deep it lies: CPython 3.11 asks the kernel for memory at each call
where a chunk of its stack ends."""

import resource
import threading
from collections.abc import Callable

from evabc.deep_calls import with_room

CALLS = 300


def at(depth: int, function: Callable[[], None]) -> None:
    if depth:
        at(depth - 1, function)
    else:
        function()


def loop() -> None:
    for _ in range(CALLS):
        leaf()


def leaf() -> None:
    # A frame larger than those of `at`: so at some depth it is the one that no longer fits.
    a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = 0  # noqa: E741
    str((a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w))


def test_no_depth_asks_the_kernel_for_memory_at_each_call():
    asked = []

    def measure():
        for depth in range(400):
            before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
            with_room(at)(depth, loop)
            asked.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)

    # A thread has a stack of its own, whatever is above this test.
    thread = threading.Thread(target=measure)
    thread.start()
    thread.join()

    assert len(asked) == 400
    assert max(asked) < CALLS / 4
