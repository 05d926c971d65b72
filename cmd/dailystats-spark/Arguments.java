import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Arguments is the command line, divided among the processes: which flags there are, and which take
 * a value, dailystats says.
 */
final class Arguments implements Serializable {
    private static final long serialVersionUID = 1;

    /** Wrong usage, in words for the user. */
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1;

        Wrong(String message) {
            super(message);
        }
    }

    /** Of the job, not of its processes: they write to the output folder, and read what they are given. */
    private static final Map<String, String> REFUSED = new TreeMap<>();

    static {
        for (String flag : List.of("-o", "--output", "--rejects", "--report")) {
            REFUSED.put(flag, "the result, the rejects and the report are in the output folder");
        }
        for (String flag : List.of("--metrics", "--html", "--log-file", "--temp-dir", "--progress", "--log-format")) {
            REFUSED.put(flag, "each of many processes would have it");
        }
        for (String flag : List.of("--shard", "--input-name", "--input-offset", "--input-range")) {
            REFUSED.put(flag, "which process reads what, the job says: see --range-size");
        }
        for (String flag : List.of("--state", "--commit", "--no-commit", "--kafka-config", "--kafka-timeout")) {
            REFUSED.put(flag, "topics are for dailystats run");
        }
        for (String flag : List.of("--print-config", "-h", "--help")) {
            REFUSED.put(flag, "ask dailystats run");
        }
    }

    /** Revenue that is rounded can't be added up any more. */
    private static final Set<String> LAST_STEP = Set.of("--decimals");

    final List<String> run = new ArrayList<>();
    final List<String> merge = new ArrayList<>();
    final List<String> report = new ArrayList<>();
    final List<String> inputs = new ArrayList<>();
    String output;
    long rangeSize; // bytes; 0 means the default
    int shards; // 0 means the default

    /**
     * Divides args. Each of the lists has what "dailystats flags" says of a command: "--name", and
     * "--name=VALUE" where it takes one.
     */
    static Arguments parse(String[] args, Set<String> ofRun, Set<String> ofMerge, Set<String> ofReport) throws Wrong {
        Arguments a = new Arguments();
        for (int i = 0; i < args.length; i++) {
            String arg = args[i];
            if (arg.equals("--")) {
                a.inputs.addAll(List.of(args).subList(i + 1, args.length));
                break;
            }
            if (!arg.startsWith("-")) {
                a.inputs.add(arg);
                continue;
            }
            String name = arg.replaceFirst("=.*", "");
            boolean takesValue = name.equals("--range-size") || takesValue(ofRun, name);
            if (!takesValue || arg.length() > name.length()) {
                a.add(name, List.of(arg), ofRun, ofMerge, ofReport);
            } else if (i + 1 == args.length) {
                throw new Wrong(arg + " needs a value");
            } else {
                a.add(name, List.of(name + "=" + args[++i]), ofRun, ofMerge, ofReport);
            }
        }
        if (a.inputs.size() < 2) {
            throw new Wrong("give inputs, and a folder for the output behind them");
        }
        a.output = a.inputs.remove(a.inputs.size() - 1);
        return a;
    }

    private static boolean takesValue(Set<String> flags, String name) {
        return flags.stream().anyMatch(f -> f.startsWith(name + "="));
    }

    private static boolean has(Set<String> flags, String name) {
        return flags.contains(name) || takesValue(flags, name);
    }

    private void add(String name, List<String> flag, Set<String> ofRun, Set<String> ofMerge, Set<String> ofReport) throws Wrong {
        String value = flag.get(0).substring(Math.min(flag.get(0).length(), name.length() + 1));
        if (REFUSED.containsKey(name)) {
            throw new Wrong(name + " is not for Spark: " + REFUSED.get(name));
        } else if (name.equals("--range-size")) {
            rangeSize = size(value);
        } else if (name.equals("--output-shards")) {
            shards = number(name, value);
        } else if (!has(ofRun, name)) {
            throw new Wrong("unknown flag " + name);
        } else if (LAST_STEP.contains(name)) {
            merge.addAll(flag);
        } else if (has(ofReport, name) && !has(ofMerge, name)) {
            report.addAll(flag); // a threshold: of all events, not of a range
        } else {
            run.addAll(flag);
            if (has(ofMerge, name)) {
                merge.addAll(flag);
            }
            if (has(ofReport, name)) {
                report.addAll(flag);
            }
        }
    }

    private static int number(String name, String text) throws Wrong {
        try {
            int n = Integer.parseInt(text);
            if (n > 0) {
                return n;
            }
        } catch (NumberFormatException e) {
            // as below
        }
        throw new Wrong(name + ": \"" + text + "\" is not a number from 1");
    }

    /** Reads 512KiB, 64MiB, 1GB, or plain bytes. */
    static long size(String text) throws Wrong {
        java.util.regex.Matcher m = java.util.regex.Pattern.compile("(?i)([0-9]{1,12})(?:([kmgt])(i?)b?|b)?").matcher(text);
        if (m.matches()) {
            long unit = m.group(3) != null && !m.group(3).isEmpty() ? 1024 : 1000;
            long n = Long.parseLong(m.group(1));
            for (int power = m.group(2) == null ? 0 : 1 + "kmgt".indexOf(m.group(2).toLowerCase()); power > 0; power--) {
                n *= unit;
            }
            if (n > 0) {
                return n;
            }
        }
        throw new Wrong("--range-size: \"" + text + "\" is not a size such as 64MiB");
    }
}
