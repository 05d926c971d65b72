import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Folder is the output of the job. Attempts of tasks write under names that nobody else has:
 *
 * <pre>
 *   OUTPUT/_temporary/part-00003.csv-17   →  OUTPUT/part-00003.csv
 *   OUTPUT/_temporary/rejects-00000-18    →  OUTPUT/_rejects/part-00000.jsonl
 *                                            OUTPUT/_report.json
 *                                            OUTPUT/_SUCCESS
 * </pre>
 *
 * The driver renames what the attempts that counted have written, in this order, when all are
 * through.
 */
final class Folder {
    private static final String TEMPORARY = "_temporary";
    private static final String REJECTS = "_rejects";

    private final FileSystem fs;
    private final Path path;
    private boolean done;

    private Folder(FileSystem fs, Path path) {
        this.fs = fs;
        this.path = path;
    }

    /** Makes the folder, which must be new. */
    static Folder create(Configuration conf, String name) throws IOException, Arguments.Wrong {
        Path path = new Path(name);
        FileSystem fs = fileSystem(conf, path);
        path = fs.makeQualified(path);
        if (fs.exists(path)) {
            throw new Arguments.Wrong("output " + name + " exists: give another, or remove it");
        }
        fs.mkdirs(new Path(path, TEMPORARY));
        fs.create(new Path(path, TEMPORARY + "/job"), false).close(); // an error where another job has just made it
        return new Folder(fs, path);
    }

    /** The file system of a path. That of this host is used as it is, without files of checksums. */
    static FileSystem fileSystem(Configuration conf, Path path) throws IOException {
        FileSystem fs = path.getFileSystem(conf);
        return fs instanceof ChecksumFileSystem ? ((ChecksumFileSystem) fs).getRawFileSystem() : fs;
    }

    /** Where attempts write. */
    String temporary() {
        return new Path(path, TEMPORARY).toString();
    }

    void placePart(String written, int number) throws IOException {
        place(written, new Path(path, String.format("part-%05d.csv", number)));
    }

    void placeRejects(String written, int number) throws IOException {
        fs.mkdirs(new Path(path, REJECTS));
        place(written, new Path(path, String.format(REJECTS + "/part-%05d.jsonl", number)));
    }

    private void place(String written, Path target) throws IOException {
        if (!fs.rename(new Path(written), target)) {
            throw new IOException("can't rename " + written + " to " + target);
        }
    }

    /** Writes the report, and with a result what says that all is there. */
    synchronized void finish(String report, boolean hasResult) throws IOException {
        try (OutputStream out = fs.create(new Path(path, "_report.json"), true)) {
            out.write(report.getBytes(StandardCharsets.UTF_8));
        }
        fs.delete(new Path(path, TEMPORARY), true);
        if (hasResult) {
            fs.create(new Path(path, "_SUCCESS"), true).close();
        }
        done = true;
    }

    /** Removes the folder, unless it is finished. It may be called again. */
    synchronized void discard() {
        if (done) {
            return;
        }
        try {
            fs.delete(path, true);
        } catch (IOException e) {
            System.err.println("dailystats-spark: can't remove " + path + ": " + e.getMessage());
        }
    }
}
