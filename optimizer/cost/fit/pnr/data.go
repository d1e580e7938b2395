package pnr

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"hass/internal/artifact"
	"hass/optimizer/cost/fit"
)

// Line is a line of the data file: a point, a seed, and the result.
type Line struct {
	Module string
	Params string // NAME=VALUE, as the area sweep writes them
	Seed   int
	Hash   string // of the sources of the module and all its submodules
	Plain  bool   // mapped by abc instead of abc9
	Failed string // the reason if there are no figures; otherwise ""
	Measurement
}

// Key is the point and the seed of a line.
func (l *Line) Key() string { return key(l.Module, l.Params, l.Seed) }

func key(module, params string, seed int) string {
	return fit.Canonical(module, strings.Fields(params)) + " seed " + strconv.Itoa(seed)
}

// File is a data file: a comment that names the tools, and lines.
type File struct {
	Comment string // the first line, without "# "
	Lines   []Line
}

// header is the second line of a data file.
const header = "module;parameters;seed;hash;mapper;LUT;FF;DSP;BRAM18;MHz;logic_ns;route_ns;cells;from;to;failed;ends"

// Read reads a data file.
func Read(r io.Reader) (*File, error) {
	f := &File{}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		text := sc.Text()
		if c, ok := strings.CutPrefix(text, "# "); ok && n == 1 {
			f.Comment = c
			continue
		}
		if text == header || text == "" {
			continue
		}
		l, err := readLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		f.Lines = append(f.Lines, l)
	}
	return f, sc.Err()
}

func readLine(text string) (Line, error) {
	f := strings.Split(text, ";")
	if want := strings.Count(header, ";") + 1; len(f) != want {
		return Line{}, fmt.Errorf("%d fields, want %d", len(f), want)
	}
	l := Line{Module: f[0], Params: f[1], Hash: f[3], Plain: f[4] == "abc", Failed: f[15]}
	l.From, l.To, l.Ends = f[13], f[14], f[16]
	var err error
	if l.Seed, err = strconv.Atoi(f[2]); err != nil {
		return Line{}, err
	}
	if l.Failed != "" {
		return l, nil
	}
	for i, to := range map[int]*int{5: &l.LUT, 6: &l.FF, 7: &l.Counts.DSP, 8: &l.BRAM18, 12: &l.Cells} {
		if *to, err = strconv.Atoi(f[i]); err != nil {
			return Line{}, err
		}
	}
	for i, to := range map[int]*float64{9: &l.MHz, 10: &l.Logic, 11: &l.Timing.Route} {
		if *to, err = strconv.ParseFloat(f[i], 64); err != nil {
			return Line{}, err
		}
	}
	if !(l.MHz > 0) {
		return Line{}, fmt.Errorf("%v MHz", l.MHz)
	}
	return l, nil
}

// plainField removes separators from a text.
func plainField(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ';' || r < ' ' {
			return ' '
		}
		return r
	}, s)
}

// Bytes is the text of a data file.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n%s\n", f.Comment, header)
	for i := range f.Lines {
		l := &f.Lines[i]
		mapper := "abc9"
		if l.Plain {
			mapper = "abc"
		}
		fmt.Fprintf(&b, "%s;%s;%d;%s;%s;", l.Module, l.Params, l.Seed, l.Hash, mapper)
		if l.Failed != "" {
			fmt.Fprintf(&b, ";;;;;;;;;;%s;\n", plainField(l.Failed))
			continue
		}
		fmt.Fprintf(&b, "%d;%d;%d;%d;%.1f;%.2f;%.2f;%d;%s;%s;;%s\n", l.LUT, l.FF, l.Counts.DSP, l.BRAM18, l.MHz, l.Logic, l.Timing.Route, l.Cells, plainField(l.From), plainField(l.To),
			plainField(l.Ends))
	}
	return b.Bytes()
}

// Put adds a line; it replaces a line of the same point and seed.
func (f *File) Put(l Line) {
	k := l.Key()
	if i := slices.IndexFunc(f.Lines, func(o Line) bool { return o.Key() == k }); i >= 0 {
		f.Lines[i] = l
		return
	}
	f.Lines = append(f.Lines, l)
}

// Load reads the data file; a missing file is empty.
func Load(name string) (*File, error) {
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return &File{}, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := Read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Save writes the data file.
func (f *File) Save(ctx context.Context, name string) error {
	return artifact.WriteBytes(ctx, name, f.Bytes())
}
