"""What the report says, gathered from a graph: everything that the page then only has to lay out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Iri
from rescue_kg.report.asking import Asked, ask_all
from rescue_kg.report.citations import counted, looked_for
from rescue_kg.report.claims import Claim, Group, Study, claims_of, grouped, studies_of
from rescue_kg.report.facts import Facts
from rescue_kg.report.heatmap import HeatMap, heat_map
from rescue_kg.report.pathways import Pathway, pathways_of
from rescue_kg.report.picture import draw, source_line

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.validation import CheckResult, Report

__all__ = ["HEADLINES", "Contents", "ShapeLine", "Source", "gather"]

#: Questions whose answers stand at the top, with what a reader should know to read them.
HEADLINES: Final = {
    "recurring-interventions": (
        "Conditions are counted, not claims. “With its kinds” also counts what is said of a kind of the "
        "intervention; a condition never counts beside one of its own kinds."
    ),
    "dual-role-interventions": (
        "Offered as rescue in one state and named as failed in another. Neither says that the therapy works "
        "or does not."
    ),
    "failed-therapies": (
        "What had failed before the rescue is offered. A therapy that the source does not name is recorded "
        "as unnamed, never guessed."
    ),
    "unspecified-failures": "Where the source does not say which therapy had failed, or how.",
    "wording-drift": (
        "The same claim, worded more or less firmly from one section to the next one that makes it. Firmness "
        "is a property of the words, not of the evidence."
    ),
    "lost-refractory-qualifier": (
        "The same claim, no longer or less clearly limited to patients in whom a therapy had failed."
    ),
}


@dataclass(frozen=True)
class ShapeLine:
    """One node shape: how many nodes it looked at, and how many findings it has by severity."""

    shape: Iri
    examined: int
    found: dict[str, int]


@dataclass(frozen=True)
class Source:
    """A text whose claims are recorded, for the attribution."""

    citation: str
    doi: str
    licence: str


@dataclass(frozen=True)
class Contents:
    """All that the report shows.

    `failures` is empty where every check passed and had something to look at.
    """

    title: str
    description: str
    version: str
    licence: str
    sources: tuple[Source, ...]
    facts: Facts
    validation: Report
    shapes: tuple[ShapeLine, ...]
    failures: tuple[str, ...]
    asked: tuple[Asked, ...]
    claims: tuple[Claim, ...]
    groups: tuple[Group, ...]
    studies: tuple[Study, ...]
    paths: tuple[Pathway, ...]
    map: HeatMap
    picture: str

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """The check queries with what they found."""
        return self.validation.checks

    @property
    def sections(self) -> list[str]:
        """The sections of the text that claims stand in, in its order."""
        places = sorted((place.start, place.section) for claim in self.claims for place in claim.places)
        return list(dict.fromkeys(section for _, section in places))

    @property
    def headlines(self) -> list[tuple[Asked, str]]:
        """The headline answers with their explanations, as far as the catalogue has them."""
        by_name = {asked.question.name: asked for asked in self.asked}
        return [(by_name[name], text) for name, text in HEADLINES.items() if name in by_name]

    @property
    def offered(self) -> int:
        """The number of interventions that a claim offers as rescue."""
        return len({offer.therapy.iri for path in self.paths for offer in path.offers})

    @property
    def places(self) -> int:
        """The number of places in the text where claims stand, each counted for each claim."""
        return sum(len(claim.places) for claim in self.claims)

    @property
    def findings(self) -> list[tuple[Iri, str, str]]:
        """The findings of studies: node, label, and the studies that state it. No claim rests on them."""
        told = self.facts
        return [
            (iri, told.label(iri), "; ".join(told.labels(told.nodes(iri, "rescue:statedBy"))))
            for iri in told.instances("rescue:Finding")
        ]

    @property
    def single_centre(self) -> list[Claim]:
        """The claims that cite something, and nothing but single-centre experience."""
        single = {study.iri for study in self.studies if study.single_centre}
        return [
            claim for claim in self.claims if claim.cites and {study.iri for study in claim.cites} <= single
        ]

    def status_of(self, study: str) -> str:
        """Return what is known about a citation."""
        return next((one.status for one in self.studies if one.iri == study), "no status")

    @property
    def verdicts(self) -> str:
        """How many of the references have which verdict of their latest check, in words."""
        return counted(self.facts, [study.iri for study in self.studies])

    @property
    def looked_for(self) -> str:
        """When and how the references were looked for, in words; empty where nobody did."""
        return looked_for(self.facts, [study.iri for study in self.studies])


def gather(graph: RescueGraph) -> Contents:
    """Return the contents of the report on a graph: validates it, asks every question, draws the picture.

    Raises ParseError for a shape, check or question that cannot be read.
    """
    validation = graph.validate()
    facts = Facts(graph)
    claims = claims_of(facts)
    paths = pathways_of(facts, claims)
    ontology = next(iter(facts.instances("owl:Ontology")), "")
    shapes = _shapes(validation)
    return Contents(
        title=facts.text(ontology, "dcterms:title") or "rescue-kg",
        description=facts.text(ontology, "dcterms:description"),
        version=facts.text(ontology, "owl:versionInfo"),
        licence=facts.text(ontology, "dcterms:license"),
        sources=tuple(_sources(facts, claims)),
        facts=facts,
        validation=validation,
        shapes=shapes,
        failures=tuple(_failures(validation, facts)),
        asked=tuple(ask_all(graph)),
        claims=tuple(claims),
        groups=tuple(grouped(facts, claims)),
        studies=tuple(studies_of(facts, claims)),
        paths=tuple(paths),
        map=heat_map(paths),
        picture=draw(paths, source_line(facts)),
    )


def _sources(facts: Facts, claims: list[Claim]) -> list[Source]:
    stating = {node for claim in claims for node in facts.nodes(claim.iri, "rescue:statedBy")}
    return [
        Source(
            citation=facts.text(iri, "dcterms:bibliographicCitation") or facts.label(iri),
            doi=facts.text(iri, "bibo:doi"),
            licence=facts.text(iri, "dcterms:license"),
        )
        for iri in sorted(stating)
    ]


def _shapes(validation: Report) -> tuple[ShapeLine, ...]:
    """Return one line for each node shape; a property shape belongs to the node shape it is named after."""
    found: dict[str, dict[str, int]] = {shape: {} for shape in validation.focus_nodes}
    for result in validation.results:
        owner = str(result.shape)
        while owner not in found and "-" in owner.rpartition("/")[2]:
            owner = owner.rpartition("-")[0]
        counts = found.setdefault(owner if owner in found else str(result.shape), {})
        counts[result.severity] = counts.get(result.severity, 0) + 1
    return tuple(
        ShapeLine(Iri(shape), validation.focus_nodes.get(Iri(shape), 0), counts)
        for shape, counts in sorted(found.items())
    )


def _failures(validation: Report, facts: Facts) -> list[str]:
    """Return in words why the report as a whole fails."""
    errors = validation.counts["error"]
    lines = [f"{errors} {'error was' if errors == 1 else 'errors were'} found"] if errors else []
    lines += [f"{name} looked at nothing" for name in validation.empty]
    if not validation.focus_nodes:
        lines.append("there was no shape with a target")
    if not validation.checks:
        lines.append("there was no check")
    if not facts.inferred:
        lines.append("nothing was inferred: the closure is missing")
    if not validation.ok and not lines:
        lines.append("the validation failed")
    return lines
