//go:build draft02

// The last webtransport-go that speaks draft 02 alone: its server refuses whoever does not offer that draft by name in a
// header, and it knows neither reliable stream resets, nor flow control, nor application protocols.
package main

import (
	"context"
	"crypto/tls"
	"net/http"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

func newServer(config *tls.Config, handler http.Handler, _ limits) *webtransport.Server {
	return &webtransport.Server{
		H3:          http3.Server{Handler: handler, TLSConfig: http3.ConfigureTLSConfig(config)},
		CheckOrigin: func(*http.Request) bool { return true },
	}
}

func dial(ctx context.Context, address string, config *tls.Config, _ limits) (*http.Response, *webtransport.Session, error) {
	dialer := &webtransport.Dialer{TLSClientConfig: config, QUICConfig: &quic.Config{EnableDatagrams: true}}
	return dialer.Dial(ctx, address, nil)
}

func negotiatedProtocol(*webtransport.Session) string {
	return ""
}
