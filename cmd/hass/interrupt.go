package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"hass/internal/artifact"
)

// grace is how long a command may take to stop by itself after an interrupt. Most stop within a
// few milliseconds; what does not (a pass over a hostile model, a write into a blocked pipe) is
// left where it is. Nothing is lost by that: files appear whole, by renaming, and only temporary
// ones are removed.
const grace = 700 * time.Millisecond

// interruptible runs work with a context that SIGINT and SIGTERM cancel, and returns its exit
// code, or 130 once grace is over or the second signal has come.
func interruptible(work func(ctx context.Context) int) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan int, 1)
	go func() { done <- work(ctx) }()
	select {
	case code := <-done:
		return code
	case <-signals:
		cancel()
	}
	select {
	case code := <-done:
		return code
	case <-signals:
	case <-time.After(grace):
	}
	// Results that are being put in place come first, if that takes no longer than files take.
	abandoned := make(chan struct{})
	go func() { artifact.Abandon(); close(abandoned) }()
	select {
	case <-abandoned:
	case <-time.After(grace / 4):
	}
	fmt.Fprintln(os.Stderr, interrupted)
	return exitInterrupted
}
