"""IRIs and CURIEs: the way there and back, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from rescue_kg.errors import InputError, UnknownNameError
from rescue_kg.namespaces import BASE, KINDS, PREFIXES, contract, expand, is_iri, kind_of

SLUGS = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,20}[A-Za-z0-9_-])?", fullmatch=True)


@given(st.sampled_from(sorted(PREFIXES)), SLUGS)
def test_curie_round_trip(prefix: str, slug: str) -> None:
    curie = f"{prefix}:{slug}"
    assert contract(expand(curie)) == curie


@given(st.sampled_from(sorted(PREFIXES)), SLUGS)
def test_turtle_reads_a_curie_as_we_do(prefix: str, slug: str) -> None:
    turtle = f"@prefix {prefix}: <{PREFIXES[prefix]}> . {prefix}:{slug} <urn:p> <urn:o> ."
    [triple] = parse(turtle, format=RdfFormat.TURTLE)
    assert expand(f"{prefix}:{slug}") == triple.subject.value


@given(st.text(max_size=30))
def test_contract_gives_a_way_back_or_the_iri(local: str) -> None:
    iri = f"{BASE}intervention/{local}"
    short = contract(iri)
    assert short == iri or expand(short) == iri


@pytest.mark.parametrize(
    ("iri", "curie"),
    [
        (BASE + "intervention/ecmo", "intervention:ecmo"),
        (BASE + "offersRescue", "rescue:offersRescue"),
        ("http://www.w3.org/2004/02/skos/core#broader", "skos:broader"),
        (BASE + "intervention/a/b", BASE + "intervention/a/b"),
        (BASE + "intervention/", BASE + "intervention/"),
        (BASE + "intervention/a(b)", BASE + "intervention/a(b)"),
        (BASE + "intervention/trailing.", BASE + "intervention/trailing."),
        ("http://example.org/x", "http://example.org/x"),
    ],
)
def test_contract(iri: str, curie: str) -> None:
    assert contract(iri) == curie


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://w3id.org/rescue-kg/x", True),
        ("urn:uuid:1", True),
        ("intervention:ecmo", False),
        ("ecmo", False),
        ("http://a b", False),
        ("http://a>", False),
        ("", False),
    ],
)
def test_is_iri(text: str, *, found: bool) -> None:
    assert is_iri(text) is found


def test_a_full_iri_expands_to_itself() -> None:
    assert expand("http://example.org/x") == "http://example.org/x"


def test_unknown_prefix_offers_near_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown prefix 'interventions' .*did you mean intervention"):
        expand("interventions:ecmo")


@pytest.mark.parametrize("text", ["ecmo", "intervention:a b", "intervention:<x>", ""])
def test_what_is_no_curie_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected a CURIE"):
        expand(text)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_of_a_node(kind: str) -> None:
    assert kind_of(expand(f"{kind}:x")) == kind
    assert kind_of(BASE + "offersRescue") is None
