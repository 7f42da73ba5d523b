"""The question catalogue: one file is one competency question is one query, with typed parameters."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rescue_kg import headers, parameters
from rescue_kg.errors import InputError, ParameterError, ParseError, UnknownNameError, did_you_mean
from rescue_kg.resources import data_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rescue_kg.parameters import Parameter

__all__ = ["DATASETS", "SEVERITIES", "TYPES", "Question", "bind", "catalogue", "names", "read"]

#: Types of the columns that a question returns.
TYPES: Final = ("iri", "string", "integer", "decimal", "double", "boolean", "date", "dateTime")

#: Severities of a check, worst first.
SEVERITIES: Final = ("error", "warning", "info")

#: Packaged datasets that a question may read besides the review.
DATASETS: Final = ("evidence",)

_QUESTION_KEYS: Final = {"title", "question", "tags", "reads", "cost", "params", "returns"}
_CHECK_KEYS: Final = {"title", "question", "severity", "examines", "mirrors", "returns"}
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Question(NamedTuple):
    """One file of the catalogue.

    `returns` maps column -> type in the order of the query; `text` is the file as it stands, header and all.
    `cost` names what the time to answer grows with, in proportion: rows of some kind, or pairs of them.
    `reads` names the packaged datasets that it asks besides the review: `evidence`, or none.
    `severity` and `examines` are filled in check queries only: how bad a row is, and the CURIE of the class
    or property whose instances are counted as examined. So is `mirrors`: the rules elsewhere that the check
    keeps, as `robot:` and the name of a rule of ROBOT's report, or `obo:` and an OBO Foundry principle.
    """

    name: str
    title: str
    question: str
    tags: tuple[str, ...]
    params: tuple[Parameter, ...]
    returns: dict[str, str]
    text: str
    severity: str = ""
    examines: str = ""
    mirrors: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    cost: tuple[str, ...] = ()


def names(folder: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the names of the questions in a folder (by default the packaged one), sorted, unread."""
    place = _folder(folder)
    try:
        files = os.listdir(place)  # noqa: PTH208 - a first answer does not wait for pathlib
    except OSError as error:
        raise InputError(
            f"{place}: cannot be read ({error.strerror}), expected a folder of .rq files"
        ) from error
    return sorted(
        file.removesuffix(".rq") for file in files if file.endswith(".rq") and not file.startswith(".")
    )


def read(name: str, folder: str | os.PathLike[str] | None = None) -> Question:
    """Return one question; only its own file is read.

    Raises UnknownNameError, with near names, where there is no such file; ParseError where its header is
    wrong or disagrees with the query.
    """
    place = _folder(folder)
    path = f"{place}{os.sep}{name}.rq"
    # A name with a slash in it must not lead out of the folder.
    if _NAME.fullmatch(name):
        try:
            with open(path, encoding="utf-8") as stream:  # noqa: PTH123
                text = stream.read()
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read ({error}), expected a query in UTF-8") from error
        else:
            return _question(name, text, path)
    raise UnknownNameError(f"no question named {name!r}{did_you_mean(name, names(place))}")


def catalogue(folder: str | os.PathLike[str] | None = None) -> tuple[Question, ...]:
    """Return all questions of a folder, by name. Raises ParseError as read() does."""
    return tuple(read(name, folder) for name in names(folder))


def bind(
    question: Question,
    values: Mapping[str, object] | None = None,
    resolve: Callable[[str], str] | None = None,
) -> str:
    """Return the SPARQL text of a question with its parameters set.

    Each `VALUES ?name { ... }` line of a parameter gets the value as a typed term, never as pasted text, so
    that a value cannot change what the query says. A value of None counts as not given. `resolve` turns a
    label into the IRI of a node, and checks that the node exists; without it, IRI parameters take IRIs and
    CURIEs only.

    Raises ParameterError for an unknown, missing or ill-typed parameter, and whatever `resolve` raises.
    """
    given = {key: value for key, value in (values or {}).items() if value is not None}
    known = {parameter.name: parameter for parameter in question.params}
    for name in given:
        if name not in known:
            expected = f"expected one of {', '.join(known)}" if known else "it takes none"
            raise ParameterError(
                f"{question.name}: unknown parameter {name!r}, {expected}{did_you_mean(name, known)}"
            )
    for parameter in question.params:
        if parameter.required and parameter.name not in given:
            raise ParameterError(
                f"{question.name}: parameter {parameter.name!r} is missing, expected {parameter.wanted} "
                f"({parameter.description or 'no description'})"
            )
    terms = {
        name: parameters.term(known[name], value, where=question.name, resolve=resolve)
        for name, value in given.items()
    }
    return parameters.put(question.text, terms)


def _folder(folder: str | os.PathLike[str] | None) -> str:
    return data_path("queries") if folder is None else os.fspath(folder)


def _question(name: str, text: str, where: str) -> Question:
    header = headers.split(text, where)
    is_check = "severity" in header
    allowed = _CHECK_KEYS if is_check else _QUESTION_KEYS
    for key in header:
        if key not in allowed:
            near = did_you_mean(key, allowed)
            raise ParseError(
                f"{where}: found the header key {key!r}, expected {', '.join(sorted(allowed))}{near}"
            )
    severity = _text(header, "severity", where) if is_check else ""
    if is_check and severity not in SEVERITIES:
        raise ParseError(f"{where}: found severity {severity!r}, expected {', '.join(SEVERITIES)}")
    tags = _list(header, "tags", "[recurrence, drug]", where)
    reads = _list(header, "reads", "[evidence]", where)
    for name_of_dataset in reads:
        if name_of_dataset not in DATASETS:
            raise ParseError(
                f"{where}: found {name_of_dataset!r} in reads, expected one of {', '.join(DATASETS)}"
            )
    returns = header.get("returns", {})
    if not isinstance(returns, dict) or not returns:
        raise ParseError(f"{where}: found no returns, expected a map such as {{node: iri, label: string}}")
    for column, kind in returns.items():
        if kind not in TYPES:
            raise ParseError(
                f"{where}: column {column!r}: found the type {kind!r}, expected {', '.join(TYPES)}"
            )
    return Question(
        name=name,
        title=_text(header, "title", where),
        question=_text(header, "question", where),
        tags=tags,
        params=parameters.declared(header.get("params", {}), text, where),
        returns={column: str(kind) for column, kind in returns.items()},
        text=text,
        severity=severity,
        examines=_text(header, "examines", where) if is_check else "",
        reads=reads,
        cost=_list(header, "cost", "[claims, mentions]", where),
        mirrors=_list(header, "mirrors", "[robot:duplicate_label]", where),
    )


def _list(header: headers.Header, key: str, example: str, where: str) -> tuple[str, ...]:
    value = header.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ParseError(f"{where}: found {key} {value!r}, expected a list such as {example}")
    return tuple(str(item) for item in value)


def _text(header: headers.Header, key: str, where: str) -> str:
    value = header.get(key)
    if not isinstance(value, str) or not value:
        raise ParseError(f"{where}: found {key} {value!r} in the header, expected a text")
    return value
