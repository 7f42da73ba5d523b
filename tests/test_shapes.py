"""Every shape can fail, fails where it should and only there, and covers what the graph holds.

`fixtures/shapes/<file of shapes/>/pass.ttl` is valid; `fail/<local name of a shape>.ttl` is the same with one
fault, which that shape and no other finds. Fixtures are held against their own shape file only.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import OWL, RDF, RDFS, SH, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import BNode, Node

from rescue_kg import resources
from rescue_kg.namespaces import BASE, PREFIXES, contract

FIXTURES = Path(__file__).parent / "fixtures" / "shapes"
SHAPE = PREFIXES["shape"]
FILES = {path.stem: path for path in resources.shape_files()}
FAILING = sorted(FIXTURES.glob("*/fail/*.ttl"))

#: The parts of SHACL Core that the shapes use: constraints, and what describes a shape.
CONSTRAINTS = {
    "class",
    "datatype",
    "languageIn",
    "lessThan",
    "lessThanOrEquals",
    "maxCount",
    "maxExclusive",
    "maxInclusive",
    "minCount",
    "minExclusive",
    "minInclusive",
    "minLength",
    "nodeKind",
    "not",
    "or",
    "pattern",
    "xone",
}
DESCRIPTIONS = {
    "defaultValue",
    "description",
    "message",
    "name",
    "order",
    "path",
    "property",
    "severity",
    "targetClass",
}


@cache
def ontology() -> Graph:
    return Graph().parse(resources.ontology_file())


@cache
def shapes(file: str) -> Graph:
    return Graph().parse(FILES[file])


@cache
def all_shapes() -> Graph:
    joined = Graph()
    for file in FILES:
        joined += shapes(file)
    return joined


@cache
def ancestors(kind: Node) -> frozenset[Node]:
    return frozenset(node for node in ontology().transitive_objects(kind, RDFS.subClassOf) if node)


@cache
def vocabulary(file: str) -> Graph:
    """Return the subclass axioms and the types of the fixed values that the file does not look at."""
    targets = set(shapes(file).objects(None, SH.targetClass))
    graph = Graph()
    for triple in ontology().triples((None, RDFS.subClassOf, None)):
        graph.add(triple)
    for value, kind in ontology().subject_objects(RDF.type):
        fixed = str(value).startswith(BASE) and "/" not in str(value).removeprefix(BASE)
        if fixed and str(kind).startswith(BASE) and kind not in targets:
            graph.add((value, RDF.type, kind))
    return graph


def validate(data: Graph, file: str) -> Graph:
    _, report, _ = pyshacl.validate(data + vocabulary(file), shacl_graph=shapes(file), inference="none")
    assert isinstance(report, Graph)
    return report


def sources(report: Graph) -> set[str]:
    return {str(shape).removeprefix(SHAPE) for shape in report.objects(None, SH.sourceShape)}


def local(node: Node) -> str:
    return str(node).removeprefix(SHAPE)


def is_constrained(graph: Graph, shape: Node) -> bool:
    return any((shape, SH[name], None) in graph for name in CONSTRAINTS)


def reporting(file: str) -> set[str]:
    """Return the shapes that a result can come from: those with a target, and their property shapes."""
    graph = shapes(file)
    found = set()
    for shape in graph.subjects(SH.targetClass, None):
        found |= {local(shape)} if is_constrained(graph, shape) else set()
        found |= {local(part) for part in graph.objects(shape, SH.property)}
    return found


@pytest.mark.parametrize("file", FILES)
def test_pass_fixture_passes(file: str) -> None:
    path = FIXTURES / file / "pass.ttl"
    assert path.exists(), f"shapes/{file}.ttl has no passing fixture: write {path}"
    assert sources(validate(Graph().parse(path), file)) == set()


@pytest.mark.parametrize("path", FAILING, ids=lambda path: path.stem)
def test_fail_fixture_fails_its_shape_only(path: Path) -> None:
    assert sources(validate(Graph().parse(path), path.parent.parent.name)) == {path.stem}


@pytest.mark.parametrize("file", FILES)
def test_every_shape_has_a_failing_fixture(file: str) -> None:
    there = {path.stem for path in (FIXTURES / file / "fail").glob("*.ttl")}
    missing = sorted(reporting(file) - there)
    assert not missing, (
        f"write {', '.join(str(FIXTURES / file / 'fail' / f'{name}.ttl') for name in missing)}"
    )


def test_every_fixture_has_a_shape() -> None:
    stray = [path for path in FAILING if path.stem not in reporting(path.parent.parent.name)]
    assert stray == []
    assert {path.name for path in FIXTURES.iterdir()} == set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_every_constraint_can_fail(file: str) -> None:
    # A fixture shows one constraint of a shape; here each one is broken, on a copy of a valid node.
    graph = shapes(file)
    valid = Graph().parse(FIXTURES / file / "pass.ttl")
    broken = Graph() + valid
    expected = set()
    for target, shape, path in targeted_properties(graph):
        foci = [node for node, kind in valid.subject_objects(RDF.type) if target & ancestors(kind)]
        focus = max(
            foci,
            key=lambda node: (
                (node, path, None) in valid,
                sum(1 for _ in valid.triples((node, None, None))),
                str(node),
            ),
        )
        for name in sorted(CONSTRAINTS):
            limit = graph.value(shape, SH[name])
            if limit is None:
                continue
            copy = URIRef(f"{BASE}broken/{local(shape)}-{name}")
            for _, predicate, value in valid.triples((focus, None, None)):
                broken.add((copy, predicate, value))
            break_constraint(broken, copy, path, name, limit)
            expected.add((copy, shape, SH[f"{name[0].upper()}{name[1:]}ConstraintComponent"]))
    report = validate(broken, file)
    found = {
        (report.value(node, SH.focusNode), report.value(node, SH.sourceShape), component)
        for node, component in report.subject_objects(SH.sourceConstraintComponent)
    }
    assert expected <= found, sorted(map(str, expected - found))


def targeted_properties(graph: Graph) -> Iterator[tuple[set[Node], Node, URIRef]]:
    for node in set(graph.subjects(SH.targetClass, None)):
        for shape in graph.objects(node, SH.property):
            path = graph.value(shape, SH.path)
            assert isinstance(path, URIRef)
            yield set(graph.objects(node, SH.targetClass)), shape, path


def break_constraint(graph: Graph, node: URIRef, path: URIRef, name: str, limit: Node) -> None:
    """Change the values of a node's property so that one constraint does not hold."""
    if name == "minCount":
        for value in sorted(graph.objects(node, path), key=str)[int(str(limit)) - 1 :]:
            graph.remove((node, path, value))
    elif name == "maxCount":
        for number in range(int(str(limit)) + 1):
            graph.add((node, path, Literal(number)))
    elif name in ("lessThan", "lessThanOrEquals"):
        (value,) = graph.objects(node, path)
        assert isinstance(value, Literal)
        graph.set((node, path, Literal("1000000", datatype=value.datatype)))
    elif name.endswith(("Inclusive", "Exclusive")):
        # The limit itself breaks an exclusive one; one step further breaks an inclusive one.
        step = 0 if name.endswith("Exclusive") else -1 if name.startswith("min") else 1
        graph.set((node, path, Literal(int(str(limit)) + step)))
    else:
        bad: dict[str, Node] = {
            "datatype": Literal("x", datatype=XSD.token),
            "languageIn": Literal("x", lang="de"),
            "minLength": Literal(""),
            "pattern": Literal("£ no"),
            "nodeKind": Literal("x"),
            "class": URIRef(f"{BASE}untyped"),
            "or": URIRef(f"{BASE}untyped"),
        }
        graph.set((node, path, bad[name]))


