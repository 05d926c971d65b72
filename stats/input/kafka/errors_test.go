package kafka

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dailystats/stats/input"
	"dailystats/stats/input/decode"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// wantError checks that an error is one line that has all of some parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	t.Log(err)
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("the error has several lines: %q", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in: %v", part, err)
		}
	}
}

// addError returns the error of adding what a URL asks for.
func addError(t testing.TB, k *kfake.Cluster, s Settings, rest string, covered Covered) error {
	t.Helper()
	_, err := newInputs(t, s).Add(t.Context(), ask(t, k, rest), covered)
	return err
}

// commit commits an offset of t/0 to group g.
func commit(t testing.TB, client *kgo.Client, offset int64) {
	t.Helper()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "t", Partition: 0, At: offset, LeaderEpoch: -1})
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), "g", offsets); err != nil {
		t.Fatal(err)
	}
}

// TestLostMessages proves that a partition that doesn't have all that follows what
// has been read is an error, by the group and by the state.
func TestLostMessages(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	send(t, client, 0, "a", "b", "c", "d", "e")
	if err := k.DeleteRecords("t", 0, 3); err != nil {
		t.Fatal(err)
	}
	id := kadm.TopicID(k.TopicInfo("t").TopicID).String()
	for offset, want := range map[int64][]string{
		2: {"t/0: messages are lost", "offset 2", "begins at offset 3", "from=earliest", "a new state"},
		3: nil,
		5: nil,
		6: {"t/0: ", "offset 6", "ends at offset 5", "made anew"},
	} {
		commit(t, client, offset)
		covered := func(_ string, partition int32) (int64, string, bool) { return offset, id, partition == 0 }
		for _, err := range []error{
			addError(t, k, Settings{}, "t?group=g", nil),
			addError(t, k, Settings{}, "t?from=earliest", covered),
		} {
			if want == nil && err == nil {
				continue
			}
			wantError(t, err, want...)
		}
	}
	commit(t, client, 2)
	if err := addError(t, k, Settings{}, "t?group=g&from=earliest", nil); err != nil {
		t.Errorf("the way out that the error names: %v", err)
	}
}

