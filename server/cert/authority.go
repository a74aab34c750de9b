package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"sandbank/server/clock"
)

// OtherHost is whose certificate a foreign one is.
const OtherHost = "other-bank.example"

const (
	day       = 24 * time.Hour
	year      = 365 * day
	maxLeaves = 1000 // then all are made anew, so that strange names bound nothing but themselves
)

// Authority signs the certificates of one process. Safe for concurrent use.
type Authority struct {
	hosts []string // that every leaf is for as well
	keys  func() (*keys, error)

	mu     sync.Mutex
	leaves map[leafKey]*tls.Certificate
}

// keys are what an authority is made of: itself, one of the same kind that nobody knows, and the key of all leaves.
type keys struct {
	known, stranger issuer
	leaf            *ecdsa.PrivateKey
}

type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// leafKey tells leaves apart. They are made anew each day: a browser keeps an exception for as long, and none ends while it is shown.
type leafKey struct {
	state State
	name  string
	day   int64
}

// New returns an authority whose leaves are for these hosts, for loopback, and for whatever name is asked for. Keys it makes when it
// needs them.
func New(hosts ...string) *Authority {
	return &Authority{hosts: append([]string{"localhost", "127.0.0.1", "::1"}, hosts...), keys: sync.OnceValues(makeKeys), leaves: map[leafKey]*tls.Certificate{}}
}

func makeKeys() (*keys, error) {
	var k keys
	var err error
	if k.known, err = newIssuer("Sandbank, no real bank"); err != nil {
		return nil, err
	}
	if k.stranger, err = newIssuer("Nobody that you know"); err != nil {
		return nil, err
	}
	k.leaf, err = newKey()
	return &k, err
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func newIssuer(name string) (issuer, error) {
	key, err := newKey()
	if err != nil {
		return issuer{}, err
	}
	now := clock.Wall()
	root := &x509.Certificate{Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-year), NotAfter: now.Add(10 * year),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true}
	der, err := sign(root, issuer{root, key}, key.Public())
	if err != nil {
		return issuer{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return issuer{cert, key}, err
}

// sign makes a certificate with a number that nobody can guess.
func sign(c *x509.Certificate, by issuer, of crypto.PublicKey) (der []byte, err error) {
	if c.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, err
	}
	return x509.CreateCertificate(rand.Reader, c, by.cert, of, by.key)
}

// PEM is the authority's own certificate, for clients to trust.
func (a *Authority) PEM() ([]byte, error) {
	k, err := a.keys()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.known.cert.Raw}), nil
}

// Leaf is the certificate that a host shows, a name or an address, in a state.
func (a *Authority) Leaf(s State, name string) (*tls.Certificate, error) {
	k, err := a.keys()
	if err != nil {
		return nil, err
	}
	now := clock.Wall()
	at := leafKey{s, strings.ToLower(name), now.Unix() / int64(day/time.Second)}
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf := a.leaves[at]; leaf != nil {
		return leaf, nil
	}
	by, c := k.known, &x509.Certificate{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(90 * day),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	hosts := append([]string{at.name}, a.hosts...)
	switch s {
	case Expired:
		c.NotBefore, c.NotAfter = now.Add(-90*day), now.Add(-time.Hour)
	case Early:
		c.NotBefore = now.Add(2 * day) // more than the day for which it is kept
	case Foreign:
		hosts = []string{OtherHost}
	case Unknown:
		by = k.stranger
	}
	entitle(c, hosts)
	der, err := sign(c, by, k.leaf.Public())
	if err != nil {
		return nil, err
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	a.leaves[at] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k.leaf}
	return a.leaves[at], nil
}

// entitle makes a certificate one for hosts. What is neither an address nor a name that a certificate can hold is left out.
func entitle(c *x509.Certificate, hosts []string) {
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			if !slices.ContainsFunc(c.IPAddresses, ip.Equal) {
				c.IPAddresses = append(c.IPAddresses, ip)
			}
		} else if named(host) && !slices.Contains(c.DNSNames, host) {
			c.DNSNames = append(c.DNSNames, host)
		}
	}
	c.Subject.CommonName = hosts[0]
	if len(hosts[0]) > 64 { // the most that it may have (RFC 5280, upper bounds)
		c.Subject.CommonName = "a long name"
	}
}

func named(host string) bool {
	return host != "" && len(host) < 254 && !strings.ContainsFunc(host, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_')
	})
}
