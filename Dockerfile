# One image for web, worker, beat and migrate; each one's command stands in docker-compose.yml.
FROM python:3.13-slim-trixie AS python
ENV PYTHONUNBUFFERED=1
# What a large page takes is given back after it. Left to itself, the C library learns to keep blocks of megabytes, for
# each thread: after a few large lists a web worker held 10 MB more for good.
ENV MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072

# The locked packages, in a layer that only a new lock file rebuilds. Wheels only: nothing is compiled and no package's
# own script runs. The environment has no pip: what is installed here stays as it is.
FROM python AS packages
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt

FROM python AS portal
# pg_dump, pg_restore and psql for backups, of the database's own version.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client-17 \
 && rm -rf /var/lib/apt/lists/*
# /data belongs to the portal's user before a volume is laid over it: a new named volume takes over its owner.
RUN useradd --system --user-group --uid 10001 --no-create-home --home-dir /nonexistent evabc \
 && install --directory --owner evabc --group evabc /data
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /portal
# .dockerignore lists the few things this takes along. They stay root's, so that the running portal cannot change them.
COPY . .
# The values only let the settings load; nothing of them is kept.
RUN SECRET_KEY=for-collecting-the-static-files-only PORTAL_URL=https://build.invalid EMAIL_URL=smtp://build.invalid \
    DATABASE_URL=postgres://build.invalid/none REDIS_URL=redis://build.invalid EVABC_DATA_DIR=/tmp/build \
    python manage.py collectstatic --noinput && rm -r /tmp/build
# Not earlier: the build may write bytecode, the read-only container cannot.
ENV PYTHONDONTWRITEBYTECODE=1
USER evabc
