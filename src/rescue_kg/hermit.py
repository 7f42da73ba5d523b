"""The process that runs HermiT through owlready2: started by `reasoning`, never imported by it.

`python -m rescue_kg.hermit FOLDER JAVA` reads `asserted.nt` in the folder, writes `inferred.nt` (what
HermiT adds to it), and then `outcome.json`. A process of its own keeps owlready2's global settings and its
output away from the user, and can be stopped together with the Java process below it.
"""

import json
import sys
from pathlib import Path

import owlready2

__all__ = ["main"]

# The name that owlready2 gives to the ontology that it writes inferences to.
_INFERENCES = "http://inferrences/"


def main(folder: str, java: str) -> None:
    """Reason over `asserted.nt` and write what came of it: consistent, inconsistent, or what went wrong."""
    place = Path(folder)
    owlready2.JAVA_EXE = java
    world = owlready2.World()
    outcome = {"outcome": "consistent", "reason": ""}
    try:
        with (place / "asserted.nt").open("rb") as stream:
            world.get_ontology("urn:x-rescue-kg:asserted#").load(fileobj=stream)
        # No inference depends on a datatype, and HermiT stops at one that it does not know, such as xsd:date.
        owlready2.sync_reasoner_hermit(
            world, infer_property_values=True, debug=0, ignore_unsupported_datatypes=True
        )
        world.get_ontology(_INFERENCES).save(str(place / "inferred.nt"), format="ntriples")
    except owlready2.OwlReadyInconsistentOntologyError:
        outcome["outcome"] = "inconsistent"
    except owlready2.OwlReadyOntologyParsingError as error:
        # The statements are N-Triples as they should be, so it is a value that Python cannot read.
        outcome = {"outcome": "unreadable", "reason": str(error.__cause__ or error)}
    except owlready2.OwlReadyJavaError as error:
        outcome = {"outcome": "failed", "reason": str(error)}
    (place / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
