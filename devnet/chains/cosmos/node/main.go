// A local Cosmos chain for development: a Cosmos SDK application under real CometBFT consensus, in one process.
//
//	cosmos-node --home DIR --config FILE [--rpc 127.0.0.1:0] [--control 127.0.0.1:0]
//
// It prints one line of JSON when it is up, and ends with SIGTERM, SIGINT, or when its standard input closes: so it
// never outlives the process that started it, however that one ended.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	home := flag.String("home", "", "folder of the chain's state")
	file := flag.String("config", "", "description of the chain, JSON")
	rpc := flag.String("rpc", "127.0.0.1:26657", "address of CometBFT's RPC")
	dev := flag.String("control", "127.0.0.1:0", "address of the developer's port")
	flag.Parse()
	if err := run(*home, *file, *rpc, *dev); err != nil {
		fmt.Fprintln(os.Stderr, "cosmos-node:", err)
		os.Exit(1)
	}
}

func run(home, file, rpc, dev string) error {
	config, err := readConfig(file)
	if err != nil {
		return err
	}
	if err := loopback(rpc, dev); err != nil {
		return err
	}
	ended := make(chan error, 4)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended <- nil
	}()

	listener, err := net.Listen("tcp", dev)
	if err != nil {
		return err
	}
	defer listener.Close()
	chain, err := startChain(home, rpc, config)
	if err != nil {
		return err
	}
	producer := &producer{chain: chain}
	if err := producer.first(); err != nil {
		return err
	}
	if !config.Driven {
		go producer.live(time.Duration(config.BlockMs)*time.Millisecond, func(failure error) { ended <- failure })
	}
	server := &http.Server{Handler: (&control{chain, producer}).handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	ready, err := json.Marshal(map[string]string{"rpc": rpc, "control": listener.Addr().String(), "chainId": config.ChainID})
	if err != nil {
		return err
	}
	fmt.Println(string(ready))

	var failure error
	select {
	case <-signals:
	case failure = <-ended:
	}
	_ = server.Close()
	if closing := chain.close(); failure == nil {
		failure = closing
	}
	return failure
}

// loopback refuses to be reached from elsewhere: every key of this chain is public.
func loopback(addresses ...string) error {
	for _, one := range addresses {
		host, _, err := net.SplitHostPort(one)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			return fmt.Errorf("%s is no loopback address", one)
		}
	}
	return nil
}
