// An HTTP/3 server on a recent quic-go: it accepts Encrypted Client Hello and 0-RTT, and follows a client to a new
// address. Standard output has one JSON object a line; the first says where it listens. It ends when standard input does.
//
// With "client" as its first argument it is a client instead; see client.go.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// listening is reported once. The lists are ECHConfigLists in Base64 (that is how Go's JSON has bytes).
type listening struct {
	Event string `json:"event"`
	Port  int    `json:"port"`
	// EchConfigList names a key that the server has; StaleEchConfigList one that it does not have.
	EchConfigList      []byte `json:"echConfigList"`
	StaleEchConfigList []byte `json:"staleEchConfigList"`
}

// request is reported for each request when its headers have arrived.
type request struct {
	Event  string `json:"event"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Remote string `json:"remote"`
	// Early: the handshake was not complete, so the request came in 0-RTT.
	Early       bool   `json:"early"`
	Resumed     bool   `json:"resumed"`
	EchAccepted bool   `json:"echAccepted"`
	ServerName  string `json:"serverName"`
}

var reporting sync.Mutex

func report(event any) {
	line, err := json.Marshal(event)
	if err != nil {
		log.Fatal(err)
	}
	reporting.Lock()
	defer reporting.Unlock()
	fmt.Println(string(line))
}

func reported(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report(request{
			Event: "request", Method: r.Method, Path: r.URL.Path, Remote: r.RemoteAddr,
			Early: !r.TLS.HandshakeComplete, Resumed: r.TLS.DidResume,
			EchAccepted: r.TLS.ECHAccepted, ServerName: r.TLS.ServerName,
		})
		handler.ServeHTTP(w, r)
	})
}

// digest answers with the size and SHA-256 of the request's body.
func digest(w http.ResponseWriter, r *http.Request) {
	hash := sha256.New()
	size, err := io.Copy(hash, r.Body)
	if err != nil {
		return
	}
	w.Header().Set("content-type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"bytes": size, "sha256": hex.EncodeToString(hash.Sum(nil))})
}

// bytes answers with `length` bytes that repeat 0 to 250: 251 is prime, so that a shifted block shows.
func bytes(w http.ResponseWriter, r *http.Request) {
	length, err := strconv.Atoi(r.URL.Query().Get("length"))
	if err != nil {
		http.Error(w, "length: a number is expected", http.StatusBadRequest)
		return
	}
	w.Header().Set("content-length", strconv.Itoa(length))
	block := make([]byte, 251*256)
	for index := range block {
		block[index] = byte(index % 251)
	}
	for length > 0 {
		n, err := w.Write(block[:min(length, len(block))])
		if err != nil {
			return
		}
		length -= n
	}
}

func run() error {
	certificateFile := flag.String("certificate", "", "chain in PEM")
	keyFile := flag.String("private-key", "", "key in PEM")
	port := flag.Int("port", 0, "on 127.0.0.1")
	publicName := flag.String("public-name", "", "switches ECH on: the name in the outer client hello")
	lostKey := flag.Bool("lost-key", false, "accept no ECH: offer a configuration whose private key is another one")
	flag.Parse()

	certificate, err := tls.LoadX509KeyPair(*certificateFile, *keyFile)
	if err != nil {
		return err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13}
	ready := listening{Event: "listening"}
	if *publicName != "" {
		key, err := newEchKey(1, *publicName)
		if err != nil {
			return err
		}
		stale, err := newEchKey(2, *publicName)
		if err != nil {
			return err
		}
		if *lostKey {
			key.PrivateKey = stale.PrivateKey
		}
		config.EncryptedClientHelloKeys = []tls.EncryptedClientHelloKey{key}
		ready.EchConfigList, ready.StaleEchConfigList = echConfigList(key), echConfigList(stale)
	}

	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *port})
	if err != nil {
		return err
	}
	ready.Port = socket.LocalAddr().(*net.UDPAddr).Port
	routes := http.NewServeMux()
	routes.HandleFunc("/bytes", bytes)
	routes.HandleFunc("/digest", digest)
	routes.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") })
	server := &http3.Server{Handler: reported(routes), TLSConfig: config, QUICConfig: &quic.Config{Allow0RTT: true}}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	report(ready)
	return server.Serve(socket)
}

func main() {
	work := run
	if len(os.Args) > 1 && os.Args[1] == "client" {
		work = func() error { return fetch(os.Args[2:]) }
	}
	if err := work(); err != nil {
		log.Fatal(err)
	}
}