// TestLiveGroup proves that a group with members is refused, of either protocol,
// and that nothing is committed to one whose members came meanwhile.
func TestLiveGroup(t *testing.T) {
	for name, protocol := range map[string][]kgo.Opt{
		"classic":  nil,
		"consumer": {kgo.ServerSideBalancer()},
	} {
		t.Run(name, func(t *testing.T) {
			k := startKafka(t)
			client := newClient(t, k)
			send(t, client, 0, "a", "b", "c")
			in := newInputs(t, Settings{})
			if _, err := in.Add(t.Context(), ask(t, k, "t?group=g"), nil); err != nil {
				t.Fatal(err)
			}
			consumer := newClient(t, k, append(protocol, kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"), kgo.DisableAutoCommit())...)
			if fetches := consumer.PollFetches(t.Context()); fetches.Err() != nil {
				t.Fatal(fetches.Err())
			}
			if _, err := k.WaitGroupStable(t.Context(), "g", 1); err != nil {
				t.Fatal(err)
			}
			wantError(t, addError(t, k, Settings{}, "t?group=g", nil), "group g has live consumers (1)", "stop them, or give a group that nobody else uses")
			wantError(t, in.Commit(t.Context()), "group g could not be committed", "it has live consumers: stop them, or give a group that nobody else uses")
			if commits := k.GroupInfo("g").Commits; len(commits) > 0 {
				t.Errorf("committed is %v", commits)
			}
			if err := addError(t, k, Settings{}, "t?group=other", nil); err != nil {
				t.Errorf("another group: %v", err)
			}
		})
	}
}

// TestUnknownTopic proves that a topic that isn't there is an error of its own.
func TestUnknownTopic(t *testing.T) {
	k := startKafka(t, kfake.AllowAutoTopicCreation())
	err := addError(t, k, Settings{}, "nosuch", nil)
	wantError(t, err, "topic not found: nosuch", k.ListenAddrs()[0])
	if !errors.Is(err, ErrUsage) {
		t.Errorf("it is not ErrUsage")
	}
	if k.TopicInfo("nosuch") != nil {
		t.Error("it was made")
	}
}

// TestTwice proves that a topic can be given once.
func TestTwice(t *testing.T) {
	k := startKafka(t)
	in := newInputs(t, Settings{})
	if _, err := in.Add(t.Context(), ask(t, k, "t"), nil); err != nil {
		t.Fatal(err)
	}
	_, err := in.Add(t.Context(), ask(t, k, "t?from=earliest"), nil)
	wantError(t, err, "topic t is named twice: give it once")
}

// TestNoBroker proves that brokers that nobody can reach are given up in time, and
// that it is told why it takes so long.
func TestNoBroker(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var told atomic.Int32
	in := newInputs(t, Settings{Timeout: time.Second, Tell: func(message string) {
		told.Add(1)
		wantError(t, errors.New(message), "kafka://"+address+": trying again for ", "refused")
	}})
	start := time.Now()
	_, err = in.Add(t.Context(), Request{Brokers: []string{address}, Topic: "t"}, nil)
	wantError(t, err, "kafka://"+address+": no success within 1s (Settings.Timeout): ", "refused")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if told.Load() != 1 {
		t.Errorf("it was told %d times", told.Load())
	}
}

// TestSilentBroker proves that a broker that takes connections and says nothing is
// given up.
func TestSilentBroker(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	in := newInputs(t, Settings{Timeout: 300 * time.Millisecond})
	_, err = in.Add(t.Context(), Request{Brokers: []string{l.Addr().String()}, Topic: "t"}, nil)
	wantError(t, err, l.Addr().String(), "no success within 300ms (Settings.Timeout): ")
}

// settingsFile writes settings to a file, and returns what has its path.
func settingsFile(t testing.TB, lines ...string) Settings {
	t.Helper()
	return Settings{File: writeFile(t, "kafka.conf", []byte(strings.Join(lines, "\n")))}
}

// TestSASL proves that each mechanism is let in with its password, and that a wrong
// one is told at once, without being shown.
func TestSASL(t *testing.T) {
	const password = "right=#horse"
	mechanisms := []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}
	options := []kfake.Opt{kfake.EnableSASL()}
	for _, m := range mechanisms {
		options = append(options, kfake.Superuser(m, "reader-"+m, password))
	}
	k := startKafka(t, options...)
	for _, m := range mechanisms {
		t.Run(m, func(t *testing.T) {
			settings := func(password string) Settings {
				return settingsFile(t, "security.protocol=SASL_PLAINTEXT", "sasl.mechanism="+m, "sasl.username=reader-"+m, "sasl.password="+password)
			}
			if err := addError(t, k, settings(password), "t", nil); err != nil {
				t.Error(err)
			}
			// Where kfake only hangs up, a broker says why before.
			wrong := settings("wrong-horse")
			wrong.Timeout = 300 * time.Millisecond
			err := addError(t, k, wrong, "t", nil)
			wantError(t, err, "the broker closes the connection: unless it is restarting, check the sasl settings")
			wantNoPassword(t, err)
			k.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
				answer := request.ResponseKind().(*kmsg.SASLAuthenticateResponse)
				answer.ErrorCode, answer.ErrorMessage = kerr.SaslAuthenticationFailed.Code, kmsg.StringPtr("no")
				return answer, nil, true
			})
			err = addError(t, k, settings("wrong-horse"), "t", nil)
			wantError(t, err, "authentication failed: check sasl.mechanism, sasl.username and sasl.password")
			wantNoPassword(t, err)
			k.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
				answer := request.ResponseKind().(*kmsg.SASLHandshakeResponse)
				answer.ErrorCode, answer.SupportedMechanisms = kerr.UnsupportedSaslMechanism.Code, []string{"GSSAPI"}
				return answer, nil, true
			})
			err = addError(t, k, settings(password), "t", nil)
			wantError(t, err, "the broker does not take this sasl.mechanism")
			wantNoPassword(t, err)
		})
	}
	wantError(t, addError(t, k, Settings{Timeout: 300 * time.Millisecond}, "t", nil), "check security.protocol and the port")
}

func wantNoPassword(t testing.TB, err error) {
	t.Helper()
	if strings.Contains(err.Error(), "horse") {
		t.Errorf("the password is in the error: %v", err)
	}
}

