"""The security headers of every kind of page, behind a proxy as in production.

They follow the rules of MDN's HTTP Observatory: https with a long HSTS, a Content-Security-Policy without
unsafe sources that starts from 'none', no framing, no sniffing, a strict referrer, safe cookies.
"""

import http.client
import re
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests import builders
from tests.servers import processes

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "portal.example"

EVERYWHERE = {
    "strict-transport-security": "max-age=63072000; includeSubDomains; preload",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-permitted-cross-domain-policies": "none",
}
PAGE = {**EVERYWHERE, "x-frame-options": "DENY"}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}
NOT_STORED = "max-age=0, no-cache, no-store, must-revalidate, private"


@pytest.fixture
def answer(redis_url, smtp_server, data_folder):
    """`answer(path, user=None)`: the status and headers of a portal with production settings."""
    extra = {
        "EVABC_LOCAL": "0",
        "PORTAL_URL": f"https://{HOST}",
        "EVABC_TRUSTED_PROXIES": "1",
        "EMAIL_URL": smtp_server.url,
    }

    def ask(path, user=None, scheme="https"):
        headers = {"Host": HOST, "X-Forwarded-Proto": scheme, "X-Forwarded-For": "192.0.2.1"}
        if user:
            browser = Client()
            builders.sign_in(browser, user)
            headers["Cookie"] = f"__Host-sessionid={browser.cookies['sessionid'].value}"
        connection = http.client.HTTPConnection(urlsplit(portal.url).netloc, timeout=30)
        connection.request("GET", path, headers=headers)
        got = connection.getresponse()
        got.read()
        connection.close()
        names = {name.lower() for name, _ in got.getheaders()}
        return got.status, {name: got.headers[name] for name in names}

    with processes.portal(data_folder / "https.log", **extra) as portal:
        yield ask


def policy(headers):
    """The directives of the Content-Security-Policy, without the nonce."""
    parts = (part.strip().partition(" ") for part in headers["content-security-policy"].split(";"))
    return {name: re.sub(r" 'nonce-[^']+'", "", sources) for name, _, sources in parts}


def test_every_kind_of_page_has_the_headers(answer):
    worker, staff = builders.worker(), builders.staff()
    pages = [
        ("/", None, 200),
        ("/communities/stvc/", None, 200),
        ("/accounts/login/", None, 200),
        ("/nowhere/", None, 404),
        ("/my/", None, 302),
        ("/my/", worker, 200),
        ("/my/requests/999999/", worker, 404),
        ("/admin/", staff, 200),
        ("/admin/joinrequests/joinrequest/", staff, 200),
        ("/admin/joinrequests/joinrequest/999999/change/", staff, 404),
    ]
    for path, user, status in pages:
        got, headers = answer(path, user)
        assert (path, got) == (path, status)
        assert {name: headers.get(name) for name in PAGE} == PAGE, path
        assert policy(headers) == POLICY, path
        if user:
            assert headers["cache-control"] == NOT_STORED, path


def test_static_files_and_health_checks_have_their_headers(answer):
    for path in ("/static/site.css", "/healthz"):
        status, headers = answer(path)
        assert (path, status) == (path, 200)
        assert {name: headers.get(name) for name in EVERYWHERE} == EVERYWHERE, path


def test_http_redirects_to_https_on_the_same_host(answer):
    status, headers = answer("/communities/", scheme="http")
    assert (status, headers["location"]) == (301, f"https://{HOST}/communities/")


def test_cookies_are_safe(answer):
    _, headers = answer("/accounts/login/")
    cookie = headers["set-cookie"]
    assert re.match(r"__Host-csrftoken=\w+;", cookie)
    assert "Domain" not in cookie
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {
        part.strip() for part in cookie.split(";")
    }
