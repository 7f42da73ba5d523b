"""The page on quality says of every rule of ROBOT's report what holds it here, and says so truly."""

import re
from pathlib import Path

from rescue_kg import questions, resources

PAGE = (Path(__file__).parents[1] / "docs" / "quality.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([a-z_]+) \| (.+) \|$", PAGE, re.MULTILINE))
CHECKS = {check.name: check for check in questions.catalogue(resources.checks_dir())}
MIRRORED = {
    (mirror.partition(":")[2], name)
    for name, check in CHECKS.items()
    for mirror in check.mirrors
    if mirror.startswith("robot:")
}


def test_every_rule_is_accounted_for() -> None:
    # ROBOT 1.9 ships 33 of them.
    assert len(ROWS) == 33
    for held in ROWS.values():
        assert re.match(r"`[a-z-]+`$|not used: |shapes: ", held)


def test_the_page_and_the_headers_agree() -> None:
    on_page = {(rule, held.strip("`")) for rule, held in ROWS.items() if held.startswith("`")}
    assert on_page == MIRRORED


def test_mirrors_are_of_two_kinds() -> None:
    kinds = {mirror.partition(":")[0] for check in CHECKS.values() for mirror in check.mirrors}
    assert kinds == {"robot", "obo"}
    assert all(re.fullmatch(r"robot:[a-z_]+|obo:fp-0\d\d", m) for c in CHECKS.values() for m in c.mirrors)
