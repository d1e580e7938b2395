package hwsim_test

import (
	"context"
	"fmt"
	"log"

	"hass/hwsim"
	"hass/internal/test/hwtest"
)

// A network of processes is simulated image after image: outputs come from the tokens that moved, cycles from when they
// did.
func ExampleRun() {
	c, err := hwtest.New(9) // a random small network with hardware
	if err != nil {
		log.Fatal(err)
	}
	n, err := c.Network()
	if err != nil {
		log.Fatal(err)
	}
	r, err := hwsim.Run(context.Background(), n, c.Images(4), hwsim.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d images, %.0f cycles per image\n", len(r.Outputs), r.CyclesPerImage)
	// Output:
	// 4 images, 84 cycles per image
}