// authority makes certificates.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	pem         []byte
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := authority{key: key, certificate: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test's authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	der, err := x509.CreateCertificate(rand.Reader, a.certificate, a.certificate, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

// sign returns the files of a certificate for a host, and of its key.
func (a authority) sign(t testing.TB, host net.IP) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: a.certificate.NotBefore, NotAfter: a.certificate.NotAfter, IPAddresses: []net.IP{host}}
	der, err := x509.CreateCertificate(rand.Reader, of, a.certificate, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTLS proves that brokers with a certificate of a known authority are talked to,
// with one of our own where they want it, and what is said about others.
func TestTLS(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	start := func(host net.IP, client *x509.CertPool) *kfake.Cluster {
		certificate, key := ca.sign(t, host)
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			t.Fatal(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{pair}}
		if client != nil {
			config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, client
		}
		return startKafka(t, kfake.TLS(config))
	}
	local := net.IPv4(127, 0, 0, 1)
	k := start(local, nil)
	known := "ssl.ca.location=" + writeFile(t, "ca.pem", ca.pem)
	if err := addError(t, k, settingsFile(t, "security.protocol=ssl", known), "t", nil); err != nil {
		t.Error(err)
	}
	for _, settings := range [][]string{
		{"security.protocol=ssl", "ssl.ca.location=" + writeFile(t, "ca.pem", stranger.pem)},
		{"security.protocol=ssl"},
	} {
		err := addError(t, k, settingsFile(t, settings...), "t", nil)
		wantError(t, err, "x509", "authority")
		if strings.Contains(err.Error(), "no success within") {
			t.Error("it was tried again")
		}
	}
	err := addError(t, start(net.IPv4(127, 0, 0, 2), nil), settingsFile(t, "security.protocol=ssl", known), "t", nil)
	wantError(t, err, "127.0.0.1", "127.0.0.2")

	plain := settingsFile(t)
	plain.Timeout = 300 * time.Millisecond
	wantError(t, addError(t, k, plain, "t", nil), "check security.protocol and the port")
	encrypted := settingsFile(t, "security.protocol=ssl", known)
	encrypted.Timeout = 300 * time.Millisecond
	wantError(t, addError(t, startKafka(t), encrypted, "t", nil), "no success within 300ms")

	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.pem)
	mutual := start(local, pool)
	certificate, key := ca.sign(t, local)
	own := []string{"security.protocol=ssl", known,
		"ssl.certificate.location=" + writeFile(t, "own.pem", certificate), "ssl.key.location=" + writeFile(t, "own.key", key)}
	if err := addError(t, mutual, settingsFile(t, own...), "t", nil); err != nil {
		t.Error(err)
	}
	encrypted.File = settingsFile(t, own[:2]...).File
	wantError(t, addError(t, mutual, encrypted, "t", nil), "certificate required")
}

// TestTopicOfState proves that a topic that was made anew is not the one that a
// state is of.
func TestTopicOfState(t *testing.T) {
	k := startKafka(t)
	before := kadm.TopicID(k.TopicInfo("t").TopicID).String()
	remake(t, k)
	now := kadm.TopicID(k.TopicInfo("t").TopicID).String()
	err := addError(t, k, Settings{}, "t", func(string, int32) (int64, string, bool) { return 0, before, true })
	wantError(t, err, "t/0: ", before, now, "deleted and made anew", "start a new state")
}

// TestTopicMadeAnewAtTheStart proves the same of one that was made anew between the
// moments that it was found and that its offsets were asked for.
func TestTopicMadeAnewAtTheStart(t *testing.T) {
	k := startKafka(t)
	r := ask(t, k, "t")
	c, err := newInputs(t, Settings{}).cluster(t.Context(), r.Brokers)
	if err != nil {
		t.Fatal(err)
	}
	of := &topic{Request: r, cluster: c}
	if err := of.lookUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := of.id.String()
	remake(t, k)
	now := kadm.TopicID(k.TopicInfo("t").TopicID).String()
	err = of.fix(t.Context(), func(string, int32) (int64, string, bool) { return 0, before, true })
	wantError(t, err, "t/0: ", before, now, "deleted and made anew", "start a new state")
}

// remake deletes t and makes it again.
func remake(t testing.TB, k *kfake.Cluster) {
	t.Helper()
	if err := k.DeleteTopic("t"); err != nil {
		t.Fatal(err)
	}
	if err := k.CreateTopic("t", 2, nil); err != nil {
		t.Fatal(err)
	}
}

// opened returns the partition t/0 as Add has it read, of which the first of
// several batches has been read.
func opened(t testing.TB, k *kfake.Cluster, s Settings) *partition {
	t.Helper()
	client := newClient(t, k)
	for range 3 {
		send(t, client, 0, strings.Repeat("x", 1000))
	}
	s.FetchSize = 1
	in := newInputs(t, s)
	if _, err := in.Add(t.Context(), ask(t, k, "t"), nil); err != nil {
		t.Fatal(err)
	}
	p := &partition{ctx: t.Context(), cluster: in.topics[0].cluster, Range: in.Ranges()[0], asked: -1, decode: asItIs}
	if offset, size, err := p.Next(); offset != 0 || size != 1000 || err != nil {
		t.Fatal(offset, size, err)
	}
	return p
}

