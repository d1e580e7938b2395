package report

import (
	"fmt"
	"strings"
)

// proofs lists the claims that are proved, compared, estimated or not checked.
func (v *view) proofs() section {
	s := section{ID: "proved", Title: "What was proved, and what was not?", Short: "Proofs"}
	proved := block{Heading: "Proved for all data"}
	if l := v.Live; l != nil {
		if l.Deadlock == "" {
			skips := 0
			for i := range v.Run.FIFOs {
				if v.Run.FIFOs[i].Minimum > 0 {
					skips++
				}
			}
			proved.List = append(proved.List, item{good, signs[good], "No deadlock", fmt.Sprintf("The order of reads and writes depends on shapes alone, and the state of the network repeats after %s.", count(l.Period, "image"))})
			if skips > 0 {
				proved.List = append(proved.List, item{good, signs[good], "Least depths", fmt.Sprintf("The least depth of %s is known exactly: one token less deadlocks.", count(skips, "skip FIFO"))})
			}
		} else {
			proved.List = append(proved.List, item{bad, signs[bad], "Deadlock", short(l.Deadlock, 4*maxName)})
		}
	} else {
		s.Missing = append(s.Missing, lacking("The proof against deadlock", "design.json"))
	}
	if len(proved.List) > 0 {
		s.Blocks = append(s.Blocks, proved)
	}
	compared := block{Heading: "Compared on images", Intro: "Compared with the integer network, bit for bit. This says nothing about other images."}
	if v.Summary != nil {
		for _, c := range v.Summary.Checks {
			switch {
			case c.Images == 0:
				compared.List = append(compared.List, item{open, signs[open], c.What, "not run in this build"})
			case c.Mismatches > 0:
				compared.List = append(compared.List, item{bad, signs[bad], c.What, fmt.Sprintf("%s of %s differ", whole(c.Mismatches), count(c.Images, "image"))})
			default:
				compared.List = append(compared.List, item{good, signs[good], c.What, fmt.Sprintf("%s, no difference", count(c.Images, "image"))})
			}
		}
		s.Blocks = append(s.Blocks, compared)
	} else if sim := v.Simulation; sim != nil {
		class := good
		if sim.Mismatches > 0 {
			class = bad
		}
		compared.List = append(compared.List, item{class, signs[class], "simulator", fmt.Sprintf("%s of %s differ", whole(sim.Mismatches), count(sim.Images, "image"))})
		s.Blocks = append(s.Blocks, compared)
	} else {
		s.Missing = append(s.Missing, lacking("Comparisons with the integer network", "summary.json"))
	}
	estimated := block{Heading: "Estimates"}
	if c := v.Clock; c != nil {
		estimated.List = append(estimated.List, item{open, signs[open], "Clock", c.String()})
	}
	if w := v.costWords(); w != "" {
		estimated.List = append(estimated.List, item{open, signs[open], "Resources", w})
	}
	if v.Prediction != nil {
		estimated.List = append(estimated.List, item{open, signs[open], "Cycles by estimate", "for engines that skip zeros from a sample of images; \u00b1 is half the width of the 95 % interval"})
	}
	if len(estimated.List) > 0 {
		s.Blocks = append(s.Blocks, estimated)
	}
	s.Blocks = append(s.Blocks, block{Heading: "Not proved without AMD\u2019s tools and a board", List: []item{
		{open, signs[open], "Timing", "no tool of AMD has placed this design"},
		{open, signs[open], "Resources", "no counts of Vivado"},
		{open, signs[open], "C++", "Vitis HLS has not scheduled the loops; an initiation interval of 1 is expected"},
		{open, signs[open], "Board", "nothing here was measured on hardware"},
	}})
	s.Blocks = append(s.Blocks, v.sourcesBlock())
	return s
}

// sourcesBlock lists the artefacts with their hashes.
func (v *view) sourcesBlock() block {
	t := &table{ID: "sources", Caption: "Artefacts that this page was made from", Plain: true,
		Cols: []column{{Title: "file"}, {Title: "schema"}, {Title: "written by"}, {Title: "SHA-256"}, {Title: "made from"}}}
	for i := range v.Sources {
		x := &v.Sources[i]
		if !x.Given() {
			t.Rows = append(t.Rows, row{Cells: []cell{words(x.File), {Text: "not given", Class: "none"}, none, none, none}})
			continue
		}
		var from []string
		for _, name := range sortedKeys(x.Inputs) {
			from = append(from, short(name, 40)+" "+short(x.Inputs[name], 13))
		}
		t.Rows = append(t.Rows, row{Cells: []cell{words(x.File), words(fmt.Sprintf("%s, version %d", x.Schema, x.Version)), words(x.Tool), {Text: x.SHA256, Class: "hash"}, words(strings.Join(from, ", "))}})
	}
	return block{Heading: "Versions and hashes", Table: t}
}
