import java.io.File;
import java.io.FileOutputStream;
import java.io.OutputStream;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.formats.TurtleDocumentFormat;
import org.semanticweb.owlapi.model.OWLDocumentFormat;
import org.semanticweb.owlapi.model.OWLOntology;

/** Loads the first file with the OWL API and saves it to the second as Turtle, as Protege does. */
public final class OwlSave {
    private OwlSave() {}

    public static void main(String[] files) throws Exception {
        OWLOntology ontology =
            OWLManager.createOWLOntologyManager().loadOntologyFromOntologyDocument(new File(files[0]));
        TurtleDocumentFormat turtle = new TurtleDocumentFormat();
        OWLDocumentFormat before = ontology.getNonnullFormat();
        if (before.isPrefixOWLDocumentFormat()) {
            turtle.copyPrefixesFrom(before.asPrefixOWLDocumentFormat());
        }
        try (OutputStream out = new FileOutputStream(files[1])) {
            ontology.getOWLOntologyManager().saveOntology(ontology, turtle, out);
        }
    }
}
