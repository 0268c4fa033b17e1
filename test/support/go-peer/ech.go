package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
)

// Code points of RFC 9849 and RFC 9180.
const (
	echVersion      = 0xfe0d
	kemX25519Sha256 = 0x0020
	kdfHkdfSha256   = 0x0001
	aeadAes128Gcm   = 0x0001
)

// Longest inner server name that the configurations suggest to pad to, in bytes.
const maximumNameLength = 64

// newEchKey makes a key pair with its ECHConfig (RFC 9849 4).
func newEchKey(id uint8, publicName string) (tls.EncryptedClientHelloKey, error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return tls.EncryptedClientHelloKey{}, err
	}
	public := key.PublicKey().Bytes()
	contents := []byte{id}
	contents = binary.BigEndian.AppendUint16(contents, kemX25519Sha256)
	contents = appendVector(contents, public)
	contents = binary.BigEndian.AppendUint16(contents, 4)
	contents = binary.BigEndian.AppendUint16(contents, kdfHkdfSha256)
	contents = binary.BigEndian.AppendUint16(contents, aeadAes128Gcm)
	contents = append(contents, maximumNameLength, uint8(len(publicName)))
	contents = append(contents, publicName...)
	contents = binary.BigEndian.AppendUint16(contents, 0) // No extensions.
	config := binary.BigEndian.AppendUint16(nil, echVersion)
	return tls.EncryptedClientHelloKey{
		Config:      appendVector(config, contents),
		PrivateKey:  key.Bytes(),
		SendAsRetry: true,
	}, nil
}

// echConfigList is what an HTTPS record carries in its `ech` parameter.
func echConfigList(key tls.EncryptedClientHelloKey) []byte {
	return appendVector(nil, key.Config)
}

// appendVector appends a vector of TLS's presentation language with a length of 16 bits.
func appendVector(to, contents []byte) []byte {
	to = binary.BigEndian.AppendUint16(to, uint16(len(contents)))
	return append(to, contents...)
}