@pytest.mark.parametrize(
    "shape", sorted(all_shapes().subjects(RDF.type, SH.PropertyShape), key=str), ids=local
)
def test_property_shape_is_described(shape: Node) -> None:
    graph = all_shapes()
    assert isinstance(shape, URIRef)
    assert str(shape).startswith(SHAPE)
    assert isinstance(graph.value(shape, SH.path), URIRef)
    for predicate in (SH.name, SH.description, SH.message):
        (text,) = graph.objects(shape, predicate)
        assert isinstance(text, Literal)
        assert text.language == "en"
        assert str(text).strip()
    (order,) = graph.objects(shape, SH.order)
    assert isinstance(order, Literal)
    assert isinstance(order.toPython(), int)
    (severity,) = graph.objects(shape, SH.severity)
    assert severity in (SH.Violation, SH.Warning, SH.Info)
    assert is_constrained(graph, shape)


@pytest.mark.parametrize("shape", sorted(all_shapes().subjects(RDF.type, SH.NodeShape), key=str), ids=local)
def test_node_shape_is_described(shape: Node) -> None:
    graph = all_shapes()
    assert str(shape).startswith(SHAPE)
    assert graph.value(shape, RDFS.label)
    assert graph.value(shape, RDFS.comment)
    parts = list(graph.objects(shape, SH.property))
    assert all((part, RDF.type, SH.PropertyShape) in graph for part in parts)
    for predicate in (SH.order, SH.name, SH.path):
        values = [graph.value(part, predicate) for part in parts]
        assert len(set(values)) == len(values), f"{local(shape)}: two property shapes with one {predicate}"
    if (shape, SH.targetClass, None) in graph and is_constrained(graph, shape):
        assert graph.value(shape, SH.message)
        assert graph.value(shape, SH.severity)


