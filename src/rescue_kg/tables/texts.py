r"""Text expressions that mean the same on every engine.

Engines differ in what `\s`, `.` and `$` of a regular expression match, in what lower() makes of some letters,
and in the order in which an aggregate joins texts. What stands here leaves none of that open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis

__all__ = ["SPACE", "fold", "is_slug", "joined", "matches", "portable", "strip"]

#: White space, as a part of a pattern: that of ASCII.
SPACE: Final = "[\\t-\\r ]"

#: Capital letters that engines do not agree how to fold, and what they become.
_FOLDS: Final = (("\u0130", "i\u0307"), ("\u03a3", "\u03c3"))


def matches(text: ibis.Value, pattern: str) -> ibis.Value:
    r"""Return whether a pattern is found in a text; null for null.

    The pattern is one that RE2 and Java read alike: no `.`, `\s`, `\S` or `\w`, and no `(...)*` around a text
    of any length, for which Java takes a stack frame a turn.
    """
    return text.re_search(portable(pattern))


def portable(pattern: str) -> str:
    r"""Return a pattern with `\z` for each `$`, which for Java also stands before a line break at the end."""
    made, inside, escaped = [], False, False
    for sign in pattern:
        if not escaped and not inside and sign == "$":
            made.append(r"\z")
            continue
        if not escaped:
            inside = sign == "[" or (inside and sign != "]")
        escaped = sign == "\\" and not escaped
        made.append(sign)
    return "".join(made)


def is_slug(text: ibis.Value) -> ibis.Value:
    """Return whether a text is small letters and digits, with single hyphens between."""
    return matches(text, "^[a-z0-9-]+$") & ~matches(text, "^-|--|-$")


def strip(text: ibis.Value) -> ibis.Value:
    """Return a text without the white space around it."""
    import ibis

    around = f"^{SPACE}+|{SPACE}+$"
    # Few have any, and what comes before the exclamation mark is found out in a fraction of the time.
    may_have = (text < "!") | (text.right(1) < "!")
    return ibis.ifelse(may_have, text.re_replace(portable(around), ""), text)


def fold(text: ibis.Value) -> ibis.Value:
    """Return a text in small letters, to compare it with others whatever their case."""
    for capital, small in _FOLDS:
        text = text.replace(capital, small)
    return text.lower()


def joined(parts: Sequence[ibis.Value]) -> ibis.Value:
    """Return texts one after another, those that are null left out.

    All are joined at once: `a + b + c` copies what it has at every step, which for the statements of a row
    takes several times as long as all else.
    """
    import ibis

    return ibis.literal("").join(parts)
