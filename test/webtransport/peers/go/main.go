// A WebTransport server, or with "client" as its first argument a client, on webtransport-go: the newest version, or with
// the build tag draft02 and draft02.mod an old one. README.md in the folder above says what both do.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sync"
)

// limits of WebTransport's own flow control; zero for those that are not announced.
type limits struct {
	streams, data int64
}

// applicationProtocols that both sides know, the best first.
var applicationProtocols = []string{"necko-2", "necko-1"}

var reporting sync.Mutex

// report writes a line of JSON to standard output.
func report(event any) {
	line, err := json.Marshal(event)
	if err != nil {
		log.Fatal(err)
	}
	reporting.Lock()
	defer reporting.Unlock()
	fmt.Println(string(line))
}

func main() {
	work, args := serve, os.Args[1:]
	if len(args) > 0 && args[0] == "client" {
		work, args = runClient, args[1:]
	}
	if err := work(args); err != nil {
		log.Fatal(err)
	}
}
