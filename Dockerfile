# One image for web, worker, beat and migrate. Their commands are in docker-compose.yml.
FROM python:3.13-slim-trixie AS python
ENV PYTHONUNBUFFERED=1
# Return the memory of large pages to the system. By default, the C library keeps blocks of megabytes for each thread: after a
# few large imports, a web worker kept 10 MB more.
ENV MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072

# The locked packages, in a layer that is rebuilt only when the lock file changes. Wheels only, so that nothing is compiled and
# no setup script runs. Without pip, so that the environment cannot change later.
FROM python AS packages
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt

FROM python AS portal
# pg_dump, pg_restore and psql for backups, in the version of the database.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client-17 \
 && rm -rf /var/lib/apt/lists/*
# Create /data with the portal's user as owner: a new named volume mounted there takes over the owner.
RUN useradd --system --user-group --uid 10001 --no-create-home --home-dir /nonexistent evabc \
 && install --directory --owner evabc --group evabc /data
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /portal
# Only what .dockerignore allows. Owned by root, so that the running portal cannot change it.
COPY . .
# The values are only needed to load the settings; they are not stored.
RUN SECRET_KEY=for-collecting-the-static-files-only PORTAL_URL=https://build.invalid EMAIL_URL=smtp://build.invalid \
    DATABASE_URL=postgres://build.invalid/none REDIS_URL=redis://build.invalid EVABC_DATA_DIR=/tmp/build \
    python manage.py collectstatic --noinput && rm -r /tmp/build
# Not earlier: the build may write bytecode, but the read-only container cannot.
ENV PYTHONDONTWRITEBYTECODE=1
USER evabc
