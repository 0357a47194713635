"""Stand-ins for the base images in Dockerfile and docker-compose.yml, made from Debian packages.

Each does what the official image promises and the project uses. The mirror comes from the machine's own apt
sources, and the wheels from pip with the machine's own settings.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.rehearsal.engine import RELAY, docker
from tests.servers.parts import ROOT

SUITE = "trixie"
PYTHON = "3.13"
# The two roots: what runs the portal, and the servers beside it.
ROOTS = {
    "python": "python3,python3-venv,python3-pip,ca-certificates",
    "servers": "postgresql-17,redis-server,busybox,libcap2-bin,postfix,libsasl2-modules,sasl2-bin,dnsmasq-base",
}
# Packages that the Dockerfile installs, and the plugin of docker for compose, which older releases of Debian lack.
PACKAGES = r"""
    set -e
    mkdir "$1/packages"
    cd "$1/packages"
    export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
    apt-get download docker-compose
    apt-get install --yes --download-only --no-install-recommends PACKAGES
    mv "$1"/var/cache/apt/archives/*.deb .
"""
DOCKERFILES = {
    # Debian's Python 3.13 in the place of the official image's own build. `apt-get` and `pip` find packages in folders.
    "python": r"""
        FROM rehearsal/python
        COPY packages /srv/packages
        COPY wheels /srv/wheels
        COPY relay.crt /usr/local/share/ca-certificates/
        RUN update-ca-certificates && ln -s /usr/bin/python3 /usr/local/bin/python && ln -s /usr/bin/pip3 /usr/local/bin/pip \
         && printf '[global]\nno-index = true\nfind-links = /srv/wheels\n' > /etc/pip.conf \
         && rm -rf /etc/apt/sources.list.d/* && echo 'deb [trusted=yes] file:/srv/packages ./' > /etc/apt/sources.list
    """,
    "postgres": r"""
        FROM rehearsal/servers
        ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/17/bin:$PATH
        COPY postgres.sh /entrypoint.sh
        RUN install --directory --owner postgres --group postgres --mode 700 $PGDATA \
         && install --directory --owner postgres --group postgres --mode 3777 /run/postgresql
        VOLUME $PGDATA
        STOPSIGNAL SIGINT
        ENTRYPOINT ["sh", "/entrypoint.sh"]
    """,
    # The official image has protected mode off.
    "redis": r"""
        FROM rehearsal/servers
        RUN install --directory --owner redis --group redis /data
        WORKDIR /data
        ENTRYPOINT ["sh", "-c", "exec \"$@\" --protected-mode no", "sh"]
    """,
    "caddy": r"""
        FROM rehearsal/servers
        COPY caddy /usr/bin/caddy
        RUN ln -s busybox /usr/bin/wget && setcap cap_net_bind_service=+ep /usr/bin/caddy
        ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
        CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
    """,
    RELAY: r"""
        FROM rehearsal/servers
        COPY relay.crt relay.key /etc/postfix/
        COPY relay.sh /
        CMD ["sh", "/relay.sh"]
    """,
}
SCRIPTS = {
    "postgres.sh": r"""
        set -e
        if [ ! -s "$PGDATA/PG_VERSION" ]; then
          echo "$POSTGRES_PASSWORD" > /tmp/password
          initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --encoding=UTF8 --locale=C.UTF-8
          rm /tmp/password
          echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
          echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
          pg_ctl --wait --options="-c listen_addresses=''" start
          createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
          pg_ctl --wait stop
        fi
        exec "$@"
    """,
    # A strict relay: TLS and a password, and only senders of its own domain. It delivers everything to one mailbox.
    # The name server beside it knows the relay and denies every other name at once.
    "relay.sh": rf"""
        set -e
        dnsmasq --no-resolv --no-hosts --address=/#/ --address=/{RELAY}/"$ADDRESS"
        echo password | saslpasswd2 -p -c -u {RELAY} portal
        chgrp postfix /etc/sasldb2
        printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n' > /etc/postfix/sasl/smtpd.conf
        echo '/@rehearsal\.test$/ portal, portal@{RELAY}' > /etc/postfix/senders
        install --directory --owner nobody /mailbox
        postconf -e myhostname={RELAY} mydestination= maillog_file=/dev/stdout smtpd_delay_reject=yes \
          virtual_mailbox_domains=static:all virtual_mailbox_maps=static:all/ virtual_mailbox_base=/mailbox \
          virtual_uid_maps=static:65534 virtual_gid_maps=static:65534 alias_maps= \
          smtpd_tls_cert_file=/etc/postfix/relay.crt smtpd_tls_key_file=/etc/postfix/relay.key \
          smtpd_tls_security_level=encrypt smtpd_sasl_auth_enable=yes smtpd_sasl_local_domain={RELAY} \
          smtpd_sender_login_maps=regexp:/etc/postfix/senders \
          smtpd_sender_restrictions=reject_sender_login_mismatch \
          smtpd_relay_restrictions=permit_sasl_authenticated,reject
        postconf -M submission/inet='submission inet n - n - - smtpd'
        postconf -F '*/*/chroot=n'
        exec postfix start-fg
    """,
}


def download(cache: Path) -> None:
    """Everything that needs the network. What is there already is kept."""
    cache.mkdir(parents=True, exist_ok=True)
    asked = r"apt-get install --yes --no-install-recommends (.*?)(?: \\)?$"
    wanted = " ".join(re.findall(asked, (ROOT / "Dockerfile").read_text(), re.M))
    hooks = [PACKAGES.replace("PACKAGES", wanted)]
    hooks += [f"sync-out /packages {cache}/packages", 'rm -r "$1/packages"']
    for name, packages in ROOTS.items():
        extra = hooks if name == "python" else []
        target = cache / f"{name}-{_digest(packages, *extra[:1], SUITE)}.tar"
        if target.exists():
            continue
        for old in cache.glob(f"{name}-*.tar"):
            old.unlink()
        bootstrap = ["mmdebstrap", "--variant=minbase", f"--include={packages}"]
        bootstrap += [f"--customize-hook={hook}" for hook in extra]
        if extra:
            shutil.rmtree(cache / "packages", ignore_errors=True)
        unfinished = cache / "unfinished.tar"
        subprocess.run([*bootstrap, SUITE, str(unfinished), _mirror()], check=True)
        unfinished.rename(target)
    scan = ["sh", "-c", "dpkg-scanpackages --multiversion . > Packages"]
    subprocess.run(scan, cwd=cache / "packages", check=True, stderr=subprocess.DEVNULL)
    if not (cache / "docker-compose").exists():
        (package,) = (cache / "packages").glob("docker-compose_*.deb")
        subprocess.run(["dpkg", "--extract", package, cache / "docker-compose"], check=True)
    if not (cache / "relay.crt").exists():
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"]
        make += ["-subj", f"/CN={RELAY}", "-addext", f"subjectAltName=DNS:{RELAY}"]
        make += ["-keyout", str(cache / "relay.key"), "-out", str(cache / "relay.crt")]
        subprocess.run(make, check=True, capture_output=True)
    download_wheels(cache, (ROOT / "requirements.txt").read_text())


def download_wheels(cache: Path, lock: str) -> None:
    """The wheels of a lock file for the image's Python."""
    wanted = cache / f"lock-{_digest(lock)}.txt"
    if wanted.exists():
        return
    unfinished = cache / "unfinished.txt"
    unfinished.write_text(lock)
    # Without --no-deps, pip would resolve for the Python that runs it.
    get = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    get += ["--only-binary=:all:", f"--python-version={PYTHON}", f"--dest={cache / 'wheels'}"]
    subprocess.run([*get, f"--requirement={unfinished}"], check=True)
    unfinished.rename(wanted)


