import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;

/**
 * Range is the lines of a file that begin at a byte from {@code from} to before {@code until}. A
 * file that is compressed goes whole.
 */
final class Range implements Serializable {
    private static final long serialVersionUID = 1;

    final String path;
    final String name; // as the user knows it
    final long length; // of the file, in bytes
    final long from;
    final long until;
    int number; // among all ranges, in the order of the inputs

    Range(String path, String name, long length, long from, long until) {
        this.path = path;
        this.name = name;
        this.length = length;
        this.from = from;
        this.until = until;
    }

    boolean isWhole() {
        return from == 0 && until == length;
    }

    /** How many bytes tell whether a file is compressed. */
    static final int HEAD = 6;

    /**
     * Reports whether a file that starts with head is compressed, as far as dailystats can read it.
     * Cutting what it calls compressed is an error of the process that gets the beginning.
     */
    static boolean isCompressed(byte[] head) {
        int[] b = new int[HEAD];
        for (int i = 0; i < Math.min(HEAD, head.length); i++) {
            b[i] = head[i] & 0xff;
        }
        boolean gzip = b[0] == 0x1f && b[1] == 0x8b;
        boolean zstd = b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd;
        boolean bzip2 = b[0] == 'B' && b[1] == 'Z' && b[2] == 'h' && '1' <= b[3] && b[3] <= '9';
        boolean xz = b[0] == 0xfd && b[1] == '7' && b[2] == 'z' && b[3] == 'X' && b[4] == 'Z' && b[5] == 0;
        boolean lz4 = b[0] == 0x04 && b[1] == 0x22 && b[2] == 0x4d && b[3] == 0x18;
        boolean legacyLz4 = b[0] == 0x02 && b[1] == 0x21 && b[2] == 0x4c && b[3] == 0x18;
        boolean skippable = b[0] >> 4 == 5 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18;
        return gzip || zstd || bzip2 || xz || lz4 || legacyLz4 || skippable;
    }

    /** Reads the first bytes of a file, or all that there are. */
    static byte[] head(InputStream in) throws IOException {
        return in.readNBytes(HEAD);
    }
}
