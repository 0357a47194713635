"""Faults on purpose, and what must hold after each: nothing lost, copies no more than kills.

No fault has a hook in the portal. What stops a process at an exact point stands outside of it: a mail
server that holds its answer back (mail_server.py), a lock on the row that the process is about to
write, a line to Redis that stops at one command, SIGKILL, SIGSTOP, a limit on the size of
files. Time passes by moving the times in rows, or by a clock set wrong for one process
(settings.py). What happened is read from outside: from the rows, and from the mail server's own log.
"""
