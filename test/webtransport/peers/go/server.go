package main

import (
	"context"
	"crypto/tls"
	"flag"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/quic-go/webtransport-go"
)

type event map[string]any

// served is a session and what its path asks for.
type served struct {
	*webtransport.Session
	query parameters
}

// routes says what each path does with a session besides reporting it.
var routes = map[string]func(served){
	"/echo":   echo,
	"/report": reportStreams,
	"/reset":  refuse,
	"/stop":   refuse,
	"/close": func(s served) {
		s.CloseWithError(webtransport.SessionErrorCode(s.query.number("code")), s.query.Get("reason"))
	},
	"/push": push,
}

func serve(args []string) error {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	certificateFile := flags.String("certificate", "", "chain in PEM")
	keyFile := flags.String("private-key", "", "key in PEM")
	maxStreams := flags.Int64("max-streams", 0, "WebTransport flow control: streams of either kind; 0 for none")
	maxData := flags.Int64("max-data", 0, "WebTransport flow control: bytes; 0 for none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(*certificateFile, *keyFile)
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	var server *webtransport.Server
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(server, w, r) })
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13}
	server = newServer(config, handler, limits{streams: *maxStreams, data: *maxData})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	report(event{"event": "listening", "port": socket.LocalAddr().(*net.UDPAddr).Port})
	return server.Serve(socket)
}

func answer(server *webtransport.Server, w http.ResponseWriter, r *http.Request) {
	report(event{"event": "request", "path": r.URL.Path, "protocol": r.Proto, "headers": r.Header, "origin": r.Header.Get("origin")})
	query := parameters{r.URL.Path, r.URL.Query()}
	if r.URL.Path == "/reject" {
		w.WriteHeader(int(query.number("status")))
		return
	}
	route, isKnown := routes[r.URL.Path]
	if !isKnown {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	session, err := server.Upgrade(w, r)
	if err != nil {
		report(event{"event": "refused", "error": err.Error()})
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	report(event{"event": "session", "path": r.URL.Path, "protocol": negotiatedProtocol(session)})
	go func() {
		<-session.Context().Done()
		_, err := session.AcceptStream(context.Background())
		for err == nil {
			_, err = session.AcceptStream(context.Background())
		}
		report(event{"event": "closed", "closure": closureOf(err)})
	}()
	route(served{session, query})
}

// eachStream does something with every stream that comes, each in a routine of its own.
func (s served) eachStream(bidirectional func(*webtransport.Stream), unidirectional func(*webtransport.ReceiveStream)) {
	go func() {
		for {
			stream, err := s.AcceptStream(s.Context())
			if err != nil {
				return
			}
			go bidirectional(stream)
		}
	}()
	go func() {
		for {
			stream, err := s.AcceptUniStream(s.Context())
			if err != nil {
				return
			}
			go unidirectional(stream)
		}
	}()
}

// echo answers streams on themselves or on new ones, and datagrams.
func echo(s served) {
	s.eachStream(func(stream *webtransport.Stream) {
		copyTo(stream, stream)
	}, func(stream *webtransport.ReceiveStream) {
		back, err := s.OpenUniStreamSync(s.Context())
		if err == nil {
			copyTo(back, stream)
		}
	})
	for {
		data, err := s.ReceiveDatagram(s.Context())
		if err != nil {
			return
		}
		s.SendDatagram(data)
	}
}

func copyTo(to io.WriteCloser, from io.Reader) {
	// Without this, the struct's only method is Write: a copy by pieces.
	if _, err := io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from}); err == nil {
		to.Close()
	}
}

// reportStreams tells how the client ends each direction of its streams.
func reportStreams(s served) {
	s.eachStream(func(stream *webtransport.Stream) {
		ended := make(chan struct{})
		go func() {
			reportEnd(stream)
			close(ended)
		}()
		for {
			// What it writes is of no interest; what stops it is.
			if _, err := stream.Write([]byte{0}); err != nil {
				report(event{"event": "stop", "code": streamCode(err)})
				break
			}
			if err := pause(s.Context()); err != nil {
				return
			}
		}
		<-ended
		// Shows the client that both codes have been seen.
		if seen, err := s.OpenUniStream(); err == nil {
			seen.Close()
		}
	}, func(stream *webtransport.ReceiveStream) { reportEnd(stream) })
}

func reportEnd(stream io.Reader) {
	received, err := digestOf(stream)
	if err != nil {
		report(event{"event": "reset", "code": streamCode(err)})
		return
	}
	report(event{"event": "received", "bytes": received.Bytes, "sha256": received.Sha256})
}

// refuse ends every stream by the code: a reset of both directions, or (`/stop`) of what comes in alone.
func refuse(s served) {
	code := webtransport.StreamErrorCode(s.query.number("code"))
	s.eachStream(func(stream *webtransport.Stream) {
		// The session that a stream belongs to is told before its data: reading some shows that it has begun.
		stream.Read(make([]byte, 1))
		stream.CancelRead(code)
		if s.query.path == "/reset" {
			stream.CancelWrite(code)
		} else {
			stream.Close()
		}
	}, func(stream *webtransport.ReceiveStream) { stream.CancelRead(code) })
}

// push opens a stream of either kind and sends datagrams without being asked, and more of them when the stream has been
// answered: a client may drop those that overtake the response.
func push(s served) {
	size := s.query.number("bytes")
	sendDatagrams := func(text string) {
		for range 3 {
			s.SendDatagram([]byte(text))
		}
	}
	sendDatagrams("early")
	if stream, err := s.OpenUniStream(); err == nil {
		sendPattern(stream, size)
	}
	if stream, err := s.OpenStream(); err == nil {
		sendPattern(stream, size)
		reportEnd(stream)
		sendDatagrams("late")
	}
}
