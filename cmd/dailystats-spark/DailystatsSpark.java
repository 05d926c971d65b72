import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.Partitioner;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * The job of dailystats on a Spark cluster:
 *
 * <pre>
 *   range ─→ dailystats run ─→ N sorted results ─shuffle─→ files of a shard ─→ dailystats merge ─→ part
 *                          └─→ rejects, report   ────────→ rejects of ranges in a row          ─→ rejects
 *                                                ────────→ reports  ─→ dailystats report       ─→ driver
 * </pre>
 *
 * Spark moves bytes, and starts again what failed. What an event is, what it adds up to and whether
 * there are too many invalid ones, dailystats says.
 */
public final class DailystatsSpark {
    private static final Logger log = LoggerFactory.getLogger("dailystats-spark");
    private static final String USAGE =
            "usage: spark-submit --files dailystats --class DailystatsSpark dailystats-spark.jar [FLAGS of dailystats run] [--range-size SIZE] INPUT... OUTPUT";

    static final int USAGE_STATUS = 2;
    static final int TOO_MANY_INVALID = 3;

    private static final long RANGE_SIZE = 64L << 20;
    /** Ranges beyond that become larger, not more: each is a file in the merge of each shard. */
    private static final long MOST_RANGES = 20_000;
    private static final int FILES_OF_TASK = 256;

    private final JavaSparkContext spark;
    private Folder folder; // null before it is there
    private volatile String stage = "";

    private DailystatsSpark(JavaSparkContext spark) {
        this.spark = spark;
    }

