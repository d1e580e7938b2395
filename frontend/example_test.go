package frontend_test

import (
	"fmt"
	"log"

	"hass/frontend"
)

// A model becomes a graph of the closed operator set; Check reports nodes without hardware.
func ExampleLoad() {
	g, err := frontend.Load("../examples/demo/model.onnx")
	if err != nil {
		log.Fatal(err)
	}
	in := g.Inputs[0]
	fmt.Println(in.Name, in.Shape, len(g.Nodes), "nodes")
	for _, n := range g.Nodes[:3] {
		fmt.Println(n.Name, n.Op.Kind())
	}
	// Output:
	// input [1,3,20,20] 17 nodes
	// /stem/Conv conv
	// /Relu relu
	// /MaxPool maxpool
}