def build(cache: Path, folder: Path) -> None:
    """The base images, under the names that the project uses."""
    for name in ROOTS:
        (root,) = cache.glob(f"{name}-*.tar")
        docker("import", str(root), f"rehearsal/{name}")
    for file, text in SCRIPTS.items():
        (folder / file).write_text(_dedent(text))
    for file in ("relay.crt", "relay.key"):
        shutil.copy(cache / file, folder)
    shutil.copy(Path(sys.executable).with_name("caddy"), folder)
    for part in ("packages", "wheels"):
        shutil.copytree(cache / part, folder / part)
    names = {re.split("[:@]", tag)[0]: tag for tag in _base_images()}
    for name, text in DOCKERFILES.items():
        (folder / "Dockerfile").write_text(_dedent(text))
        docker("build", "--tag", names.get(name, name), str(folder))
    # In use, so that the page's `docker system prune` keeps it: there is no registry to take it from again.
    docker("run", "--detach", "--network=none", names["python"], "sleep", "infinity")


def _base_images() -> set[str]:
    """The images that the project takes from a registry."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    pulled = {each["image"] for each in services.values() if each.get("pull_policy") != "never"}
    return pulled | set(re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(), re.M))


def _mirror() -> str:
    """The first mirror of Debian in the machine's own apt sources."""
    listing = ["apt-get", "indextargets", "--format=$(REPO_URI) $(LABEL)", "Identifier: Packages"]
    found = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    mirrors = re.findall(r"^(\S+) Debian$", found, re.M)
    if not mirrors:
        sys.exit("The rehearsal needs a mirror of Debian in the apt sources. Run apt-get update.")
    return mirrors[0]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _dedent(text: str) -> str:
    return re.sub(r"^ {8}", "", text.lstrip("\n"), flags=re.M)
