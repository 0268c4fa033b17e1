package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/quic-go/webtransport-go"
)

// A datagram that was not answered in this time is sent again.
const datagramPatience = 500 * time.Millisecond

// step of a scenario; which members count depends on what is to be done.
type step struct {
	Do     string `json:"do"`
	Bytes  int64  `json:"bytes"`
	Count  int    `json:"count"`
	Code   uint32 `json:"code"`
	Reason string `json:"reason"`
}

// runClient opens a session, carries out a scenario, and reports the results in the order of its steps.
func runClient(args []string) error {
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	caFile := flags.String("ca", "", "PEM")
	scenario := flags.String("scenario", "[]", "steps in JSON")
	maxStreams := flags.Int64("max-streams", 0, "WebTransport flow control: streams of either kind; 0 for none")
	maxData := flags.Int64("max-data", 0, "WebTransport flow control: bytes; 0 for none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var steps []step
	if err := json.Unmarshal([]byte(*scenario), &steps); err != nil {
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
	ctx := context.Background()
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}
	response, session, err := dial(ctx, flags.Arg(0), config, limits{streams: *maxStreams, data: *maxData})
	if err != nil {
		status := 0
		if response != nil {
			status = response.StatusCode
		}
		report(event{"status": status, "error": err.Error(), "results": []any{}})
		return nil
	}
	results := []any{}
	for _, step := range steps {
		result, err := carryOut(ctx, session, step)
		if err != nil {
			return fmt.Errorf("%s: %w", step.Do, err)
		}
		results = append(results, result)
	}
	report(event{"status": response.StatusCode, "protocol": negotiatedProtocol(session), "results": results})
	// What was sent last has to be acknowledged before the process may end.
	time.Sleep(100 * time.Millisecond)
	return nil
}

func carryOut(ctx context.Context, session *webtransport.Session, step step) (any, error) {
	switch step.Do {
	case "bidi":
		stream, err := session.OpenStreamSync(ctx)
		if err != nil {
			return nil, err
		}
		sent := make(chan error, 1)
		go func() { sent <- sendPattern(stream, step.Bytes) }()
		received, err := digestOf(stream)
		return received, errors.Join(err, <-sent)
	case "uni":
		stream, err := session.OpenUniStreamSync(ctx)
		if err != nil {
			return nil, err
		}
		sent := make(chan error, 1)
		go func() { sent <- sendPattern(stream, step.Bytes) }()
		received, err := receiveUnidirectional(ctx, session)
		return received, errors.Join(err, <-sent)
	case "datagrams":
		return exchangeDatagrams(ctx, session, step)
	case "refused":
		return awaitRefusal(ctx, session)
	case "refuse":
		return refuseStream(ctx, session, webtransport.StreamErrorCode(step.Code))
	case "pushed":
		return receivePushed(ctx, session)
	case "close":
		return event{}, session.CloseWithError(webtransport.SessionErrorCode(step.Code), step.Reason)
	case "closed":
		for {
			if _, err := session.AcceptStream(ctx); err != nil {
				return closureOf(err), nil
			}
		}
	}
	return nil, errors.New("no such step")
}

func receiveUnidirectional(ctx context.Context, session *webtransport.Session) (digest, error) {
	stream, err := session.AcceptUniStream(ctx)
	if err != nil {
		return digest{}, err
	}
	return digestOf(stream)
}

// exchangeDatagrams sends each until it is answered: they may be lost even on the loopback interface.
func exchangeDatagrams(ctx context.Context, session *webtransport.Session, step step) (any, error) {
	echoed := 0
	for index := range step.Count {
		data := make([]byte, step.Bytes)
		for at := range data {
			data[at] = byte((index + at) % 251)
		}
		for isAnswered := false; !isAnswered; {
			if err := session.SendDatagram(data); err != nil {
				return nil, err
			}
			limited, cancel := context.WithTimeout(ctx, datagramPatience)
			answer, err := session.ReceiveDatagram(limited)
			cancel()
			if err != nil && limited.Err() == nil {
				return nil, err
			}
			isAnswered = err == nil && string(answer) == string(data)
		}
		echoed++
	}
	return event{"echoed": echoed}, nil
}

// awaitRefusal opens a stream and tells by which codes the server ends its two directions.
func awaitRefusal(ctx context.Context, session *webtransport.Session) (any, error) {
	stream, err := session.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	reset := make(chan *uint32, 1)
	go func() {
		_, err := digestOf(stream)
		reset <- streamCode(err)
	}()
	for {
		if _, err := stream.Write([]byte{0}); err != nil {
			stop := streamCode(err)
			stream.Close()
			return event{"stop": stop, "reset": <-reset}, nil
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// refuseStream opens a stream, ends both directions by a code, and waits until the server has seen that.
func refuseStream(ctx context.Context, session *webtransport.Session, code webtransport.StreamErrorCode) (any, error) {
	stream, err := session.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := stream.Write([]byte("begun")); err != nil {
		return nil, err
	}
	// The server's first byte shows that it knows the stream.
	if _, err := stream.Read(make([]byte, 1)); err != nil {
		return nil, err
	}
	stream.CancelWrite(code)
	stream.CancelRead(code)
	return receiveUnidirectional(ctx, session)
}

// receivePushed takes what the server sends by itself: a stream of either kind and datagrams, of which it tells the first.
func receivePushed(ctx context.Context, session *webtransport.Session) (any, error) {
	stream, err := session.AcceptStream(ctx)
	if err != nil {
		return nil, err
	}
	bidirectional, err := digestOf(stream)
	if err != nil {
		return nil, err
	}
	if err := sendPattern(stream, bidirectional.Bytes); err != nil {
		return nil, err
	}
	unidirectional, err := receiveUnidirectional(ctx, session)
	if err != nil {
		return nil, err
	}
	first, err := session.ReceiveDatagram(ctx)
	// The late ones show that the server has had the answer.
	for last := first; err == nil && string(last) != "late"; {
		last, err = session.ReceiveDatagram(ctx)
	}
	return event{"bidi": bidirectional, "uni": unidirectional, "datagram": string(first)}, err
}
