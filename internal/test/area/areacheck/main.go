// Areacheck synthesises the RTL of designs and compares the cost model with it.
//
//	go run ./internal/test/area/areacheck [-modules] design.json ...
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"hass/internal/test/area"
	"hass/optimizer/derive"
)

func main() {
	modules := flag.Bool("modules", false, "module by module also where the network is synthesised as a whole")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, name := range flag.Args() {
		if err := run(ctx, name, *modules); err != nil {
			fmt.Fprintln(os.Stderr, "check:", err)
			os.Exit(1)
		}
	}
}

func run(ctx context.Context, name string, modules bool) error {
	d, err := derive.ReadDesign(name)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "hass-check")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c, err := area.Check(ctx, d, dir, modules, func(s string) { fmt.Fprintln(os.Stderr, s) })
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d engines, model LUT +- %.1f %%, FF +- %.1f %%\n", name, area.Engines(d), 100*c.LUTError, 100*c.FFError)
	return c.Report(os.Stdout)
}
