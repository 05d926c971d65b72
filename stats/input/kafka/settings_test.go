package kafka

import (
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestSecurity proves where settings come from: a file, which the environment beats.
func TestSecurity(t *testing.T) {
	t.Setenv("TEST_SASL_PASSWORD", "of the environment")
	t.Setenv("TEST_SSL_CA_LOCATION", "")
	t.Setenv("TEST_SASL_NO_SUCH", "x")
	t.Setenv("_SASL_USERNAME", "x")
	s := settingsFile(t,
		"# a comment", "", " security.protocol = SASL_SSL\r", "sasl.username=a user", "sasl.password=of=the file", "ssl.ca.location=ca.pem")
	want := security{"security.protocol": "SASL_SSL", "sasl.username": "a user", "sasl.password": "of=the file", "ssl.ca.location": "ca.pem"}
	check := func() {
		t.Helper()
		got, err := s.security()
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	check()
	s.Variables = "TEST"
	want["sasl.password"] = "of the environment"
	check()
	s.File = ""
	want = security{"sasl.password": "of the environment"}
	check()
}

// TestFiles proves which files are read for settings, and that theirs is read once, for
// it may be a pipe.
func TestFiles(t *testing.T) {
	ca := writeFile(t, "ca.pem", []byte("no certificate"))
	t.Setenv("TEST_SSL_KEY_LOCATION", "key.pem")
	s := settingsFile(t, "security.protocol=ssl", "ssl.ca.location="+ca)
	s.Variables = "TEST"
	in := NewInputs(s)
	got, err := in.Files()
	if err != nil {
		t.Fatal(err)
	}
	want := []File{{s.File, ""}, {ca, "ssl.ca.location"}, {"key.pem", "ssl.key.location"}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := os.Remove(s.File); err != nil {
		t.Fatal(err)
	}
	_, err = in.options()
	wantError(t, err, "ca.pem has no certificate in PEM format")
	if err := os.Remove(ca); err != nil {
		t.Fatal(err)
	}
	_, err = in.options()
	wantError(t, err, "ca.pem has no certificate in PEM format")
}

// TestLargeFiles proves that what is read whole has a limit.
func TestLargeFiles(t *testing.T) {
	large := writeFile(t, "large", make([]byte, maxPEM+1))
	_, err := Settings{File: large}.security()
	wantError(t, err, "it is larger than 1 MiB")
	for _, lines := range [][]string{
		{"security.protocol=ssl", "ssl.ca.location=" + large},
		{"security.protocol=ssl", "ssl.certificate.location=" + large, "ssl.key.location=" + large},
	} {
		s, err := settingsFile(t, lines...).security()
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.options()
		wantError(t, err, "it is larger than 4 MiB")
	}
}

// TestSecurityErrors proves that settings that can't be are errors, which name a
// file, a line or a setting, and show no value.
func TestSecurityErrors(t *testing.T) {
	notPEM := writeFile(t, "ca.pem", []byte("no certificate"))
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{[]string{"", "sasl.passwort=secret"}, "kafka.conf:2: this is none of the settings security.protocol, "},
		{[]string{"secret"}, "kafka.conf:1: this is none of the settings"},
		{[]string{"security.protocol=secret"}, "security.protocol is not one of plaintext, ssl, sasl_plaintext, sasl_ssl"},
		{[]string{"sasl.password=secret"}, "sasl settings need security.protocol=sasl_ssl or sasl_plaintext"},
		{[]string{"security.protocol=ssl", "sasl.password=secret"}, "sasl settings need security.protocol=sasl_ssl or sasl_plaintext"},
		{[]string{"sasl.mechanism=plain"}, "sasl settings need security.protocol=sasl_ssl or sasl_plaintext"},
		{[]string{"security.protocol=sasl_plaintext", "sasl.password=secret"}, "sasl.username and sasl.password are needed"},
		{[]string{"security.protocol=sasl_ssl", "sasl.username=secret"}, "sasl.username and sasl.password are needed"},
		{[]string{"security.protocol=sasl_ssl", "sasl.username=u", "sasl.password=secret", "sasl.mechanism=GSSAPI"}, "sasl.mechanism is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"},
		{[]string{"security.protocol=ssl", "ssl.ca.location=missing.pem"}, "ssl.ca.location: open missing.pem"},
		{[]string{"security.protocol=ssl", "ssl.ca.location=" + notPEM}, "ca.pem has no certificate in PEM format"},
		{[]string{"security.protocol=ssl", "ssl.key.location=missing.key"}, "ssl.certificate.location and ssl.key.location: one needs the other"},
		{[]string{"security.protocol=ssl", "ssl.certificate.location=" + notPEM, "ssl.key.location=" + notPEM}, "ssl.certificate.location and ssl.key.location: "},
	} {
		s, err := settingsFile(t, test.lines...).security()
		if err == nil {
			_, err = s.options()
		}
		wantError(t, err, test.want)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("a value is shown: %v", err)
		}
	}
	_, err := Settings{File: "missing.conf"}.security()
	wantError(t, err, "missing.conf")
}
