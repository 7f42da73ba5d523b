"""What is imported when: a first answer must not wait for what it does not need."""

import subprocess
import sys

import pytest

import rescue_kg

HEAVY = {
    "dataclasses",
    "jinja2",
    "networkx",
    "owlready2",
    "pandas",
    "pathlib",
    "polars",
    "pyshacl",
    "rdflib",
    "rich",
    "tempfile",
    "yaml",
}


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nsys.stdout.write('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_probe_sees_heavy_modules() -> None:
    assert {"yaml", "pathlib"} <= loaded_by("import yaml, pathlib")


def test_import_loads_nothing() -> None:
    modules = loaded_by("import rescue_kg")
    assert not HEAVY & modules
    assert "pyoxigraph" not in modules
    assert {name for name in modules if name.startswith("rescue_kg")} == {"rescue_kg"}


def test_asking_loads_no_heavy_module() -> None:
    modules = loaded_by(
        "import rescue_kg\n"
        "answer = rescue_kg.load().ask('claims-about-an-intervention', intervention='ecmo')\n"
        "assert len(answer) and answer.to_text(80) and answer.to_tsv()"
    )
    assert not HEAVY & modules
    assert "pyoxigraph" in modules
    assert not {"difflib", "csv", "json", "gzip", "decimal", "datetime"} & modules


@pytest.mark.parametrize("name", rescue_kg.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(rescue_kg, name) is not None
    assert name in dir(rescue_kg)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        rescue_kg.nope  # noqa: B018


def test_errors_are_standard_errors_with_an_exit_code() -> None:
    expected = {
        "InputError": (ValueError, 2),
        "ParseError": (ValueError, 2),
        "ParameterError": (ValueError, 2),
        "UnknownFormatError": (ValueError, 2),
        "UnknownNameError": (LookupError, 2),
        "OutputError": (OSError, 2),
        "StoreInUseError": (OSError, 2),
        "NotAvailableError": (RuntimeError, 3),
        "ReasonerTimeoutError": (TimeoutError, 3),
        "QueryTimeoutError": (TimeoutError, 3),
        "QueryMemoryError": (MemoryError, 3),
        "ChecksFailedError": (ValueError, 1),
    }
    for name, (base, code) in expected.items():
        error = getattr(rescue_kg, name)
        assert issubclass(error, base)
        assert issubclass(error, rescue_kg.RescueKgError)
        assert error.exit_code == code
        assert str(error("two\nlines")) == "two lines"
