"""Version and date are the same wherever they stand."""

import re
from pathlib import Path

import pyoxigraph
import yaml

import rescue_kg
from rescue_kg.namespaces import BASE, expand

ROOT = Path(__file__).parent.parent


def header(name: str) -> str:
    subject = pyoxigraph.NamedNode(BASE + "rescue")
    found = rescue_kg.load(infer=False).store.native.quads_for_pattern(
        subject, pyoxigraph.NamedNode(expand(name)), None
    )
    (quad,) = found
    assert isinstance(quad.object, pyoxigraph.Literal | pyoxigraph.NamedNode)
    return quad.object.value


def test_version_and_date_agree() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", changelog, re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert newest is not None
    assert header("owl:versionInfo") == rescue_kg.__version__ == newest[1] == citation["version"]
    assert header("owl:versionIRI") == f"{BASE}rescue/{rescue_kg.__version__}"
    assert header("dcterms:issued") == newest[2] == citation["date-released"].isoformat()