    /** Runs the job. */
    public static void main(String[] args) {
        if (args.length < 2) {
            System.err.println(USAGE);
            System.exit(USAGE_STATUS);
        }
        SparkConf conf = new SparkConf().setIfMissing("spark.app.name", "dailystats")
                .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer"); // keeps no record once it is written
        int status = 1;
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            status = new DailystatsSpark(spark).run(args);
        }
        System.exit(status);
    }

    private int run(String[] args) {
        int priority = FileSystem.SHUTDOWN_HOOK_PRIORITY + 100; // before Spark and the file system are gone
        Runnable hook = this::discardLate;
        ShutdownHookManager.get().addShutdownHook(hook, priority);
        Thread progress = new Thread(this::logProgress, "progress");
        progress.setDaemon(true);
        progress.start();
        try {
            return job(args);
        } catch (Arguments.Wrong e) {
            return fail(e.getMessage(), USAGE_STATUS);
        } catch (Exception e) {
            log.debug("failure", e);
            spark.sc().cancelAllJobs();
            return fail(rootMessage(e), 1);
        } finally {
            progress.interrupt();
            if (!ShutdownHookManager.get().isShutdownInProgress()) {
                ShutdownHookManager.get().removeShutdownHook(hook);
            }
        }
    }

    private int fail(String message, int status) {
        System.err.println("dailystats-spark: " + message);
        if (folder != null && status != TOO_MANY_INVALID) {
            discardLate();
        }
        return status;
    }

    /** Removes the output when no task writes to it any more. */
    private void discardLate() {
        spark.sc().cancelAllJobs();
        Folder f = folder;
        if (f == null) {
            return;
        }
        spark.close();
        f.discard();
        pause(1000); // a task may have been about to write
        f.discard();
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a failed process said, without Spark's account of who asked for it. */
    private static String rootMessage(Throwable e) {
        String text = e.toString();
        Matcher m = Pattern.compile("(?:Child\\$Failure|java\\.io\\.[A-Za-z]+): (.*)").matcher(text);
        return m.find() ? m.group(1) : text.lines().findFirst().orElse("it failed");
    }

    // The driver.

    private int job(String[] args) throws Exception {
        long start = System.nanoTime();
        name("check flags");
        Arguments a = spark.parallelize(List.of(0), 1).map(i -> divide(args)).collect().get(0).get();
        Configuration conf = spark.hadoopConfiguration();
        List<Range> files = Inputs.find(conf, a.inputs);
        folder = Folder.create(conf, a.output);

        Broadcast<SerializableConfiguration> shared = spark.broadcast(new SerializableConfiguration(conf));
        long rangeSize = rangeSize(files, a.rangeSize);
        List<List<Range>> tasks = tasks(cut(files, rangeSize, shared), rangeSize);
        int ranges = tasks.stream().mapToInt(List::size).sum();
        int shards = a.shards > 0 ? a.shards : Math.max(1, Math.min(spark.defaultParallelism(), ranges));
        Layout layout = new Layout(shards, Math.min(shards, ranges), ranges);
        Job job = new Job(a, layout, shared, folder.temporary());

        name("read " + ranges + " ranges");
        JavaPairRDD<Integer, byte[]> pieces = spark.parallelize(tasks, tasks.size()).flatMap(List::iterator).mapToPair(r -> new Tuple2<>(r, 0))
                .flatMapToPair(r -> job.read(r._1));
        name("shuffle");
        JavaRDD<Done> done = pieces.partitionBy(new ByNumber(layout.partitions())).mapPartitionsWithIndex(job::finish, true);

        name("judge");
        Done judged = collect(done, layout.reports(), layout.reports() + 1).get(0);
        log.info("{} ranges are read: {}", ranges, judged.status == 0 ? "they pass" : judged.message);
        if (!judged.message.isEmpty()) {
            System.err.println("dailystats-spark: " + judged.message);
        }
        boolean passed = judged.status == 0;
        name(passed ? "merge " + shards + " shards" : "write rejects");
        List<Done> written = collect(done, passed ? 0 : layout.firstRejects(), layout.reports());
        commit(layout, written);
        folder.finish(report(judged.text, written, passed, System.nanoTime() - start), passed);
        log.info("{}: {}", a.output, passed ? shards + " parts" : "rejects and report, no result");
        return judged.status;
    }

    /** Names the stages that follow. */
    private void name(String stage) {
        this.stage = stage;
        spark.setCallSite(stage);
        log.info("{}", stage);
    }

    private List<Done> collect(JavaRDD<Done> done, int from, int until) {
        List<Done> all = new ArrayList<>();
        for (List<Done> partition : done.collectPartitions(IntStream.range(from, until).toArray())) {
            all.addAll(partition);
        }
        return all;
    }

    /** What the user gave, or the default. */
    private static long rangeSize(List<Range> files, long given) {
        long total = files.stream().mapToLong(f -> f.length).sum();
        return given > 0 ? given : Math.max(RANGE_SIZE, total / MOST_RANGES);
    }

    /** Cuts the files that are larger than a range, unless they are compressed. */
    private List<Range> cut(List<Range> files, long rangeSize, Broadcast<SerializableConfiguration> conf) {
        List<Range> large = new ArrayList<>();
        files.stream().filter(f -> f.length > rangeSize).forEach(large::add);
        Set<String> compressed = new HashSet<>();
        if (!large.isEmpty()) {
            name("look at " + large.size() + " files");
            compressed.addAll(spark.parallelize(large, Math.min(large.size(), 4 * spark.defaultParallelism()))
                    .filter(f -> isCompressed(f, conf)).map(f -> f.path).collect());
        }
        List<Range> ranges = new ArrayList<>();
        for (Range f : files) {
            if (f.length <= rangeSize || compressed.contains(f.path)) {
                ranges.add(f);
                continue;
            }
            for (long from = 0; from < f.length; from += rangeSize) {
                ranges.add(new Range(f.path, f.name, f.length, from, Math.min(from + rangeSize, f.length)));
            }
        }
        for (int i = 0; i < ranges.size(); i++) {
            ranges.get(i).number = i;
        }
        return ranges;
    }

    private static boolean isCompressed(Range f, Broadcast<SerializableConfiguration> conf) throws IOException {
        try (InputStream in = open(f, 0, conf)) {
            return Range.isCompressed(Range.head(in));
        }
    }

    private static InputStream open(Range r, long offset, Broadcast<SerializableConfiguration> conf) throws IOException {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(r.path);
        org.apache.hadoop.fs.FSDataInputStream in = Folder.fileSystem(conf.value().value(), path).open(path);
        in.seek(offset);
        return in;
    }

    /** Puts small files in one task, up to the size of a range. */
    private static List<List<Range>> tasks(List<Range> ranges, long rangeSize) {
        List<List<Range>> tasks = new ArrayList<>();
        long size = 0;
        for (Range r : ranges) {
            long length = r.until - r.from;
            List<Range> last = tasks.isEmpty() ? null : tasks.get(tasks.size() - 1);
            if (last == null || size + length > rangeSize || last.size() == FILES_OF_TASK) {
                tasks.add(new ArrayList<>(List.of(r)));
                size = length;
            } else {
                last.add(r);
                size += length;
            }
        }
        return tasks;
    }

    private void commit(Layout layout, List<Done> written) throws IOException {
        for (Done d : written) {
            if (d.partition >= layout.firstRejects()) {
                folder.placeRejects(d.text, d.partition - layout.firstRejects());
            }
        }
        for (Done d : written) {
            if (d.partition < layout.firstRejects()) {
                folder.placePart(d.text, d.partition);
            }
        }
    }

    /** The report of all ranges, with what only the merges know. */
    private static String report(String sum, List<Done> written, boolean passed, long nanos) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode report = (ObjectNode) json.readTree(sum);
        report.put("rows", written.stream().mapToLong(d -> d.rows).sum());
        report.put("bytes_spilled", report.path("bytes_spilled").asLong() + written.stream().mapToLong(d -> d.spilled).sum());
        report.put("peak_memory", Math.max(report.path("peak_memory").asLong(), written.stream().mapToLong(d -> d.peakMemory).max().orElse(0)));
        report.put("seconds", nanos / 1_000_000 / 1000.0);
        if (!passed) {
            report.remove("result");
        }
        return json.writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n";
    }

    /** Logs how far the stage is, every ten seconds. */
    private void logProgress() {
        try {
            while (true) {
                Thread.sleep(10_000);
                for (int id : spark.statusTracker().getActiveStageIds()) {
                    SparkStageInfo s = spark.statusTracker().getStageInfo(id);
                    if (s != null) {
                        log.info("{}: {} of {} tasks done, {} at work, {} failed", s.name(), s.numCompletedTasks(), s.numTasks(),
                                s.numActiveTasks(), s.numFailedTasks());
                    }
                }
            }
        } catch (InterruptedException | IllegalStateException e) {
            // the job is over
        }
    }

    // The tasks.

    /** What partitions there are: shards of the result, rejects, and the reports. */
    static final class Layout implements Serializable {
        private static final long serialVersionUID = 1;
        final int shards;
        final int rejects;
        final int ranges;

        Layout(int shards, int rejects, int ranges) {
            this.shards = shards;
            this.rejects = rejects;
            this.ranges = ranges;
        }

        int firstRejects() {
            return shards;
        }

        int rejectsOf(int range) {
            return shards + (int) ((long) range * rejects / ranges);
        }

        int reports() {
            return shards + rejects;
        }

        int partitions() {
            return reports() + 1;
        }
    }

    /** Keys are numbers of partitions. */
    static final class ByNumber extends Partitioner {
        private static final long serialVersionUID = 1;
        private final int count;

        ByNumber(int count) {
            this.count = count;
        }

        @Override
        public int numPartitions() {
            return count;
        }

        @Override
        public int getPartition(Object key) {
            return (Integer) key;
        }
    }

    /** What a task of the second stage came to. */
    static final class Done implements Serializable {
        private static final long serialVersionUID = 1;
        final int partition;
        final String text; // path of what was written, or the report
        int status;
        String message = "";
        long rows;
        long spilled; // bytes
        long peakMemory; // bytes

        Done(int partition, String text) {
            this.partition = partition;
            this.text = text;
        }
    }

    /** A task's answer, or what is wrong with the command line. */
    static final class Answer implements Serializable {
        private static final long serialVersionUID = 1;
        Arguments arguments;
        String wrong;

        Arguments get() throws Arguments.Wrong {
            if (wrong != null) {
                throw new Arguments.Wrong(wrong);
            }
            return arguments;
        }
    }

    /** Divides the command line, and has dailystats check each process's part of it. */
    private static Answer divide(String[] args) throws Exception {
        TaskContext task = TaskContext.get();
        Answer answer = new Answer();
        try {
            Arguments a = Arguments.parse(args, flags(task, "run"), flags(task, "merge"), flags(task, "report"));
            check(task, "run", a.run);
            check(task, "merge", a.merge);
            check(task, "report", a.report);
            tryOut(task, a);
            answer.arguments = a;
        } catch (Arguments.Wrong e) {
            answer.wrong = e.getMessage();
        } catch (Child.Failure e) {
            if (e.status != USAGE_STATUS) {
                throw e;
            }
            answer.wrong = e.getMessage();
        }
        return answer;
    }

    private static Set<String> flags(TaskContext task, String command) throws Exception {
        return new HashSet<>(Arrays.asList(output(task, List.of("flags", command)).split("\n")));
    }

    private static void check(TaskContext task, String command, List<String> flags) throws Exception {
        List<String> args = new ArrayList<>(List.of("flags", command));
        args.add("--");
        args.addAll(flags);
        output(task, args);
    }

    /** Has dailystats read nothing, with the flags that it will have: what can't work, it says now. */
    private static void tryOut(TaskContext task, Arguments a) throws Exception {
        List<String> args = new ArrayList<>(List.of("run", "-", "--output=" + Child.folder(task).resolve("tried"),
                "--output-shards=" + Math.max(1, a.shards), "--log-level=warning", "--log-format=json"));
        args.addAll(a.run);
        output(task, args);
    }

    private static String output(TaskContext task, List<String> args) throws Exception {
        Path folder = Files.createDirectories(Child.folder(task).resolve(Long.toString(System.nanoTime())));
        try (Child child = new Child(task, folder, args)) {
            child.stdin().close();
            String text = new String(child.stdout().readAllBytes(), StandardCharsets.UTF_8);
            child.end(0);
            return text;
        }
    }

    static void checkKilled(TaskContext task) {
        if (task.isInterrupted()) {
            throw new TaskKilledException("the task is not wanted any more");
        }
    }

    /** Job is what tasks know of it. */
    static final class Job implements Serializable {
        private static final long serialVersionUID = 1;
        private static final int BUFFER = 128 << 10;

        private final Arguments arguments;
        private final Layout layout;
        private final Broadcast<SerializableConfiguration> conf;
        private final String temporary;

        Job(Arguments arguments, Layout layout, Broadcast<SerializableConfiguration> conf, String temporary) {
            this.arguments = arguments;
            this.layout = layout;
            this.conf = conf;
            this.temporary = temporary;
        }

        /** Has dailystats read a range, and returns what it wrote in pieces. */
        Iterator<Tuple2<Integer, byte[]>> read(Range r) throws Exception {
            TaskContext task = TaskContext.get();
            Path folder = Files.createDirectories(Child.folder(task).resolve(Integer.toString(r.number)));
            long first = Math.max(r.from - 1, 0); // tells whether a line begins at from
            try (InputStream in = open(r, first, conf)) {
                byte[] head = r.isWhole() ? Range.head(in) : new byte[0];
                List<String> args = new ArrayList<>(List.of("run", "-", "--output=" + folder.resolve("parts"), "--output-shards=" + layout.shards,
                        "--rejects=" + folder.resolve("rejects"), "--report=" + folder.resolve("report"), "--temp-dir=" + folder,
                        "--parallel=" + Math.max(1, task.cpus()), "--max-invalid=100%", "--min-events=0", "--log-invalid=false", "--log-level=warning",
                        "--log-format=json", "--progress=never", "--input-name=" + r.name));
                if (!r.isWhole()) {
                    args.addAll(List.of("--input-offset=" + first, "--input-range=" + r.from + ":" + r.until));
                } else if (!Range.isCompressed(head)) {
                    args.add("--input-offset=0");
                }
                args.addAll(arguments.run);
                try (Child child = new Child(task, folder, args)) {
                    pump(head, in, r.length - first, child.stdin(), r.name);
                    child.end(0);
                }
            }
            return new Pieces(folder, r.number, layout);
        }

        /** Writes head and the rest of so many bytes, or as many as the process wants. */
        private static void pump(byte[] head, InputStream in, long length, OutputStream out, String name) throws IOException {
            byte[] buffer = Arrays.copyOf(head, BUFFER);
            for (int n = head.length; length > 0; n = in.read(buffer, 0, (int) Math.min(BUFFER, length))) {
                if (n < 0) {
                    throw new IOException(name + ": the file is shorter than it was: " + length + " bytes are missing");
                }
                length -= n;
                try {
                    out.write(buffer, 0, n);
                } catch (IOException e) {
                    return; // it has all lines of its range, or it failed
                }
            }
            try {
                out.close();
            } catch (IOException e) {
                // likewise
            }
        }

        /** Does what there is to do with a partition. */
        Iterator<Done> finish(int partition, Iterator<Tuple2<Integer, byte[]>> pieces) throws Exception {
            TaskContext task = TaskContext.get();
            Path folder = Child.folder(task);
            Path files = Files.createDirectories(folder.resolve("files"));
            int count = gather(task, files, pieces);
            if (count != layout.ranges && (partition < layout.firstRejects() || partition == layout.reports())) {
                throw new IOException("partition " + partition + " has files of " + count + " ranges, not of " + layout.ranges);
            }
            if (partition == layout.reports()) {
                return List.of(judge(task, folder, files, partition)).iterator();
            }
            String target = temporary + "/" + (partition < layout.shards ? "part-" : "rejects-") + partition + "-" + task.taskAttemptId();
            org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(target);
            Done done = new Done(partition, target);
            try (OutputStream out = Folder.fileSystem(conf.value().value(), path).create(path, true)) {
                if (partition < layout.shards) {
                    merge(task, folder, files, out, done);
                } else {
                    concatenate(task, files, out);
                }
            }
            return List.of(done).iterator();
        }

        /** Writes pieces to a file for each range, and returns how many files there are. */
        private static int gather(TaskContext task, Path folder, Iterator<Tuple2<Integer, byte[]>> pieces) throws IOException {
            int open = -1;
            RandomAccessFile file = null;
            Set<Integer> ranges = new HashSet<>();
            try {
                while (pieces.hasNext()) {
                    ByteBuffer piece = ByteBuffer.wrap(pieces.next()._2);
                    int range = piece.getInt();
                    if (range != open) {
                        checkKilled(task);
                        if (file != null) {
                            file.close();
                        }
                        file = new RandomAccessFile(folder.resolve(String.format("%09d", range)).toFile(), "rw");
                        open = range;
                        ranges.add(range);
                    }
                    file.seek(piece.getLong());
                    file.write(piece.array(), piece.position(), piece.remaining());
                }
            } finally {
                if (file != null) {
                    file.close();
                }
            }
            return ranges.size();
        }

        /** Has dailystats add up a shard, and notes what that came to. */
        private void merge(TaskContext task, Path folder, Path files, OutputStream out, Done done) throws Exception {
            Path report = folder.resolve("report");
            List<String> args = new ArrayList<>(List.of("merge", files.toString(), "--output=-", "--report=" + report, "--temp-dir=" + folder,
                    "--log-level=warning", "--log-format=json", "--progress=never"));
            args.addAll(arguments.merge);
            try (Child child = new Child(task, folder, args)) {
                child.stdin().close();
                child.stdout().transferTo(out);
                child.end(0);
            }
            JsonNode what = new ObjectMapper().readTree(report.toFile());
            done.rows = what.path("rows").asLong();
            done.spilled = what.path("bytes_spilled").asLong();
            done.peakMemory = what.path("peak_memory").asLong();
        }

        private static void concatenate(TaskContext task, Path folder, OutputStream out) throws IOException {
            String[] names = folder.toFile().list();
            Arrays.sort(names);
            for (String name : names) {
                checkKilled(task);
                Files.copy(folder.resolve(name), out);
            }
        }

        /** Has dailystats add up the reports, and judge them. */
        private Done judge(TaskContext task, Path folder, Path files, int partition) throws Exception {
            List<String> args = new ArrayList<>(List.of("report", "-", "--output=" + folder.resolve("sum"), "--log-level=warning", "--log-format=json"));
            args.addAll(arguments.report);
            try (Child child = new Child(task, folder, args)) {
                try (OutputStream in = child.stdin()) {
                    concatenate(task, files, in);
                } catch (IOException e) {
                    // it says why
                }
                int status = child.end(0, TOO_MANY_INVALID);
                Done done = new Done(partition, Files.readString(folder.resolve("sum")));
                done.status = status;
                done.message = child.lastError();
                return done;
            }
        }
    }

    /** Pieces are the files of a range, as records for the shuffle: number of the range, offset, bytes. */
    static final class Pieces implements Iterator<Tuple2<Integer, byte[]>> {
        private static final int SIZE = 256 << 10;
        private static final int HEAD = Integer.BYTES + Long.BYTES;

        private final Path folder;
        private final int range;
        private final Layout layout;
        private final List<File> files = new ArrayList<>();
        private final List<Integer> keys = new ArrayList<>();
        private int next; // file
        private RandomAccessFile open;

        Pieces(Path folder, int range, Layout layout) {
            this.folder = folder;
            this.range = range;
            this.layout = layout;
            for (int shard = 0; shard < layout.shards; shard++) {
                add(String.format("parts/part-%05d.csv", shard), shard);
            }
            add("rejects", layout.rejectsOf(range));
            add("report", layout.reports());
        }

        private void add(String name, int key) {
            files.add(folder.resolve(name).toFile());
            keys.add(key);
        }

        @Override
        public boolean hasNext() {
            if (next == files.size()) {
                Child.remove(folder);
                return false;
            }
            return true;
        }

        @Override
        public Tuple2<Integer, byte[]> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            try {
                if (open == null) {
                    open = new RandomAccessFile(files.get(next), "r");
                }
                long offset = open.getFilePointer();
                ByteBuffer piece = ByteBuffer.allocate(HEAD + (int) Math.min(SIZE, open.length() - offset));
                piece.putInt(range).putLong(offset);
                open.readFully(piece.array(), HEAD, piece.remaining());
                Tuple2<Integer, byte[]> record = new Tuple2<>(keys.get(next), piece.array());
                if (open.getFilePointer() == open.length()) {
                    open.close();
                    open = null;
                    next++;
                }
                return record;
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
