package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// response is reported for each address, in their order.
type response struct {
	Status  int    `json:"status"`
	Proto   string `json:"proto"`
	Bytes   int64  `json:"bytes"`
	Sha256  string `json:"sha256"`
	Resumed bool   `json:"resumed"`
}

// patternReader gives `left` bytes that repeat 0 to 250.
type patternReader struct {
	at, left int64
}

func (p *patternReader) Read(into []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	count := min(int64(len(into)), p.left)
	for index := range into[:count] {
		into[index] = byte((p.at + int64(index)) % 251)
	}
	p.at += count
	p.left -= count
	return int(count), nil
}

// fetch gets all addresses at once on one connection, or posts the pattern to them, and reports the list of responses.
func fetch(args []string) error {
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	caFile := flags.String("ca", "", "PEM")
	bodyBytes := flags.Int64("body-bytes", -1, "POST so many bytes instead of GET")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pem, err := os.ReadFile(*caFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return errors.New("no certificate in " + *caFile)
	}
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13},
		QUICConfig:      &quic.Config{},
	}
	defer transport.Close()
	responses := make([]response, flags.NArg())
	failures := make([]error, flags.NArg())
	var waiting sync.WaitGroup
	for index, address := range flags.Args() {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			responses[index], failures[index] = fetchOne(transport, address, *bodyBytes)
		}()
	}
	waiting.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	report(responses)
	return nil
}

func fetchOne(transport *http3.Transport, address string, bodyBytes int64) (response, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if bodyBytes >= 0 {
		method, body = http.MethodPost, &patternReader{left: bodyBytes}
	}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		return response{}, err
	}
	if bodyBytes >= 0 {
		request.ContentLength = bodyBytes
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, answer.Body)
	return response{
		Status: answer.StatusCode, Proto: answer.Proto, Bytes: size,
		Sha256: hex.EncodeToString(hash.Sum(nil)), Resumed: answer.TLS.DidResume,
	}, err
}
