import java.io.File;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.Stream;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.io.RDFParserMetaData;
import org.semanticweb.owlapi.model.AxiomType;
import org.semanticweb.owlapi.model.MissingImportHandlingStrategy;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.model.OWLOntologyManager;
import org.semanticweb.owlapi.model.parameters.Imports;
import org.semanticweb.owlapi.profiles.OWL2DLProfile;

/**
 * Says what the OWL API, and so Protege, makes of each FILE, one "word TAB text" a line: file, format, warning
 * (of the parser), triple (left over), undeclared (entity), punned (IRI), violation (of OWL 2 DL), annotation
 * (of the ontology) and axiom. Exit status 1 when a file gives a warning, a left-over triple or an undeclared
 * entity, or cannot be loaded, as with a missing import.
 */
public final class OwlCheck {
    private static boolean faults = false;

    private OwlCheck() {}

    public static void main(String[] files) {
        Logger log = Logger.getLogger("");
        for (Handler handler : log.getHandlers()) {
            log.removeHandler(handler);
        }
        log.addHandler(new Warnings());
        for (String file : files) {
            say("file", file);
            try {
                check(new File(file));
            } catch (Exception error) {
                fault("failure", error.getClass().getSimpleName() + ": " + error.getMessage());
            }
        }
        System.exit(faults ? 1 : 0);
    }

    private static void check(File file) throws Exception {
        // A manager of its own, so that no file helps another to its declarations.
        OWLOntologyManager manager = OWLManager.createOWLOntologyManager();
        manager.getOntologyConfigurator()
            .setMissingImportHandlingStrategy(MissingImportHandlingStrategy.THROW_EXCEPTION);
        OWLOntology ontology = manager.loadOntologyFromOntologyDocument(file);
        say("format", ontology.getNonnullFormat().getKey());
        ontology.getNonnullFormat().getOntologyLoaderMetaData().ifPresent(read -> {
            if (read instanceof RDFParserMetaData) {
                ((RDFParserMetaData) read).getUnparsedTriples().forEach(triple -> fault("triple", triple));
            }
        });
        ontology.signature(Imports.INCLUDED)
            .filter(entity -> !entity.isBuiltIn() && !ontology.isDeclared(entity, Imports.INCLUDED))
            .forEach(entity -> fault("undeclared", entity.getEntityType().getName() + " " + entity.getIRI()));
        Stream.concat(ontology.classesInSignature(), Stream.concat(
                ontology.objectPropertiesInSignature(), Stream.concat(
                ontology.dataPropertiesInSignature(), ontology.annotationPropertiesInSignature())))
            .filter(entity -> ontology.containsIndividualInSignature(entity.getIRI()))
            .forEach(entity -> say("punned", entity.getIRI()));
        new OWL2DLProfile().checkOntology(ontology).getViolations().forEach(found -> say("violation", found));
        ontology.getOntologyID().getVersionIRI().ifPresent(version -> say("version", version));
        ontology.annotations().forEach(note ->
            say("annotation", note.getProperty().getIRI() + "\t" + note.getValue()));
        ontology.axioms().filter(axiom -> axiom.getAxiomType() != AxiomType.DECLARATION)
            .map(Object::toString).sorted().forEach(axiom -> say("axiom", axiom));
        ontology.axioms(AxiomType.DECLARATION)
            .map(Object::toString).sorted().forEach(axiom -> say("declaration", axiom));
    }

    private static void say(String word, Object text) {
        System.out.println(word + "\t" + text.toString().replaceAll("\\s*[\\r\\n]+\\s*", " "));
    }

    private static void fault(String word, Object text) {
        faults = true;
        say(word, text);
    }

    /** Turns what the OWL API logs as a warning, or worse, into a line. */
    private static final class Warnings extends Handler {
        @Override
        public void publish(LogRecord entry) {
            if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
                fault("warning", new SimpleFormatter().formatMessage(entry));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
