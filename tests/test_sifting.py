"""What shapes surely find is what pySHACL finds, and nodes that pySHACL finds wrong are never sifted out."""

from collections import Counter, defaultdict

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from rescue_kg import fast_shacl, shacl
from rescue_kg.certainty import Judge, Seen, seen
from rescue_kg.cutting import Stated
from rescue_kg.namespaces import BASE, ONTOLOGY_GRAPH, PREFIXES
from rescue_kg.shape_plan import plan
from rescue_kg.sifting import suspects
from rescue_kg.store import Store
from test_fast_validation import TYPE, VALUES, packaged, packaged_shapes, spoiled

KIND, OTHER, BELOW, PATH = (NamedNode(f"urn:{name}") for name in ("kind", "other", "below", "path"))
GRAPH = NamedNode(ONTOLOGY_GRAPH)
TYPES = ("integer", "decimal", "string", "boolean", "date", "dateTime", "gYear", "anyURI", "double")
#: What a property shape may ask of values, and a node shape of a node.
ASKED = [
    *(f"sh:datatype xsd:{name}" for name in TYPES),
    *("sh:datatype rdf:langString", "sh:datatype <urn:datatype>", "sh:datatype rdfs:Literal"),
    *(f"sh:nodeKind sh:{name}" for name in ("IRI", "BlankNode", "Literal", "BlankNodeOrIRI")),
    *(f"sh:nodeKind sh:{name}" for name in ("BlankNodeOrLiteral", "IRIOrLiteral")),
    *("sh:class <urn:other>", "sh:class <urn:kind>", "sh:class <urn:none>"),
    *('sh:languageIn ( "en" )', 'sh:languageIn ( "de" "fr" )', 'sh:languageIn ( "en-GB" )'),
    *("sh:minLength 0", "sh:minLength 1", "sh:minLength 2", "sh:minLength 5"),
    *('sh:pattern "^x$"', 'sh:pattern "^[0-9]+$"', 'sh:pattern "^https?:"', 'sh:pattern "^urn:"'),
    *("sh:minCount 1", "sh:maxCount 0", "sh:maxCount 1", "sh:minCount 2", "sh:minCount 1 ; sh:maxCount 1"),
    "sh:or ( [ sh:datatype xsd:integer ] [ sh:class <urn:other> ] )",
    "sh:xone ( [ sh:nodeKind sh:IRI ] [ sh:class <urn:other> ] )",
    'sh:xone ( [ sh:datatype xsd:string ] [ sh:pattern "x" ] [ sh:nodeKind sh:IRI ] )',
    "sh:not [ sh:nodeKind sh:IRI ]",
    "sh:not [ sh:datatype xsd:string ; sh:minLength 1 ]",
    'sh:not [ sh:or ( [ sh:pattern "a" ] [ sh:class <urn:kind> ] ) ]',
    *(f"sh:datatype xsd:integer ; sh:{name} 1" for name in ("minInclusive", "minExclusive")),
    *(f"sh:datatype xsd:decimal ; sh:{name} 1.5" for name in ("maxInclusive", "maxExclusive")),
]
OF_NODES = [
    'sh:pattern "1$"',
    "sh:nodeKind sh:IRI",
    "sh:not [ sh:nodeKind sh:BlankNode ]",
    "sh:class <urn:other>",
    "sh:xone ( [ sh:property [ sh:path <urn:path> ; sh:minCount 1 ] ] [ sh:class <urn:other> ] )",
    "sh:or ( [ sh:property [ sh:path <urn:path> ; sh:maxCount 1 ] ] [ sh:minLength 11 ] )",
    "sh:not [ sh:property [ sh:path <urn:path> ; sh:minCount 1 ; sh:datatype xsd:string ] ]",
]


def shapes() -> Store:
    prefixes = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in ("rdf", "rdfs", "sh", "xsd"))
    every = [
        f"sh:property <urn:shape:{n}:values> . <urn:shape:{n}:values> sh:path <urn:path> ; {asked}"
        for n, asked in enumerate(ASKED)
    ] + OF_NODES
    store = Store()
    store.load_file(
        (
            prefixes
            + "".join(
                f"<urn:shape:{n}> a sh:NodeShape ; sh:targetClass <urn:kind> ; {asked} .\n"
                for n, asked in enumerate(every)
            )
        ).encode(),
        graph=ONTOLOGY_GRAPH,
    )
    return store


def data() -> Store:
    """Return nodes with none, each, and two of the values, some of another class too."""
    values = [*VALUES, NamedNode("urn:node:1"), NamedNode("urn:value:1"), BlankNode("v"), Literal("a\tb\\c")]
    several = [[], *([value] for value in values), *zip(values[::3], values[7::3], strict=False)]
    store = Store()
    below = NamedNode(PREFIXES["rdfs"] + "subClassOf")
    store.native.add(Quad(BELOW, below, OTHER, GRAPH))
    for typed in (NamedNode("urn:value:1"), BlankNode("v"), NamedNode("urn:node:5")):
        store.native.add(Quad(typed, TYPE, BELOW, GRAPH))
    for number, own in enumerate(several):
        node = NamedNode(f"urn:node:{number}") if number % 9 else BlankNode(f"b{number}")
        store.native.add(Quad(node, TYPE, KIND, GRAPH))
        store.native.extend(Quad(node, PATH, value, GRAPH) for value in own)
    return store


