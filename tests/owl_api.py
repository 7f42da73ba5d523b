"""The OWL API, which Protégé stands on, as a test sees it: compiles the programs in java/ and runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

SOURCES = sorted((Path(__file__).parent / "java").glob("*.java"))
JARS = Path("/usr/share/java")
# What the OWL API needs to read Turtle and RDF/XML; slf4j-jdk14 brings its warnings to java.util.logging.
NEEDED = (
    *("owlapi-distribution", "atinject-jsr330-api", "caffeine", "commons-io", "commons-rdf-api", "guava"),
    *("hppcrt", "rdf4j-model", "rdf4j-model-api", "rdf4j-rio-api", "rdf4j-util", "slf4j-api", "slf4j-jdk14"),
    "xz",
)


def missing(what: str) -> NoReturn:
    """Skip a test that lacks something; in CI, where everything is installed, fail."""
    reason = f"{what} is missing; run: apt-get install libowlapi-java default-jdk-headless"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class OwlApi:
    """The compiled programs. `check()` gives for each file word -> the lines that begin with it."""

    def __init__(self, folder: Path) -> None:
        java, javac = shutil.which("java"), shutil.which("javac")
        if java is None or javac is None:
            missing("a JDK (java and javac)")
        jars = [JARS / f"{name}.jar" for name in NEEDED]
        for jar in jars:
            if not jar.exists():
                missing(f"{jar} (the OWL API)")
        classpath = os.pathsep.join(map(str, (folder, *jars)))
        subprocess.run(
            [javac, "-nowarn", "-cp", classpath, "-d", str(folder), *map(str, SOURCES)], check=True
        )
        self._command = [java, "-Dstdout.encoding=UTF-8", "-Dfile.encoding=UTF-8", "-cp", classpath]
        self._command += ["-XX:TieredStopAtLevel=1"]

    def check(self, *files: Path) -> tuple[int, list[Mapping[str, list[str]]]]:
        """Return the exit status, and the lines by word for each file."""
        run = subprocess.run([*self._command, "OwlCheck", *map(str, files)], capture_output=True, check=False)
        assert run.stderr == b"", run.stderr.decode()
        found: list[Mapping[str, list[str]]] = []
        lines: defaultdict[str, list[str]] = defaultdict(list)
        for line in run.stdout.decode().splitlines():
            word, _, text = line.partition("\t")
            if word == "file":
                lines = defaultdict(list)
                found.append(lines)
            lines[word].append(text)
        assert len(found) == len(files), run.stdout
        return run.returncode, found

    def save(self, source: Path, target: Path) -> None:
        """Load a file and save it as Turtle."""
        subprocess.run([*self._command, "OwlSave", str(source), str(target)], check=True)
