import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;

/**
 * Child is a process of dailystats that a task has, in a folder that is the task's.
 *
 * <p>It ends with its task, whatever it is doing: when the task is killed, all of the process's group
 * is, which has whatever it may have started, too. When the executor itself is killed, a shell that
 * waits for just that kills what is left, and removes the folders.
 */
final class Child implements AutoCloseable {
    /** A process that failed, in its own words. */
    static final class Failure extends IOException {
        private static final long serialVersionUID = 1;
        final int status;

        Failure(int status, String message) {
            super(message.replaceFirst("^dailystats: ", ""));
            this.status = status;
        }
    }

    private static final String GUARD =
            "trap '' HUP INT TERM; cat >/dev/null; "
                    + "for f in \"$1\"/*/pid \"$1\"/*/*/pid; do [ -f \"$f\" ] && kill -s KILL -- \"-$(cat \"$f\")\" 2>/dev/null; done; rm -rf -- \"$1\"";
    private static final String START = "echo $$ >\"$1\" && shift && exec \"$@\"";

    private static final Map<File, Path> guarded = new HashMap<>();
    private static final List<Process> guards = new ArrayList<>(); // their standard input stays open

    private final TaskContext task;
    private final Process process;
    private final Thread log;
    private final String name;
    private volatile String lastError = "";
    private boolean wentWell;

    /** Starts dailystats with a standard input that is the task's to write to. */
    Child(TaskContext task, Path folder, String... args) throws IOException {
        this(task, folder, List.of(args));
    }

    Child(TaskContext task, Path folder, List<String> args) throws IOException {
        this.task = task;
        this.name = "dailystats " + args.get(0);
        List<String> command = new ArrayList<>(List.of("setsid", "sh", "-c", START, "sh", folder.resolve("pid").toString(), program()));
        command.addAll(args);
        ProcessBuilder builder = new ProcessBuilder(command).directory(new File(SparkFiles.getRootDirectory()).getAbsoluteFile());
        builder.environment().keySet().removeIf(v -> v.startsWith("DAILYSTATS_"));
        try {
            process = builder.redirectInput(Redirect.PIPE).start();
        } catch (IOException e) {
            throw new IOException("can't start a process: executors need setsid and sh: " + e.getMessage(), e);
        }
        log = daemon("log of " + name, this::readLog);
        daemon("watch over " + name, this::watch);
    }

    private static Thread daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** The program that spark-submit was given by --files. */
    private static String program() throws IOException {
        for (File f : List.of(new File(SparkFiles.get("dailystats")), new File("dailystats"))) {
            if (f.isFile()) {
                return f.getAbsolutePath();
            }
        }
        throw new IOException("dailystats is not among the files of the job: give spark-submit --files dailystats");
    }

    /** Makes a folder for a task, which goes with it, in one of Spark's own. */
    static Path folder(TaskContext task) throws IOException {
        File[] dirs = SparkEnv.get().blockManager().diskBlockManager().localDirs();
        Path folder = Files.createDirectories(guarded(dirs[(int) (task.taskAttemptId() % dirs.length)]).resolve("task-" + task.taskAttemptId()));
        task.addTaskCompletionListener(new org.apache.spark.util.TaskCompletionListener() {
            @Override
            public void onTaskCompletion(TaskContext context) {
                remove(folder);
            }
        });
        return folder;
    }

    private static synchronized Path guarded(File dir) throws IOException {
        Path base = guarded.get(dir);
        if (base == null) {
            base = Files.createDirectories(dir.toPath().resolve("dailystats-" + UUID.randomUUID()));
            guards.add(new ProcessBuilder("setsid", "sh", "-c", GUARD, "sh", base.toString())
                    .redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).directory(new File("/")).start());
            guarded.put(dir, base);
        }
        return base;
    }

    /** Removes a folder with all that is in it. */
    static void remove(Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            // it goes with the executor
        }
    }

    OutputStream stdin() {
        return process.getOutputStream();
    }

    InputStream stdout() {
        return process.getInputStream();
    }

    /** Waits for the end, and returns the exit code if it is among those. */
    int end(int... expected) throws IOException, InterruptedException {
        int status = process.waitFor();
        log.join();
        DailystatsSpark.checkKilled(task);
        for (int e : expected) {
            if (status == e) {
                wentWell = true;
                return status;
            }
        }
        throw new Failure(status, lastError.isEmpty() ? name + " ended with exit code " + status : lastError);
    }

    String lastError() {
        return lastError;
    }

    /** Copies the log to the executor's, and notes the last failure in it. */
    private void readLog() {
        ObjectMapper json = new ObjectMapper();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null;) {
                System.err.println(line);
                lastError = errorIn(json, line, lastError);
            }
        } catch (IOException e) {
            // the process is gone
        }
    }

    private static String errorIn(ObjectMapper json, String line, String before) {
        if (!line.startsWith("{")) {
            return line;
        }
        try {
            JsonNode entry = json.readTree(line);
            return entry.path("level").asText().equals("error") ? entry.path("msg").asText() : before;
        } catch (IOException e) {
            return line;
        }
    }

    /**
     * Kills the process with the task. Where the process itself has failed, what it may have started
     * is killed: that would keep its pipes open.
     */
    private void watch() {
        try {
            while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
                if (task.isInterrupted()) {
                    kill();
                    return;
                }
            }
            if (process.exitValue() != 0) {
                kill();
            }
        } catch (InterruptedException e) {
            kill();
        }
    }

    /** Kills the process, and all of its group. */
    private synchronized void kill() {
        try {
            new ProcessBuilder("sh", "-c", "kill -s KILL -- -\"$1\"", "sh", Long.toString(process.pid())).redirectErrorStream(true)
                    .redirectOutput(Redirect.DISCARD).start().waitFor();
        } catch (IOException | InterruptedException e) {
            // at least the process itself
        }
        process.destroyForcibly();
        boolean interrupted = Thread.interrupted(); // else there is no waiting
        try {
            process.waitFor(10, TimeUnit.SECONDS); // it writes to its folder until then
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the process, and what it has started, unless it has ended well. */
    @Override
    public void close() {
        if (!wentWell) {
            kill();
        }
    }
}