def test_no_shape_is_unnamed_or_written_twice() -> None:
    described = {shape for file in FILES for shape in shapes(file).subjects(RDF.type, None)}
    assert sum(len(set(shapes(file).subjects(RDF.type, None))) for file in FILES) == len(described)
    assert not any(isinstance(shape, BNode) for shape in described)
    reached = {part for part in all_shapes().objects(None, SH.property) if isinstance(part, URIRef)}
    assert reached == set(all_shapes().subjects(RDF.type, SH.PropertyShape))


@pytest.mark.slow
def test_shapes_are_shacl_core() -> None:
    used = {str(p).removeprefix(str(SH)) for p in all_shapes().predicates() if str(p).startswith(str(SH))}
    assert used <= CONSTRAINTS | DESCRIPTIONS
    # The shapes that W3C gives for shapes themselves.
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=all_shapes(), meta_shacl=True)
    assert conforms, text


def covered() -> dict[Node, set[Node]]:
    """Return class -> the properties that the shapes of this class have a property shape for."""
    graph = all_shapes()
    found: dict[Node, set[Node]] = {}
    for node, target in graph.subject_objects(SH.targetClass):
        paths = {graph.value(shape, SH.path) for shape in graph.objects(node, SH.property)}
        found.setdefault(target, set()).update(path for path in paths if path is not None)
    return found


def test_every_property_of_a_node_is_covered_by_its_kind() -> None:
    graph, paths = ontology(), covered()
    missing = set()
    for node in graph.subjects(RDF.type, OWL.NamedIndividual):
        known = {RDF.type}.union(
            *(paths.get(kind, set()) for own in graph.objects(node, RDF.type) for kind in ancestors(own))
        )
        kinds = "/".join(sorted(contract(str(kind)) for kind in graph.objects(node, RDF.type)))
        missing |= {(kinds, contract(str(path))) for path in graph.predicates(node) if path not in known}
    assert not missing, f"write a property shape for each of {sorted(missing)}"


def test_every_property_with_a_domain_is_covered() -> None:
    # Properties without a domain are the inferred ones and the inverses, which nobody writes.
    declared = {path for path in ontology().subjects(RDFS.domain, None) if str(path).startswith(BASE)}
    missing = declared - set().union(*covered().values())
    assert not missing, f"write a property shape for each of {sorted(map(str, missing))}"


def test_every_class_of_nodes_is_looked_at() -> None:
    targets = set(all_shapes().objects(None, SH.targetClass))
    kinds = {
        kind
        for node in ontology().subjects(RDF.type, OWL.NamedIndividual)
        for kind in ontology().objects(node, RDF.type)
        if kind != OWL.NamedIndividual
    }
    # What a rescue intervention is, a check says: it follows from the claims.
    unseen = {kind for kind in kinds if not targets & ancestors(kind)} - {URIRef(f"{BASE}RescueIntervention")}
    assert not unseen, f"write a node shape for each of {sorted(map(str, unseen))}"
    assert SKOS.Concept not in targets
