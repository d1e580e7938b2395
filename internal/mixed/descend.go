package mixed

import "context"

// descend finds by bisection how many steps of the order can be taken within the loss, and gives the layers of r their widths. The widest
// weights are known to be within the loss. The bisection assumes that the loss rises along the order. If it does not, the chosen widths
// still keep the loss, but more steps might have kept it too.
func (s *searcher) descend(ctx context.Context, open []string, menus []menu, r *Report) error {
	moves := order(menus)
	take := func(n int) {
		for i := range r.Layers {
			r.Layers[i].Bits = s.opt.Candidates[0]
		}
		for _, m := range moves[:n] {
			r.Layers[m.layer].Bits = s.opt.Candidates[m.candidate]
		}
	}
	within, beyond := 0, len(moves)+1
	for beyond-within > 1 {
		n := (within + beyond) / 2
		take(n)
		_, net, err := s.fit(ctx, s.widths(open, r.bits()), nil)
		if err != nil {
			return err
		}
		j, err := s.judge(ctx, net)
		if err != nil {
			return err
		}
		if j.Lost <= s.opt.Loss {
			within, r.Chosen = n, *j
		} else {
			last := moves[n-1]
			beyond, r.Next = n, &Next{r.Layers[last.layer].Name, s.opt.Candidates[last.candidate], *j}
		}
	}
	take(within)
	return nil
}
