"""Credentials for an endpoint, from the environment or a netrc file, kept out of everything that is shown."""

from __future__ import annotations

import base64
import netrc
import os
from pathlib import Path
from typing import Final

from rescue_kg.errors import InputError

__all__ = ["Credentials", "find"]

_USER: Final = "RESCUE_KG_USER"
_PASSWORD: Final = "RESCUE_KG_PASSWORD"  # noqa: S105 - the name of a variable
_TOKEN: Final = "RESCUE_KG_TOKEN"  # noqa: S105 - the name of a variable


class Credentials:
    """A user with a password, or a bearer token; `source` says where they came from."""

    __slots__ = ("password", "source", "token", "user")

    def __init__(self, source: str, *, user: str = "", password: str = "", token: str = "") -> None:
        # A control character would be quoted, secret and all, by the HTTP library that refuses it.
        for text in (user, password, token):
            if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in text):
                raise InputError(
                    f"{source}: found a control character in the credentials, expected one line of text"
                )
        if not token.isascii():
            raise InputError(f"{source}: found a token that is not ASCII, expected one as it was issued")
        self.source = source
        self.user = user
        self.password = password
        self.token = token

    def __repr__(self) -> str:
        return f"<Credentials from {self.source}>"

    def __reduce__(self) -> str:
        raise TypeError("credentials are not written to files")

    def hide(self, text: str) -> str:
        """Return a text without the secrets, in any form in which they are sent."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        for secret in (self.token, pair if self.password else "", self.password):
            if secret:
                text = text.replace(secret, "***")
        return text


def find(host: str) -> Credentials | None:
    """Return the credentials for a host, or None where there are none.

    RESCUE_KG_TOKEN comes first, then RESCUE_KG_USER with RESCUE_KG_PASSWORD, then the entry of the host (or
    the default entry) in the netrc file: the one that NETRC names, else ~/.netrc.

    Raises InputError for half a pair, for a netrc file that others can read, and for one that cannot be read.
    """
    token, user, password = (os.environ.get(name, "") for name in (_TOKEN, _USER, _PASSWORD))
    if token:
        return Credentials(_TOKEN, token=token)
    if user and password:
        return Credentials(f"{_USER} and {_PASSWORD}", user=user, password=password)
    if user or password:
        there, missing = (_USER, _PASSWORD) if user else (_PASSWORD, _USER)
        raise InputError(f"found {there} in the environment and no {missing}, expected both or neither")
    return _in_netrc(host)


def _in_netrc(host: str) -> Credentials | None:
    named = os.environ.get("NETRC")
    path = Path(named) if named else Path("~/.netrc").expanduser()
    if not named and not path.exists():
        return None
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & 0o077:
            raise InputError(
                f"{path}: found permissions {mode & 0o777:03o}, with which others can read it; "
                f"chmod 600 {path}"
            )
        entry = netrc.netrc(str(path)).authenticators(host)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}), expected a netrc file"
        ) from None
    except netrc.NetrcParseError as error:
        # Its message quotes the word that it stumbled on, which may be the password.
        line = f":{error.lineno}" if error.lineno else ""
        raise InputError(f"{path}{line}: cannot be read, expected the form of a netrc file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: found bytes that are not UTF-8, expected a netrc file") from None
    if entry is None:
        return None
    return Credentials(str(path), user=entry[0] or "", password=entry[2] or "")
