"""Faults on purpose, and what must hold after each: nothing is lost, and there are no more copies than kills.

The portal has no hooks for faults. Everything that stops a process at an exact point is outside of it: a
mail server that delays its answer (mail_server.py), a lock on the row that the process is about to
write, a connection to Redis that stops at one command, SIGKILL, SIGSTOP, a limit on the size of files.
Time passes by moving the times in rows, or by a wrong clock for one process (settings.py). The result
is read from outside: from the rows, and from the log of the mail server.
"""
