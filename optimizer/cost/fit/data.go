package fit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hass/optimizer/cost/utilisation"
)

// Sample is a synthesised point.
type Sample struct {
	Point
	utilisation.Counts
}

// record is a line of a data file: the point, as text, and its counts.
type record struct {
	key    string // see Canonical
	family string // of synth_xilinx; "" is xc7
	plain  bool
	utilisation.Counts
}

// Canonical is a module's name and its parameters that are not 0. If the library gets a new parameter, 0 must mean
// the former module, so that older lines stay valid.
func Canonical(module string, params []string) string {
	kept := []string{module}
	for _, p := range params {
		if !strings.HasSuffix(p, "=0") {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}

// canonical is the form of the point in records.
func (p Point) canonical() string {
	return Canonical(p.ModuleName(), strings.Fields(p.ParamText()))
}

// ReadSamples gives the points that a data file has, with their counts, in the order of the file. Lines that match none of
// points are left out: unknown is their number.
func ReadSamples(r io.Reader, points []Point) (samples []Sample, unknown int, err error) {
	records, err := readRecords(r)
	if err != nil {
		return nil, 0, err
	}
	known := make(map[string]*Point, len(points))
	for i := range points {
		known[points[i].canonical()+points[i].Family] = &points[i]
	}
	for _, x := range records {
		p := known[x.key+x.family]
		if p == nil {
			unknown++
			continue
		}
		s := Sample{*p, x.Counts}
		s.Plain = x.plain
		samples = append(samples, s)
	}
	return samples, unknown, nil
}

// header is the first line of a data file.
const header = "family;mapper;module;parameters;LUT;FF;DSP;BRAM18;URAM;LUTRAM;other"

// WriteSample writes one line of a data file.
func WriteSample(w io.Writer, s Sample) error {
	family, mapper := s.Family, "abc9"
	if family == "" {
		family = "xc7"
	}
	if s.Plain {
		mapper = "abc"
	}
	_, err := fmt.Fprintf(w, "%s;%s;%s;%s;%d;%d;%d;%d;%d;%d;%d\n", family, mapper, s.ModuleName(), s.ParamText(), s.LUT, s.FF, s.DSP, s.BRAM18, s.URAM, s.LUTRAM, s.Other)
	return err
}

// readRecords reads a data file: comments, the header, one line per point.
func readRecords(r io.Reader) ([]record, error) {
	var list []record
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		if strings.HasPrefix(line, "#") || line == header || line == "" {
			continue
		}
		f := strings.Split(line, ";")
		if len(f) != 11 {
			return nil, fmt.Errorf("line %d: %d fields, want 11", n, len(f))
		}
		s := record{key: Canonical(f[2], strings.Fields(f[3])), family: f[0], plain: f[1] == "abc"}
		if s.family == "xc7" {
			s.family = ""
		}
		for i, to := range []*int{&s.LUT, &s.FF, &s.DSP, &s.BRAM18, &s.URAM, &s.LUTRAM, &s.Other} {
			if _, err := fmt.Sscan(f[4+i], to); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
		list = append(list, s)
	}
	return list, sc.Err()
}

// Sweep synthesises the points that file does not have yet, in batches of one yosys process each, and appends them.
func Sweep(ctx context.Context, dir, file string, points []Point, batch int, log func(string)) error {
	version, err := Version(ctx)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	old, err := readRecords(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if st, err := f.Stat(); err == nil && st.Size() == 0 {
		fmt.Fprintf(f, "# Modules of the RTL library synthesised by %s, %s: synth_xilinx %s; made by make sweep.\n%s\n", version, time.Now().UTC().Format(time.DateOnly), Flags, header)
	}
	done := map[string]bool{}
	for _, s := range old {
		done[s.key+s.family] = true
	}
	var todo []Point
	for _, p := range points {
		if !done[p.canonical()+p.Family] {
			todo = append(todo, p)
		}
	}
	log(fmt.Sprintf("%d points, %d to do", len(points), len(todo)))
	y := &Yosys{Dir: dir}
	for len(todo) > 0 {
		n := min(batch, len(todo))
		start := time.Now()
		counts, ok, err := y.Run(ctx, todo[:n])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrNoYosys) {
			return err
		}
		for i := range ok {
			if err := WriteSample(f, Sample{todo[i], counts[i]}); err != nil {
				return err
			}
		}
		log(fmt.Sprintf("%d of %s in %.0f s, %d left", ok, todo[0].ModuleName(), time.Since(start).Seconds(), len(todo)-ok))
		todo = todo[ok:]
		if err != nil && ok < n {
			// yosys crashed at this point: try again without abc9, or give up.
			if todo[0].Plain {
				log(fmt.Sprintf("left out: %v", err))
				todo = todo[1:]
			} else {
				log("plain abc for " + todo[0].Key())
				todo[0].Plain = true
			}
		}
	}
	return nil
}
