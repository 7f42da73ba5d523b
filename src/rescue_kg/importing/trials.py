"""Registrations of ClinicalTrials.gov, in the JSON of its API, version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError
from rescue_kg.importing import values
from rescue_kg.importing.records import DESIGN_NOT_STATED, Fault, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.importing.sources import Source

__all__ = ["records"]

#: The secondary identifiers that are those of a register of trials.
_REGISTERED: Final = ("EUDRACT_NUMBER", "CTIS", "REGISTRY")
#: Designs that allocation and model of an interventional study say without doubt. A trial cannot randomize
#: within a single group, so that pair is not among them.
_DESIGNS: Final = {
    ("RANDOMIZED", "PARALLEL"): "randomized-controlled-trial",
    ("RANDOMIZED", "CROSSOVER"): "randomized-controlled-trial",
    ("RANDOMIZED", "FACTORIAL"): "randomized-controlled-trial",
    ("RANDOMIZED", "SEQUENTIAL"): "randomized-controlled-trial",
    ("RANDOMIZED", ""): "randomized-controlled-trial",
    ("NA", "SINGLE_GROUP"): "single-arm-trial",
}


def records(source: Source) -> Iterator[Record | Fault]:
    """Yield the studies of a page of the API, of an array, or the one study; raises InputError, ParseError.

    Fields: https://clinicaltrials.gov/data-api/about-api/study-data-structure
    """
    data = source.json()
    if isinstance(data, dict):
        data = data["studies"] if isinstance(data.get("studies"), list) else [data]
    if not isinstance(data, list):
        raise InputError(f"{source.name}: found neither an array nor an object, expected studies")
    for number, study in enumerate(data, 1):
        yield _record(study, f"study {number}")


def _record(study: object, where: str) -> Record | Fault:
    protocol = _part(study, "protocolSection")
    if not protocol:
        return Fault(where, "no protocolSection", "a study of the ClinicalTrials.gov API, version 2")
    names = _part(protocol, "identificationModule")
    design = _part(protocol, "designModule")
    given = _text(names, "nctId")
    number = values.nct(given)
    if number is None:
        found = f"the nctId {given[:80]!r}" if given else "no nctId"
        return Fault(where, found, "NCT and eight digits")
    others = [
        _text(other, "id")
        for other in _list(names, "secondaryIdInfos")
        if _text(other, "type") in _REGISTERED
    ]
    acronym = _text(names, "acronym")
    arms = _part(protocol, "armsInterventionsModule")
    conditions = _list(_part(protocol, "conditionsModule"), "conditions")
    return Record(
        entry=f"{where} ({number})",
        title=_text(names, "officialTitle") or _text(names, "briefTitle"),
        name=acronym or number,
        alt_label=number if acronym else "",
        registration=number,
        registry_ids=(number, *others),
        design=_design(design),
        participants=_participants(_part(design, "enrollmentInfo")),
        conditions=tuple(text for text in conditions if isinstance(text, str)),
        interventions=tuple(_text(arm, "name") for arm in _list(arms, "interventions")),
    )


def _design(module: dict[str, Any]) -> str:
    if _text(module, "studyType") != "INTERVENTIONAL":
        return DESIGN_NOT_STATED
    info = _part(module, "designInfo")
    return _DESIGNS.get((_text(info, "allocation"), _text(info, "interventionModel")), DESIGN_NOT_STATED)


def _participants(enrollment: dict[str, Any]) -> str:
    """Return the number of people that were enrolled; a number that is only planned is none."""
    count = enrollment.get("count")
    if _text(enrollment, "type") != "ACTUAL" or not isinstance(count, int) or isinstance(count, bool):
        return ""
    return str(count) if count > 0 else ""


def _part(value: object, name: str) -> dict[str, Any]:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _list(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _text(value: object, name: str) -> str:
    text = value.get(name) if isinstance(value, dict) else None
    return values.plain(text) if isinstance(text, str) else ""
