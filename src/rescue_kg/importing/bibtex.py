"""BibTeX and BibLaTeX entries, split by bibtexparser, their LaTeX decoded by pylatexenc."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import NotAvailableError
from rescue_kg.importing import values
from rescue_kg.importing.records import Fault, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bibtexparser.model import Block, Entry

    from rescue_kg.importing.records import Creator
    from rescue_kg.importing.sources import Source

__all__ = ["records"]

#: The fields that are read.
_READ: Final = frozenset(
    (
        *(
            "author",
            "title",
            "subtitle",
            "journal",
            "journaltitle",
            "year",
            "date",
            "volume",
            "number",
            "issue",
        ),
        *("pages", "eid", "doi", "pmid", "url", "eprint", "eprinttype", "archiveprefix"),
    )
)
# Both libraries log what is reported here anyway, and without a handler Python prints it.
_QUIET: Final = logging.NullHandler()
_LATEX: Final = re.compile(r"[\\{}$~%&`?!<>^_#]|''|--")
#: What the decoder does not know: switches of type before a text, which stays, and signs.
_SWITCHES: Final = (
    *("bf", "boldmath", "em", "it", "protect", "rm", "sc", "sf", "sl", "tt", "-"),
    *("fbox", "textsubscript", "textsuperscript"),
)
_SIGNS: Final = {"slash": "/", "textgreater": ">", "textless": "<"}
_DEGREE: Final = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))")
_UNESCAPED: Final = re.compile(r"(?<!\\)([%&])")
_DOLLAR: Final = re.compile(r"(?<!\\)\$")
_ESCAPE: Final = re.compile(r"\\([_%&#$~{}])(?:\{\})?")
_OTHERS: Final = re.compile(r"\s+and\s+others\s*$", re.IGNORECASE)
_URL: Final = re.compile(r"\\url\s*\{(.*)\}", re.DOTALL)


def records(source: Source) -> Iterator[Record | Fault]:
    """Yield the entries of a BibTeX file; raises NotAvailableError without bibtexparser, InputError."""
    try:
        from bibtexparser.entrypoint import parse_string
        from bibtexparser.library import Library
        from bibtexparser.middlewares import ResolveStringReferencesMiddleware
        from bibtexparser.middlewares.enclosing import RemoveEnclosingMiddleware
        from bibtexparser.model import DuplicateBlockKeyBlock, Entry, ParsingFailedBlock
    except ImportError as error:
        raise NotAvailableError("bibtexparser is not installed: pip install 'rescue-kg[import]'") from error
    for name in ("bibtexparser", "pylatexenc"):
        logging.getLogger(name).addHandler(_QUIET)
    decode = _decoder()
    split = parse_string(source.text(), parse_stack=[])
    library = Library([_mended(block) for block in split.blocks], fail_on_duplicate_key=False)
    for middleware in (ResolveStringReferencesMiddleware(), RemoveEnclosingMiddleware()):
        library = middleware.transform(library)
    number = 0
    for block in library.blocks:
        if isinstance(block, Entry):
            number += 1
            yield _Reading(block, decode).record(f"entry {number} ({block.key})")
        elif isinstance(block, ParsingFailedBlock):
            number += 1
            where = f"entry {number}, line {(block.start_line or 0) + 1}"
            reason = getattr(block.error, "abort_reason", str(block.error).partition(". Note")[0])
            if isinstance(block, DuplicateBlockKeyBlock):
                yield Fault(where, f"the key {block.key!r} of an earlier entry", "each key once")
            else:
                yield Fault(
                    where, f"a broken entry ({reason.rstrip('. ')})", "@type{key, field = {value}, ...}"
                )


def _decoder() -> Callable[[str], str]:
    """Return what makes text of LaTeX; what it does not know stays, where by default it would go."""
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    context = get_default_latex_context_db()
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_unknown))
    known = dict.fromkeys(_SWITCHES, "") | _SIGNS
    specs = [MacroTextSpec(name, simplify_repl=text) for name, text in known.items()]
    context.add_context_category("rescue-kg", specs, prepend=True)
    decode: Callable[[str], str] = LatexNodes2Text(math_mode="text", latex_context=context).latex_to_text
    return decode


def _unknown(node: Any, l2tobj: Any) -> str:
    """Return the arguments of a macro that is known to have some (a box, a superscript), else its name."""
    arguments = [argument for argument in (node.nodeargd.argnlist or ()) if argument is not None]
    return str(l2tobj.nodelist_to_text(arguments)) if arguments else f"\\{node.macroname} "


def _mended(block: Block) -> Block:
    """Return the entry without the repeats of fields that are not read anyway."""
    from bibtexparser.model import DuplicateFieldKeyBlock, Entry

    if not isinstance(block, DuplicateFieldKeyBlock) or not isinstance(block.ignore_error_block, Entry):
        return block
    if any(key.lower() in _READ for key in block.duplicate_keys):
        return block
    entry = block.ignore_error_block
    entry.fields = list({field.key: field for field in reversed(entry.fields)}.values())[::-1]
    return entry


class _Reading:
    """One entry being read; what cannot be told is noted, and is empty."""

    def __init__(self, entry: Entry, decode: Callable[[str], str]) -> None:
        self._decode = decode
        self._doubts: list[tuple[str, str]] = []
        self._fields: dict[str, str] = {}
        for field in entry.fields:
            name, text = field.key.lower(), str(field.value)
            if name in _READ and field.enclosing == "no-enclosing":
                found = f"{name} = {values.plain(text)[:80]}"
                self._doubts.append((found, "a text in braces or quotes, or the name of one @string"))
            elif text.strip():
                self._fields.setdefault(name, text)

    def record(self, where: str) -> Record:
        title, subtitle = self._text("title"), self._text("subtitle")
        listed = self._raw("author")
        authors = _OTHERS.sub("", listed)
        archive = self._raw("eprinttype", "archiveprefix").strip().lower()
        return Record(
            entry=where,
            # BibLaTeX prints the two with a colon between them, unless the title ends in a mark of its own.
            title=f"{title}{'' if title[-1] in '.:?!' else ':'} {subtitle}" if title and subtitle else title,
            creators=tuple(self._creators(authors)),
            others=authors != listed,
            year=self._text("year", "date"),
            journal=self._text("journal", "journaltitle"),
            volume=self._text("volume"),
            issue=self._text("number", "issue"),
            pages=self._text("pages", "eid"),
            doi=_verbatim(self._raw("doi")),
            pmid=_verbatim(self._raw("pmid") or (self._raw("eprint") if archive == "pubmed" else "")),
            link=_verbatim(self._raw("url")),
            doubts=tuple(self._doubts),
        )

    def _raw(self, *names: str) -> str:
        return next((self._fields[name] for name in names if name in self._fields), "")

    def _text(self, *names: str) -> str:
        return self._plain(self._raw(*names))

    def _plain(self, text: str) -> str:
        r"""Return the text that LaTeX source sets: accents, symbols, no braces.

        BibTeX files in the wild hold bare `%`, `&` and single `$`, which to LaTeX begin a comment, a cell and
        a formula; they are taken for the signs themselves.
        """
        if not _LATEX.search(text):
            return values.plain(text)
        source = _DEGREE.sub(r"\\textdegree ", _UNESCAPED.sub(r"\\\1", text))
        if len(_DOLLAR.findall(source)) % 2:
            source = _DOLLAR.sub(r"\\$", source)
        try:
            return values.plain(self._decode(source))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            # The decoder has no error of its own for macros without their arguments and the like.
            found = f"LaTeX that cannot be read ({values.plain(text)[:80]!r})"
            self._doubts.append((found, "a text with balanced braces and complete macros"))
            return ""

    def _creators(self, text: str) -> Iterator[Creator]:
        from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names

        for name in split_multiple_persons_names(text):
            parts = parse_single_name_into_parts(name, strict=False)
            first, von, last, suffix = (
                self._plain(" ".join(words)) for words in (parts.first, parts.von, parts.last, parts.jr)
            )
            creator = values.creator(f"{von} {last}", [first], [suffix])
            if creator:
                yield creator


def _verbatim(text: str) -> str:
    """Return a DOI, number or address: TeX escapes undone, nothing else."""
    wrapped = _URL.search(text)
    return _ESCAPE.sub(r"\1", wrapped[1] if wrapped else text).strip("{} \n\t")