// asItIs implements input.Decode on data that is not compressed.
func asItIs(data []byte, _ decode.Format) (io.Reader, error) { return bytes.NewReader(data), nil }

// TestChangesWhileRead proves what is said when a partition, or all of its topic,
// goes away while it is read.
func TestChangesWhileRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(testing.TB, *kfake.Cluster)
		want   []string
		final  bool
	}{
		{"deleted", func(t testing.TB, k *kfake.Cluster) {
			if err := k.DeleteTopic("t"); err != nil {
				t.Fatal(err)
			}
		}, []string{"offset 1: ", "the topic was deleted while it was read"}, false},
		{"made anew", remake, []string{"offset 1: ", "the topic was deleted, and made anew, while it was read"}, true},
		{"messages lost", func(t testing.TB, k *kfake.Cluster) {
			if err := k.DeleteRecords("t", 0, 2); err != nil {
				t.Fatal(err)
			}
		}, []string{"offset 1: ", "messages were lost while they were read", "from offset 2 now"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := startKafka(t)
			timeout := 10 * time.Second
			if !test.final {
				timeout = 300 * time.Millisecond
			}
			p := opened(t, k, Settings{Timeout: timeout})
			test.change(t, k)
			_, _, err := p.Next()
			wantError(t, err, test.want...)
			if strings.Contains(err.Error(), "no success within") == test.final {
				t.Errorf("tried again: %t", test.final)
			}
		})
	}
}

// TestDenied proves that what a broker doesn't allow is told at once.
func TestDenied(t *testing.T) {
	k := startKafka(t, kfake.EnableACLs(), kfake.EnableSASL(), kfake.User("PLAIN", "reader", "horse"))
	s := settingsFile(t, "security.protocol=sasl_plaintext", "sasl.mechanism=plain", "sasl.username=reader", "sasl.password=horse")
	err := addError(t, k, s, "t", nil)
	wantError(t, err, "TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics")
	if strings.Contains(err.Error(), "no success within") {
		t.Error("it was tried again")
	}
}

