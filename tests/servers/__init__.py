"""Real servers for the tests: PostgreSQL, Redis, SMTP, Chromium, a Celery worker and the portal.

plugin.py     the pytest plugin: servers up before the settings load, gone when the run ends
keeper.py     the process that holds PostgreSQL and Redis for one run
postgresql.py, redis_server.py, smtp.py, chromium.py    one part each
processes.py  the portal and its worker as processes of their own
parts.py      what the others share: where the servers are, and what is missing
"""
