package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"hass/codegen"
	"hass/internal/cosim"
	"hass/optimizer"
)

func main() {
	d, err := optimizer.ReadDesign(os.Args[1])
	if err != nil {
		panic(err)
	}
	n, err := d.Network()
	if err != nil {
		panic(err)
	}
	images, _ := d.GoldenImages(filepath.Dir(os.Args[1]))
	data, _ := os.ReadFile(os.Args[2])
	var r codegen.RTLResult
	if err := json.Unmarshal(data, &r); err != nil {
		panic(err)
	}
	diffs, err := cosim.Compare(context.Background(), n, images, &r)
	fmt.Println(r.Problem(), err, len(diffs))
	for _, x := range diffs {
		fmt.Println(x)
	}
}