// TestLargeBatch proves that a batch that is larger than an answer may be is told
// with what to do about it.
func TestLargeBatch(t *testing.T) {
	k := startKafka(t)
	send(t, newClient(t, k), 0, strings.Repeat("x", 200_000))
	in := newInputs(t, Settings{FetchSize: 64 << 10})
	sources, err := in.Add(t.Context(), ask(t, k, "t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = readSources(t, sources, input.Config{})
	wantError(t, err, "t/0: offset 0: ", "there is a batch of messages that is larger than the limit of 64KiB")
	if strings.Contains(err.Error(), "no success within") {
		t.Error("it was tried again")
	}
}

// TestDamage proves that each kind of damage to a batch is an error that names the
// batch's offset, not fewer messages or others.
func TestDamage(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	send(t, client, 0, "a", "b", "c")
	send(t, client, 0, "d", "e", "f")
	in := newInputs(t, Settings{})
	if _, err := in.Add(t.Context(), ask(t, k, "t"), nil); err != nil {
		t.Fatal(err)
	}
	whole := &partition{ctx: t.Context(), cluster: in.topics[0].cluster, Range: in.Ranges()[0], asked: -1, decode: asItIs}
	answer, err := whole.ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := batchHead + int(binary.BigEndian.Uint32(answer.RecordBatches[8:]))
	const numRecords, records = leastBatch - 4, leastBatch
	for _, test := range []struct {
		name   string
		damage func(batch []byte) // the second one
		repair bool               // with a checksum that fits
		want   string
	}{
		{"a value's byte", func(b []byte) { b[len(b)-2]++ }, false, "it is damaged: its checksum is"},
		{"an attribute", func(b []byte) { b[crcEnd+1] ^= inTransaction }, false, "it is damaged: its checksum is"},
		{"the checksum", func(b []byte) { b[magicAt+1]++ }, false, "it is damaged: its checksum is"},
		{"an old format", func(b []byte) { b[magicAt] = 1 }, true, "it has format 1, of before Kafka 0.11, which is not supported"},
		{"an unknown codec", func(b []byte) { b[crcEnd+1] |= 7 }, true, "it is compressed by codec 7, which is unknown"},
		{"a length that is too small", func(b []byte) { binary.BigEndian.PutUint32(b[8:], 10) }, false, "it is shorter than any"},
		{"a length that is negative", func(b []byte) { binary.BigEndian.PutUint32(b[8:], 1<<31) }, false, "it is shorter than any"},
		{"more messages than there are", func(b []byte) { b[numRecords+3]++ }, true, "unexpected EOF"},
		{"fewer messages than none", func(b []byte) { b[numRecords] = 0xff }, true, "a number in it is negative"},
		{"a message without anything", func(b []byte) { b[records] = 0 }, true, "lengths in it contradict each other"},
		{"a message of negative length", func(b []byte) { b[records] = 1 }, true, "lengths in it contradict each other"},
		{"a message that ends in its value", func(b []byte) { b[records] = 5 * 2 }, true, "lengths in it contradict each other"},
		{"a key that is longer than its message", func(b []byte) { b[records+4] = 50 * 2 }, true, "lengths in it contradict each other"},
		{"a value that is longer than its message", func(b []byte) { b[records+5] = 50 * 2 }, true, "lengths in it contradict each other"},
		{"a value of a length below none", func(b []byte) { b[records+5] = 3 }, true, "lengths in it contradict each other"},
	} {
		t.Run(test.name, func(t *testing.T) {
			damaged := *answer
			damaged.RecordBatches = bytes.Clone(answer.RecordBatches)
			batch := damaged.RecordBatches[first:]
			test.damage(batch)
			if test.repair {
				binary.BigEndian.PutUint32(batch[magicAt+1:], crc32.Checksum(batch[crcEnd:], castagnoli))
			}
			p := &partition{Range: whole.Range, next: whole.Until, decode: asItIs, batches: newBatches(&damaged)}
			var got []string
			for {
				offset, size, err := p.Next()
				if err != nil {
					wantError(t, err, "the batch at offset 3 can't be read: "+test.want)
					break
				}
				value, err := io.ReadAll(p)
				if err != nil || int64(len(value)) != size {
					t.Fatalf("a value of %d bytes is %q, %v", size, value, err)
				}
				got = append(got, fmt.Sprintf("%d%s", offset, value))
			}
			if s := strings.Join(got, " "); !strings.HasPrefix(s, "0a 1b 2c") || strings.Contains(s, "5") != (test.name == "more messages than there are") {
				t.Errorf("got %s", s)
			}
		})
	}
}

// TestDamageWhileRead proves that damage is told with the partition and the offset,
// and that the lines before are there.
func TestDamageWhileRead(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	send(t, client, 1, strings.Repeat("a", 5000))
	send(t, client, 1, "b")
	in := newInputs(t, Settings{FetchSize: 1})
	sources, err := in.Add(t.Context(), ask(t, k, "t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &partition{ctx: t.Context(), cluster: in.topics[0].cluster, Range: in.Ranges()[1], next: 1}
	answer, err := p.ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer.RecordBatches[len(answer.RecordBatches)-1]++
	k.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		fetch := request.(*kmsg.FetchRequest)
		if fetch.Topics[0].Partitions[0].FetchOffset == 0 {
			return nil, nil, false
		}
		response := fetch.ResponseKind().(*kmsg.FetchResponse)
		topic := kmsg.NewFetchResponseTopic()
		topic.TopicID, topic.Partitions = fetch.Topics[0].TopicID, []kmsg.FetchResponseTopicPartition{*answer}
		response.Topics = append(response.Topics, topic)
		return response, nil, true
	})
	lines, err := readSources(t, sources, input.Config{BlockSize: 1000, MaxLine: 10_000})
	wantError(t, err, "t/1: the batch at offset 1 can't be read: it is damaged")
	wantLines(t, lines, "t/1@0 "+strings.Repeat("a", 5000))
}

// TestCutOff proves that a broker that never gives a whole batch is not asked for
// ever.
func TestCutOff(t *testing.T) {
	k := startKafka(t)
	p := opened(t, k, Settings{})
	answer, err := p.ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole := answer.RecordBatches
	for _, size := range []int{1, magicAt, magicAt + 1, len(whole) - 1} {
		k.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
			fetch := request.(*kmsg.FetchRequest)
			response := fetch.ResponseKind().(*kmsg.FetchResponse)
			topic := kmsg.NewFetchResponseTopic()
			answer.RecordBatches = whole[:size]
			topic.TopicID, topic.Partitions = fetch.Topics[0].TopicID, []kmsg.FetchResponseTopicPartition{*answer}
			response.Topics = append(response.Topics, topic)
			return response, nil, true
		})
		p := &partition{ctx: p.ctx, cluster: p.cluster, Range: p.Range, next: 1, asked: -1, decode: asItIs}
		_, _, err := p.Next()
		wantError(t, err, "offset 1: the broker gives no batch that is whole")
	}
}
