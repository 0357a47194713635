"""The security headers of every kind of page, behind a proxy as in production.

They follow the rules of MDN's HTTP Observatory: https with a long HSTS, a Content-Security-Policy without
unsafe sources that starts from 'none', no framing, no sniffing, a strict referrer, safe cookies.
"""

import http.client
import re
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from tests import builders
from tests.servers import processes

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "portal.example"

EVERYWHERE = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
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
    "object-src": "'none'",
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
    """`answer(path, user=None)`: the status and headers of a portal with production settings.

    `answer.cookies` are all that it has set.
    """
    extra = {
        "EVABC_LOCAL": "0",
        "PORTAL_URL": f"https://{HOST}",
        "EVABC_TRUSTED_PROXIES": "1",
        "EMAIL_URL": smtp_server.url,
    }

    def ask(path, user=None, scheme="https", *, host=HOST, method="GET", jar=None, **typed):
        """Cookies are kept in the dictionary `jar`, and what is `typed` is sent as a form."""
        jar = {} if jar is None else jar
        if user:
            browser = Client()
            builders.sign_in(browser, user)
            jar["__Host-sessionid"] = browser.cookies["sessionid"].value
        headers = {"Host": host, "X-Forwarded-Proto": scheme, "X-Forwarded-For": "192.0.2.1"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        body = None
        if typed:
            method, headers["Referer"] = "POST", f"https://{HOST}{path}"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({"csrfmiddlewaretoken": jar["__Host-csrftoken"], **typed})
        connection = http.client.HTTPConnection(urlsplit(portal.url).netloc, timeout=30)
        connection.request(method, path, body, headers)
        got = connection.getresponse()
        got.read()
        connection.close()
        for line in got.headers.get_all("set-cookie") or []:
            name, _, rest = line.partition("=")
            jar[name] = rest.partition(";")[0]
            cookies.append(line)
        names = {name.lower() for name, _ in got.getheaders()}
        return got.status, {name: got.headers[name] for name in names}

    cookies = ask.cookies = []
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


def test_what_answers_before_a_view_has_the_headers(answer):
    forged = {"csrfmiddlewaretoken": "y" * 32, "email": "dana@example.org"}
    answers = [
        (answer("/static/site.css"), 200),
        (answer("/static/favicon.svg"), 200),
        (answer("/static/"), 404),  # no list of files
        (answer("/healthz"), 200),
        (answer("/", host="elsewhere.example"), 400),
        (answer("/", method="TRACE"), 405),
        (answer("/accounts/login/", jar={"__Host-csrftoken": "x" * 32}, **forged), 403),
    ]
    for (got, headers), status in answers:
        assert got == status, headers
        assert {name: headers.get(name) for name in EVERYWHERE} == EVERYWHERE
        assert policy(headers) == POLICY
        assert "access-control-allow-origin" not in headers
        assert "charset" in headers["content-type"]


def test_http_redirects_to_https_on_the_same_host(answer):
    status, headers = answer("/communities/", scheme="http")
    assert (status, headers["location"]) == (301, f"https://{HOST}/communities/")
    assert policy(headers) == POLICY


def test_every_cookie_of_a_visit_is_safe(answer, smtp_server):
    jar = {}
    answer("/accounts/login/", jar=jar)
    answer("/accounts/login/", jar=jar, email="dana@example.org")
    [code] = re.findall(r"\b\d{6}\b", smtp_server.messages[-1].get_content())
    answer("/accounts/login/code/confirm/", jar=jar, code=code)
    assert answer("/my/", jar=jar)[0] == 200
    answer("/accounts/logout/", jar=jar, next="/")
    assert answer("/my/", jar=jar)[0] == 302

    assert {cookie.partition("=")[0] for cookie in answer.cookies} == {
        "__Host-csrftoken",
        "__Host-known",
        "__Host-sessionid",
    }
    for cookie in answer.cookies:
        parts = {part.strip() for part in cookie.split(";")}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts, cookie
        assert "Domain" not in cookie
