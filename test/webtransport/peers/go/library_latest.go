//go:build !draft02

// The newest webtransport-go. It announces drafts 02 and 15, and as a client it insists on draft 15's settings and on
// reliable stream resets.
package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

// sessionConfig has the limits of WebTransport's own flow control; without any it is not negotiated.
func sessionConfig(limits limits) *webtransport.Config {
	return &webtransport.Config{
		MaxIncomingStreams:    limits.streams,
		MaxIncomingUniStreams: limits.streams,
		MaxIncomingData:       limits.data,
	}
}

func newServer(config *tls.Config, handler http.Handler, limits limits) *webtransport.Server {
	server := &webtransport.Server{
		H3:                   &http3.Server{Handler: handler, TLSConfig: http3.ConfigureTLSConfig(config)},
		Config:               sessionConfig(limits),
		ApplicationProtocols: applicationProtocols,
		CheckOrigin:          func(*http.Request) bool { return true },
	}
	webtransport.ConfigureHTTP3Server(server.H3)
	return server
}

// dial owns the connection, so that it outlives its session: what the session sends last would be lost otherwise.
func dial(ctx context.Context, address string, config *tls.Config, limits limits) (*http.Response, *webtransport.Session, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	config = config.Clone()
	config.NextProtos = []string{http3.NextProtoH3}
	connection, err := quic.DialAddr(ctx, target.Host, config, &quic.Config{
		EnableDatagrams: true, EnableStreamResetPartialDelivery: true,
	})
	if err != nil {
		return nil, nil, err
	}
	transport := &webtransport.Transport{
		Config: sessionConfig(limits), ApplicationProtocols: applicationProtocols,
	}
	client, err := transport.NewClientConn(connection)
	if err != nil {
		return nil, nil, err
	}
	return client.Dial(ctx, address, nil)
}

func negotiatedProtocol(session *webtransport.Session) string {
	return session.SessionState().ApplicationProtocol
}
