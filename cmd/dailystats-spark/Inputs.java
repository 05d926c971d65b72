import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Inputs are the files that the user named, in order, each once: files, globs and folders, which
 * stand for the files below them but for those whose name, or that of a folder on the way, begins
 * with "." or "_".
 */
final class Inputs {
    private final Configuration conf;
    private final Set<String> seen = new HashSet<>();
    private final List<Range> files = new ArrayList<>();

    private Inputs(Configuration conf) {
        this.conf = conf;
    }

    /** Finds the files, each as one range. */
    static List<Range> find(Configuration conf, List<String> args) throws IOException, Arguments.Wrong {
        Inputs inputs = new Inputs(conf);
        for (String arg : args) {
            inputs.add(arg);
        }
        return inputs.files;
    }

    private void add(String arg) throws IOException, Arguments.Wrong {
        if (arg.startsWith("kafka:")) {
            throw new Arguments.Wrong(arg + " is a topic: topics are for dailystats run");
        }
        Path path = new Path(arg);
        FileSystem fs = Folder.fileSystem(conf, path);
        if (fs.exists(path)) {
            addPath(fs, arg, fs.getFileStatus(path));
            return;
        }
        boolean hidden = path.getName().startsWith("."); // a glob matches hidden files only where it says so
        FileStatus[] matches = fs.globStatus(path, p -> hidden || !p.getName().startsWith("."));
        boolean found = false;
        for (FileStatus f : sorted(matches == null ? new FileStatus[0] : matches)) {
            if (f.isFile()) {
                addFile(fs, arg, f);
                found = true;
            }
        }
        if (!found) {
            throw new Arguments.Wrong("input not found: " + arg);
        }
    }

    private void addPath(FileSystem fs, String arg, FileStatus status) throws IOException, Arguments.Wrong {
        if (status.isFile()) {
            addFile(fs, arg, status);
            return;
        }
        List<FileStatus> below = new ArrayList<>();
        list(fs, status, below);
        if (below.isEmpty()) {
            throw new Arguments.Wrong("input not found: folder " + arg + " has no files");
        }
        for (FileStatus f : sorted(below.toArray(new FileStatus[0]))) {
            addFile(fs, arg, f);
        }
    }

    private void list(FileSystem fs, FileStatus folder, List<FileStatus> files) throws IOException {
        for (FileStatus f : fs.listStatus(folder.getPath())) {
            String name = f.getPath().getName();
            if (name.startsWith(".") || name.startsWith("_")) {
                continue;
            }
            if (f.isDirectory()) {
                list(fs, f, files);
            } else {
                files.add(f);
            }
        }
    }

    /** In the order of their paths, byte by byte. */
    private static FileStatus[] sorted(FileStatus[] files) {
        Arrays.sort(files, (a, b) -> Arrays.compareUnsigned(bytes(a), bytes(b)));
        return files;
    }

    private static byte[] bytes(FileStatus f) {
        return f.getPath().toString().getBytes(StandardCharsets.UTF_8);
    }

    private void addFile(FileSystem fs, String arg, FileStatus f) {
        String path = f.getPath().toString();
        if (seen.add(path)) {
            files.add(new Range(path, name(fs, arg, f.getPath()), f.getLen(), 0, f.getLen()));
        }
    }

    /** What dailystats run would call the file: as the argument is, with a scheme or relative or neither. */
    private static String name(FileSystem fs, String arg, Path file) {
        if (new Path(arg).toUri().getScheme() != null) {
            return file.toString();
        }
        String path = file.toUri().getPath();
        String working = fs.getWorkingDirectory().toUri().getPath() + "/";
        return !arg.startsWith("/") && path.startsWith(working) ? path.substring(working.length()) : path;
    }
}
