package hwsim

import (
	"testing"

	"hass/internal/hw"
	"hass/internal/test/hwtest"
)

// TestPattern compares the runs of every process with its schedule, over two images.
func TestPattern(t *testing.T) {
	for seed := range int64(150) {
		c, err := hwtest.New(2000 + seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		for i := range n.Processes {
			if n.Processes[i].Kind == hw.WindowProc {
				continue
			}
			sched, p := n.NewSchedule(i, 2), newPattern(n, i)
			count, lag := 0, n.Lag(i)
			for range lag { // before the first image: proc's ahead knows
				sched.Next()
			}
			for {
				want, ok := sched.Next()
				if !ok {
					break
				}
				got, k := p.ahead()
				if count >= 2*p.perImage-lag { // likewise rows behind the last one that is read
					got.Reads = 0
				}
				if got != want || k < 1 {
					t.Fatalf("seed %d, %s: iteration %d is %v, want %v", seed, n.Processes[i].Name, count, got, want)
				}
				p.skip(1)
				count++
			}
			if count != 2*p.perImage {
				t.Fatalf("seed %d, %s: %d iterations, want 2*%d", seed, n.Processes[i].Name, count, p.perImage)
			}
		}
	}
}
