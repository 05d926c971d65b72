package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"dailystats/stats/input"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Settings is how brokers are reached.
type Settings struct {
	// File has settings, one on a line as name=value, by the names that librdkafka
	// has for them; see settingNames. Empty means no file.
	File string
	// Variables begins the names of environment variables, which beat the file:
	// with KAFKA, sasl.password is KAFKA_SASL_PASSWORD. Empty means no variables.
	Variables string
	// Timeout is how long brokers may take to answer, with all attempts; 30 seconds
	// by default.
	Timeout time.Duration
	// FetchSize is the most that a fetch may return, in bytes, and so the most that a
	// batch of messages may have; 2 MiB by default.
	FetchSize int
	// Tell takes a sentence about something that may take a while. It must be there.
	Tell func(message string)
}

const (
	defaultTimeout   = 30 * time.Second
	defaultFetchSize = 2 << 20

	// MinFetchSize is what brokers allow a batch to have where they are not told
	// otherwise (message.max.bytes), and a little more.
	MinFetchSize = 1<<20 + 64<<10
)

// What is read whole may have so many bytes.
const (
	maxSettings = 1 << 20
	maxPEM      = 4 << 20 // all authorities that there are come to a tenth
)

// settingNames are the settings of a file.
var settingNames = []string{
	"security.protocol", // plaintext, ssl, sasl_plaintext or sasl_ssl
	"sasl.mechanism",    // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	"sasl.username",
	"sasl.password",
	"ssl.ca.location",          // PEM file: who may have signed a broker's certificate; the system's by default
	"ssl.certificate.location", // PEM files: our own certificate
	"ssl.key.location",         // and its key
}

// fileSettings are those that name a file.
var fileSettings = []string{"ssl.ca.location", "ssl.certificate.location", "ssl.key.location"}

// security is what the settings come to, by name.
type security map[string]string

// File is a file that is read for its settings, or because one of them names it.
type File struct {
	Path    string
	Setting string // that names it; empty for the file of settings
}

// Files returns the files that are read to reach brokers.
func (in *Inputs) Files() ([]File, error) {
	values, err := in.security()
	if err != nil {
		return nil, err
	}
	var files []File
	if in.settings.File != "" {
		files = append(files, File{Path: in.settings.File})
	}
	for _, name := range fileSettings {
		if values[name] != "" {
			files = append(files, File{values[name], name})
		}
	}
	return files, nil
}

// security reads the settings. Errors don't show values.
func (s Settings) security() (security, error) {
	values := security{}
	if s.File != "" {
		text, err := input.ReadSmall(s.File, maxSettings)
		if err != nil {
			return nil, err
		}
		if err := values.parse(string(text)); err != nil {
			return nil, fmt.Errorf("%s:%w", s.File, err)
		}
	}
	for _, name := range settingNames {
		variable := s.Variables + "_" + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
		if value := os.Getenv(variable); value != "" && s.Variables != "" {
			values[name] = value
		}
	}
	return values, nil
}

func (s security) parse(text string) error {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !found || !slices.Contains(settingNames, name) {
			return fmt.Errorf("%d: this is none of the settings %s", number, strings.Join(settingNames, ", "))
		}
		s[name] = strings.TrimSpace(value)
	}
	return nil
}

// options returns what the settings are to a client.
func (s security) options() (options []kgo.Opt, err error) {
	protocol := strings.ToLower(s["security.protocol"])
	switch protocol {
	case "", "plaintext", "ssl":
		if s["sasl.mechanism"] != "" || s["sasl.password"] != "" {
			return nil, errors.New("sasl settings need security.protocol=sasl_ssl or sasl_plaintext")
		}
	}
	switch protocol {
	case "", "plaintext":
		return nil, nil
	case "ssl", "sasl_ssl":
		config, err := s.tls()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(config))
		if protocol == "ssl" {
			return options, nil
		}
	case "sasl_plaintext":
	default:
		return nil, errors.New("security.protocol is not one of plaintext, ssl, sasl_plaintext, sasl_ssl")
	}
	mechanism, err := s.sasl()
	return append(options, mechanism), err
}

func (s security) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if path := s["ssl.ca.location"]; path != "" {
		authorities, err := input.ReadSmall(path, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("ssl.ca.location: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("ssl.ca.location: %s has no certificate in PEM format", path)
		}
	}
	if s["ssl.certificate.location"] != "" || s["ssl.key.location"] != "" {
		own, err := keyPair(s["ssl.certificate.location"], s["ssl.key.location"])
		if err != nil {
			return nil, fmt.Errorf("ssl.certificate.location and ssl.key.location: %w", err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}

func keyPair(certificate, key string) (pair tls.Certificate, err error) {
	if certificate == "" || key == "" {
		return pair, errors.New("one needs the other")
	}
	certificates, err := input.ReadSmall(certificate, maxPEM)
	if err != nil {
		return pair, err
	}
	private, err := input.ReadSmall(key, maxPEM)
	if err != nil {
		return pair, err
	}
	return tls.X509KeyPair(certificates, private)
}

func (s security) sasl() (kgo.Opt, error) {
	user, password := s["sasl.username"], s["sasl.password"]
	if user == "" || password == "" {
		return nil, errors.New("sasl.username and sasl.password are needed")
	}
	switch strings.ToUpper(s["sasl.mechanism"]) {
	case "PLAIN":
		return kgo.SASL(plain.Auth{User: user, Pass: password}.AsMechanism()), nil
	case "SCRAM-SHA-256":
		return kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha256Mechanism()), nil
	case "SCRAM-SHA-512":
		return kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism()), nil
	default:
		return nil, errors.New("sasl.mechanism is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
	}
}
