package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/quic-go/webtransport-go"
)

// patternReader gives `left` bytes that repeat 0 to 250: 251 is prime, so that a shifted block shows.
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

// digest is what a stream brought.
type digest struct {
	Bytes  int64  `json:"bytes"`
	Sha256 string `json:"sha256"`
}

// digestOf reads to the end.
func digestOf(reader io.Reader) (digest, error) {
	hash := sha256.New()
	size, err := io.Copy(hash, reader)
	return digest{Bytes: size, Sha256: hex.EncodeToString(hash.Sum(nil))}, err
}

func sendPattern(writer io.WriteCloser, size int64) error {
	// Not io.Copy's choice of a method of the stream: pieces of 32 KiB.
	if _, err := io.CopyBuffer(struct{ io.Writer }{writer}, &patternReader{left: size}, nil); err != nil {
		return err
	}
	return writer.Close()
}

// streamCode is the peer's code of a RESET_STREAM or STOP_SENDING; nil for any other end.
func streamCode(err error) *uint32 {
	var streamError *webtransport.StreamError
	if !errors.As(err, &streamError) {
		return nil
	}
	code := uint32(streamError.ErrorCode)
	return &code
}

// closure is how a session ended. Code and reason are null and empty if no capsule told them.
type closure struct {
	Code   *uint32 `json:"code"`
	Reason string  `json:"reason"`
	Remote bool    `json:"remote"`
	Error  string  `json:"error,omitempty"`
}

func closureOf(err error) closure {
	var sessionError *webtransport.SessionError
	if !errors.As(err, &sessionError) {
		return closure{Error: err.Error()}
	}
	code := uint32(sessionError.ErrorCode)
	return closure{Code: &code, Reason: sessionError.Message, Remote: sessionError.Remote}
}