def test_what_is_sure_is_so() -> None:
    store, asked = data(), shapes()
    stated = Stated(store)
    wrong = {
        (str(result.focus), result.shape.removesuffix(":values")) for result in shacl.results(store, asked)
    }

    def types(node: str) -> set[str]:
        term = BlankNode(node[2:]) if node.startswith("_") else NamedNode(node[1:-1])
        return {str(quad.object) for quad in stated.quads(term, TYPE)}

    # Blank nodes have other names in a report.
    nodes = {quad.subject for quad in store.quads() if isinstance(quad.subject, NamedNode)}
    targeted = {node for node in nodes if str(KIND) in types(str(node))}
    right_and_sure = Counter[bool]()
    for number in range(len(ASKED) + len(OF_NODES)):
        shape = NamedNode(f"urn:shape:{number}")
        judge = Judge(asked, {KIND: [shape]}, stated.below)
        for node in targeted:
            values = defaultdict(list)
            for path in judge.paths:
                for quad in stated.quads(node, NamedNode(path[1:-1])):
                    values[path].append(judge.finds(path, seen(str(quad.object), types)))
            sure = judge.conforms(Seen("<", node.value, types=types(str(node)), values=values))
            right = (node.value, shape.value) not in wrong
            assert sure in (None, right), (shape, node, stated.about(node))
            if right:
                right_and_sure[sure is True] += 1
    # Most that is right is known to be, though few of these values are plain.
    assert right_and_sure[True] > 2 * right_and_sure[False]


def test_few_but_the_wrong_are_suspects() -> None:
    store = spoiled(7, 0.005)
    stated = Stated(store)
    how = plan(packaged_shapes(), stated.below)
    every = set(stated.instances(how.marks))
    found = list(suspects(stated, how))
    assert len(found) == len(set(found))
    assert set(found) == set(suspects(stated, how, room=100))
    by_engine = fast_shacl.results(stated, packaged_shapes(), nodes=every, anew=Counter())
    wrong = {result.focus for result in by_engine}
    assert wrong <= {node.value for node in found if isinstance(node, NamedNode)}
    assert len(wrong) <= len(found) < 1.2 * len(wrong)


def test_what_is_stated_in_several_graphs_counts_together() -> None:
    store = packaged()
    study = next(store.native.quads_for_pattern(None, TYPE, NamedNode(BASE + "Study"), None)).subject
    title = NamedNode(PREFIXES["dcterms"] + "title")
    stated = Stated(store)
    how = plan(packaged_shapes(), stated.below)
    assert study not in set(suspects(stated, how))
    store.native.add(Quad(study, title, Literal("another"), NamedNode("urn:elsewhere")))
    store.native.add(Quad(study, title, Literal("inferred"), NamedNode("urn:elsewhere/inferred")))
    stated = Stated(store)
    assert study in set(suspects(stated, how)) & set(suspects(stated, how, room=10))


@pytest.mark.parametrize(
    ("low", "high", "suspect"),
    [("1", "2", False), ("2.0", "2.0", False), ("10", "9", True), ("2", "x", True)],
)
def test_properties_that_are_compared(low: str, high: str, suspect: bool) -> None:
    shape = """
        @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <urn:shape> a sh:NodeShape ; sh:targetClass <urn:kind> ; sh:property <urn:low> , <urn:high> .
        <urn:low> sh:path <urn:l> ; sh:datatype xsd:decimal ; sh:lessThanOrEquals <urn:h> .
        <urn:high> sh:path <urn:h> ; sh:datatype xsd:decimal .
    """
    asked, store = Store(), Store()
    asked.load_file(shape.encode(), graph=ONTOLOGY_GRAPH)
    decimal = "<http://www.w3.org/2001/XMLSchema#decimal>"
    text = f'<urn:n> a <urn:kind> ; <urn:l> "{low}"^^{decimal} ; <urn:h> "{high}"^^{decimal} .'
    store.load_file(text.encode(), graph=ONTOLOGY_GRAPH)
    stated = Stated(store)
    how = plan(asked, stated.below)
    assert not len(how.whole)
    assert list(suspects(stated, how)) == ([NamedNode("urn:n")] if suspect else [])


def test_a_class_without_a_name_is_below_a_target_too() -> None:
    asked, store = Store(), Store()
    asked.load_file(
        b"""
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        <urn:shape> a sh:NodeShape ; sh:targetClass <urn:kind> ; sh:property <urn:least> .
        <urn:least> sh:path <urn:path> ; sh:minCount 1 ; sh:message "none" .
        """,
        graph=ONTOLOGY_GRAPH,
    )
    store.load_file(
        b"""
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        <urn:n> a _:below . _:below rdfs:subClassOf <urn:kind> .
        """,
        graph=ONTOLOGY_GRAPH,
    )
    expected = shacl.results(store, asked)
    assert len(expected) == 1
    assert list(fast_shacl.results(Stated(store), asked, anew=Counter())) == expected
