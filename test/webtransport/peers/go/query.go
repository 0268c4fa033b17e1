package main

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// parameters of a session's path.
type parameters struct {
	path string
	url.Values
}

// number is 0 where there is none.
func (p parameters) number(name string) int64 {
	value, _ := strconv.ParseInt(p.Get(name), 10, 64)
	return value
}

// pause lasts for a moment, or until the context ends.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(5 * time.Millisecond):
		return nil
	}
}
