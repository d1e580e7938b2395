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

// grace is the time that a command has to stop by itself after an interrupt. Most commands stop
// within a few milliseconds. Work that does not (a pass over a hostile model, a write into a
// blocked pipe) is abandoned. Nothing is lost by that: complete files are renamed into place,
// and only temporary files are removed.
const grace = 700 * time.Millisecond

// interruptible runs work with a context that SIGINT and SIGTERM cancel. It returns work's
// exit code, or 130 if grace has passed or a second signal has arrived.
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
	// Let files that are just being renamed into place finish first, as long as that takes no
	// longer than file operations should.
	abandoned := make(chan struct{})
	go func() { artifact.Abandon(); close(abandoned) }()
	select {
	case <-abandoned:
	case <-time.After(grace / 4):
	}
	fmt.Fprintln(os.Stderr, interrupted)
	return exitInterrupted
}
