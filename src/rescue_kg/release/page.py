"""The documentation of a release as one HTML page, with nothing that a browser would have to fetch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from markupsafe import Markup

from rescue_kg.manchester import text_of
from rescue_kg.namespaces import PREFIXES, contract, kind_of
from rescue_kg.pages import LICENCES, environment
from rescue_kg.release.files import FILES, media_type, query_titles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rescue_kg.manchester import Word
    from rescue_kg.release.entries import Glossary
    from rescue_kg.release.header import Header

__all__ = ["page"]

#: A vocabulary is known by what follows this.
_REGISTRY: Final = "https://bioregistry.io/registry/"
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_PREFIXES_OF_OTHERS: Final = tuple(
    namespace for prefix, namespace in PREFIXES.items() if prefix in ("owl", "rdf", "rdfs", "xsd")
)


def page(header: Header, glossary: Glossary, files: Mapping[str, bytes], counts: Mapping[str, int]) -> str:
    """Return the page; `files` are those beside it that are known by now, `counts` what the graph holds.

    It works without scripts and loads nothing; links lead to places on it, to the files beside it, and to
    licences, DOIs and terms of other vocabularies.
    """
    templates = environment("rescue_kg.release")

    def linked(words: Iterable[Word], *, code: bool) -> Markup:
        return Markup("").join(_word(word, glossary, code=code) for word in words)

    templates.filters |= {
        "in_words": lambda words: linked(words, code=False),
        "in_code": lambda words: linked(words, code=True),
    }
    present: list[tuple[str, str, str, int | None]] = [
        (name, what, media_type(name), len(files[name]) if name in files else None)
        for name, what in FILES.items()
        # The last ones are written after this page, and always there.
        if name in files or name in ("void.ttl", "ro-crate-metadata.json", "SHA256SUMS")
    ]
    return templates.get_template("index.html").render(
        header=header,
        it=glossary,
        files=present,
        queries=query_titles(files),
        counts=counts,
        home=header.ontology,
    )


def _word(word: Word, glossary: Glossary, *, code: bool) -> Markup:
    """Return a word as HTML: a term as a link to its place, by its name in code, else by its label."""
    if isinstance(word, str):
        keyword = word.strip()
        if code and keyword.isalpha():
            return Markup("{}<b>{}</b>{}").format(*word.partition(keyword))
        return Markup.escape(word)
    if isinstance(word, ox.Literal):
        if _HASH.fullmatch(word.value):
            return Markup('<code title="{}">{}…</code>').format(word.value, word.value[:12])
        return Markup.escape(text_of(word) if code else word.value)
    curie = contract(word.value)
    if word in glossary.anchors:
        name = text_of(word) if code else glossary.labels[word]
        return Markup('<a href="#{}" title="{}">{}</a>').format(glossary.anchors[word], curie, name)
    if kind_of(word.value):
        # A node that is not on this page is one of the evidence.
        return Markup('<a href="#section/evidence"><code>{}</code></a>').format(curie)
    if word.value.startswith(_PREFIXES_OF_OTHERS):
        return Markup("<code>{}</code>").format(curie)
    if word.value in glossary.names:
        code_of = word.value.rpartition("#")[2].rpartition("/")[2]
        link = Markup('<a href="{}">{}</a> <code>{}</code>')
        return link.format(word.value, glossary.names[word.value], code_of)
    name = LICENCES.get(word.value, curie).removeprefix(_REGISTRY)
    return Markup('<a href="{}">{}</a>').format(word.value, name)
