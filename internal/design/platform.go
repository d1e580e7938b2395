package design

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"hass/internal/memory"
	"hass/internal/packing"
	"hass/internal/userfile"
)

// The device families the cost model knows.
const (
	Family7      = memory.Series7        // DSP48E1, no URAM
	FamilyUSPlus = memory.UltraScalePlus // DSP48E2, URAM on some parts
	FamilyVersal = memory.Versal         // DSP58; priced as UltraScale+
)

// Families are all of them.
func Families() []string { return []string{Family7, FamilyUSPlus, FamilyVersal} }

// Platform is a device on a board.
type Platform struct {
	Name      string     `json:"name"`
	About     string     `json:"about,omitempty"`  // a line for people
	Part      string     `json:"part"`             // full AMD part number
	Board     string     `json:"board,omitempty"`  // Vivado board part; may be empty
	Family    string     `json:"family"`           // one of Families
	ClockMHz  float64    `json:"clock_mhz"`        // the board's kernel clock, the upper limit of a design's clock
	Source    string     `json:"source,omitempty"` // the public document of the resources
	Resources Resources  `json:"resources"`        // of the whole device
	Reserved  []Reserved `json:"reserved,omitempty"`
	SLRs      []SLR      `json:"slrs,omitempty"` // the device's regions, from the lowest; nil if it has one
	Links     *Links     `json:"links,omitempty"`
}

//go:embed platforms/*.toml
var platformFiles embed.FS

// maxPlatformFile bounds a platform file in bytes.
const maxPlatformFile = 1 << 20

// Platforms lists the embedded platforms, sorted by name.
func Platforms() ([]Platform, error) {
	entries, err := platformFiles.ReadDir("platforms")
	if err != nil {
		return nil, err
	}
	var list []Platform
	for _, e := range entries {
		file := path.Join("platforms", e.Name())
		data, err := platformFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		p, err := ParsePlatform(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Platform) int { return strings.Compare(plainName(a.Name), plainName(b.Name)) })
	return list, nil
}

// plainName ignores case, hyphens, underscores and spaces.
func plainName(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// LoadPlatform finds an embedded platform by name (zcu104, ZCU-104 and
// zcu_104 are the same); otherwise it reads a file, in this package's format
// or in fpgaConvNet's.
func LoadPlatform(nameOrPath string) (Platform, error) {
	list, err := Platforms()
	if err != nil {
		return Platform{}, err
	}
	var names []string
	for _, p := range list {
		if plainName(p.Name) == plainName(nameOrPath) {
			return p, nil
		}
		names = append(names, strings.ToLower(p.Name))
	}
	st, err := os.Stat(nameOrPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Platform{}, fmt.Errorf("platform %q is neither known nor a file; known: %s", nameOrPath, strings.Join(names, ", "))
	case err == nil && !st.Mode().IsRegular():
		return Platform{}, fmt.Errorf("platform: %w; name a TOML file or one of %s", userfile.Regular(nameOrPath, st), strings.Join(names, ", "))
	}
	data, err := userfile.Read(nameOrPath, maxPlatformFile)
	if err != nil {
		return Platform{}, fmt.Errorf("platform: %w", err)
	}
	p, err := ParsePlatform(data)
	if err != nil {
		return Platform{}, fmt.Errorf("platform %s: %w", nameOrPath, err)
	}
	return p, nil
}

// WideOperand is the number of bits of the wider operand of a DSP slice's multiplier. Source: UG479, UG579; AM004 for Versal, whose other
// operand has 24 bits, of which only 18 are used here.
func WideOperand(family string) int {
	if family == Family7 {
		return packing.Wide7
	}
	return packing.Wide
}

// resourcesTOML are resources in our format.
type resourcesTOML struct {
	DSP    *float64 `toml:"DSP"`
	LUT    *float64 `toml:"LUT"`
	LUTRAM *float64 `toml:"LUTRAM"`
	FF     *float64 `toml:"FF"`
	BRAM18 *float64 `toml:"BRAM18"`
	URAM   *float64 `toml:"URAM"`
}

// platformTOML is our format; nil pointers are missing keys.
type platformTOML struct {
	Name      *string       `toml:"name"`
	About     *string       `toml:"about"`
	Part      *string       `toml:"part"`
	Board     *string       `toml:"board"`
	Family    *string       `toml:"family"`
	ClockMHz  *float64      `toml:"clock_mhz"`
	Source    *string       `toml:"source"`
	Resources resourcesTOML `toml:"resources"`
	SLR       []struct {
		Name   *string  `toml:"name"`
		Wires  *float64 `toml:"wires"`
		Source *string  `toml:"source"`
		resourcesTOML
	} `toml:"slr"`
	Reserved []struct {
		What   *string `toml:"what"`
		SLR    *string `toml:"slr"`
		Source *string `toml:"source"`
		resourcesTOML
	} `toml:"reserved"`
	Port *struct {
		Bits   *float64 `toml:"bits"`
		In     *float64 `toml:"efficiency_in"`
		Out    *float64 `toml:"efficiency_out"`
		Source *string  `toml:"source"`
	} `toml:"port"`
	Memory *struct {
		Name       *string  `toml:"name"`
		Banks      *float64 `toml:"banks"`
		GBs        *float64 `toml:"gb_per_s"`
		Efficiency *float64 `toml:"efficiency"`
		Source     *string  `toml:"source"`
	} `toml:"memory"`
	Host *struct {
		GBs    *float64 `toml:"gb_per_s"`
		In     *float64 `toml:"efficiency_in"`
		Out    *float64 `toml:"efficiency_out"`
		Source *string  `toml:"source"`
	} `toml:"host"`
}

// maxRegions bounds the regions of a device, and the reservations of a platform; no device is near it.
const maxRegions = 64

// fpgaConvNetTOML is the format of fpgaConvNet's platform files. BRAM counts 18
// Kb halves there; files for parts without URAM leave that key out.
type fpgaConvNetTOML struct {
	Device struct {
		Name   *string `toml:"name"`
		Part   *string `toml:"part"`
		Board  *string `toml:"board"`
		Family *string `toml:"family"`
	} `toml:"device"`
	Resources struct {
		DSP  *float64 `toml:"DSP"`
		LUT  *float64 `toml:"LUT"`
		FF   *float64 `toml:"FF"`
		BRAM *float64 `toml:"BRAM"`
		URAM *float64 `toml:"URAM"`
	} `toml:"resources"`
	System struct {
		BoardFrequency      *float64 `toml:"board_frequency"`      // MHz
		MemoryBandwidth     *float64 `toml:"memory_bandwidth"`     // Gbit/s
		ReconfigurationTime *float64 `toml:"reconfiguration_time"` // s
		PortWidth           *float64 `toml:"port_width"`           // bits
	} `toml:"system"`
}

// ParsePlatform reads a platform file of either format.
func ParsePlatform(data []byte) (Platform, error) {
	var any map[string]any
	if _, err := userfile.DecodeTOML(data, &any); err != nil {
		return Platform{}, fmt.Errorf("not TOML: %w", err)
	}
	if _, ok := any["device"]; ok {
		return parseFPGAConvNet(string(data))
	}
	var f platformTOML
	if err := decodeStrict(string(data), &f); err != nil {
		return Platform{}, err
	}
	c := &fieldCheck{}
	p := Platform{
		Name: c.text("name", f.Name), Part: c.text("part", f.Part), Family: c.text("family", f.Family), ClockMHz: c.positive("clock_mhz", f.ClockMHz),
		About: c.maybe("about", f.About), Source: c.maybe("source", f.Source),
	}
	if f.Board != nil {
		p.Board = *f.Board
	}
	if c.err == nil && !slices.Contains(Families(), p.Family) {
		c.err = fmt.Errorf("key family: %.40q is not one of %q", p.Family, Families())
	}
	p.Resources = c.resources("resources", f.Resources, func(lut int) int { return defaultLUTRAM(p.Family, lut) })
	if len(f.SLR) > maxRegions || len(f.Reserved) > maxRegions {
		c.fail("%d regions (slr) and %d reservations (reserved); want at most %d of each", len(f.SLR), len(f.Reserved), maxRegions)
		return Platform{}, c.err
	}
	for i, s := range f.SLR {
		at := fmt.Sprintf("slr %d: ", i+1)
		r := SLR{Name: c.text(at+"name", s.Name), Source: c.text(at+"source", s.Source), Resources: c.resources(at[:len(at)-2], s.resourcesTOML, func(lut int) int { return defaultLUTRAM(p.Family, lut) })}
		if s.Wires != nil {
			r.Wires = c.count(at+"wires", s.Wires)
		}
		p.SLRs = append(p.SLRs, r)
	}
	for i, s := range f.Reserved {
		at := fmt.Sprintf("reserved %d: ", i+1)
		// Shells are documented without LUTRAM: as much of it as of the LUTs is taken, rounded up.
		lutram := func(lut int) int {
			return int(math.Ceil(float64(lut) * float64(p.Resources.LUTRAM) / float64(max(1, p.Resources.LUT))))
		}
		p.Reserved = append(p.Reserved, Reserved{What: c.text(at+"what", s.What), SLR: c.maybe(at+"slr", s.SLR), Source: c.text(at+"source", s.Source), Resources: c.resources(at[:len(at)-2], s.resourcesTOML, lutram)})
	}
	var l Links
	if t := f.Port; t != nil {
		l.Port = &Port{c.count("port.bits", t.Bits), c.number("port.efficiency_in", t.In), c.number("port.efficiency_out", t.Out), c.text("port.source", t.Source)}
	}
	if t := f.Memory; t != nil {
		l.Memory = &Memory{c.text("memory.name", t.Name), c.count("memory.banks", t.Banks), c.number("memory.gb_per_s", t.GBs), c.number("memory.efficiency", t.Efficiency), c.text("memory.source", t.Source)}
	}
	if t := f.Host; t != nil {
		l.Host = &Host{c.number("host.gb_per_s", t.GBs), c.number("host.efficiency_in", t.In), c.number("host.efficiency_out", t.Out), c.text("host.source", t.Source)}
	}
	if l != (Links{}) {
		p.Links = &l
	}
	return p, c.finish(&p)
}

func parseFPGAConvNet(data string) (Platform, error) {
	var f fpgaConvNetTOML
	if err := decodeStrict(data, &f); err != nil {
		return Platform{}, err
	}
	c := &fieldCheck{}
	r := f.Resources
	p := Platform{
		Name: c.text("device.name", f.Device.Name), Part: c.text("device.part", f.Device.Part),
		ClockMHz: c.positive("system.board_frequency", f.System.BoardFrequency),
		Resources: Resources{
			DSP: c.count("resources.DSP", r.DSP), LUT: c.count("resources.LUT", r.LUT), FF: c.count("resources.FF", r.FF),
			BRAM18: c.count("resources.BRAM", r.BRAM),
		},
	}
	if r.URAM != nil {
		p.Resources.URAM = c.count("resources.URAM", r.URAM)
	}
	// The other system keys are not used, but a bad one indicates a bad file.
	for _, k := range []struct {
		key string
		v   *float64
	}{{"memory_bandwidth", f.System.MemoryBandwidth}, {"reconfiguration_time", f.System.ReconfigurationTime}, {"port_width", f.System.PortWidth}} {
		if k.v != nil && (math.IsNaN(*k.v) || *k.v < 0) {
			c.fail("key system.%s: %v is not a number of at least 0", k.key, *k.v)
		}
	}
	if f.Device.Board != nil {
		p.Board = *f.Device.Board
	}
	p.Family = FamilyOf(p.Part)
	if c.err == nil && p.Family == "" {
		c.err = fmt.Errorf("key device.part: the family of %q is not known here; parts begin with xc7, xcu, xck, xczu, xcvu, xcku or xcv", p.Part)
	}
	p.Resources.LUTRAM = defaultLUTRAM(p.Family, p.Resources.LUT)
	return p, c.finish(&p)
}

// FamilyOf is the family of a part number; "" if it is unknown.
func FamilyOf(part string) string {
	part = strings.ToLower(part)
	for _, prefix := range []string{"xczu", "xcvu", "xcku", "xck", "xcu", "xcau"} {
		if strings.HasPrefix(part, prefix) {
			return FamilyUSPlus
		}
	}
	if strings.HasPrefix(part, "xcv") { // xcvc, xcve, xcvm, xcvp, xcvh
		return FamilyVersal
	}
	if strings.HasPrefix(part, "xc7") || strings.HasPrefix(part, "xa7") {
		return Family7
	}
	return ""
}

// defaultLUTRAM is the number of LUTs that can be memory if a file does not
// say: about a third of the slices are SLICEMs on 7 series (17,400 of 53,200
// LUTs on an XC7Z020), a little under half on UltraScale+.
func defaultLUTRAM(family string, lut int) int {
	switch family {
	case Family7:
		return lut * 32 / 100
	case FamilyVersal: // half of the LUTs: AM005
		return lut / 2
	}
	return lut * 44 / 100
}

// decodeStrict refuses keys that v does not have.
func decodeStrict(data string, v any) error {
	md, err := userfile.DecodeTOML([]byte(data), v)
	if err != nil {
		return err
	}
	if u := md.Undecoded(); len(u) > 0 {
		return fmt.Errorf("unknown key %s; remove it or correct its spelling", u[0])
	}
	return nil
}

// fieldCheck collects the first bad field.
type fieldCheck struct{ err error }

func (c *fieldCheck) text(key string, v *string) string {
	switch {
	case v == nil:
		c.fail("key %s is missing", key)
		return ""
	case *v == "" || len(*v) > 200 || strings.ContainsFunc(*v, func(r rune) bool { return r < ' ' || r > '~' }):
		c.fail("key %s: %.60q is not 1 to 200 printable ASCII characters", key, *v)
		return ""
	}
	return *v
}

// maxCount bounds a resource count; no device is near it.
const maxCount = 1 << 40

// maybe is the text of a key that may be missing.
func (c *fieldCheck) maybe(key string, v *string) string {
	if v == nil {
		return ""
	}
	return c.text(key, v)
}

// number is a number whose bounds are checked where it is used.
func (c *fieldCheck) number(key string, v *float64) float64 {
	switch {
	case v == nil:
		c.fail("key %s is missing", key)
		return 0
	case math.IsNaN(*v) || math.IsInf(*v, 0):
		c.fail("key %s: %v is not a number", key, *v)
		return 0
	}
	return *v
}

// resources reads a table of resources; lutram is the LUTRAM where it does not say.
func (c *fieldCheck) resources(at string, t resourcesTOML, lutram func(lut int) int) Resources {
	key := func(name string) string { return at + "." + name }
	r := Resources{
		DSP: c.count(key("DSP"), t.DSP), LUT: c.count(key("LUT"), t.LUT), FF: c.count(key("FF"), t.FF),
		BRAM18: c.count(key("BRAM18"), t.BRAM18), URAM: c.count(key("URAM"), t.URAM),
	}
	r.LUTRAM = lutram(r.LUT)
	if t.LUTRAM != nil {
		if r.LUTRAM = c.count(key("LUTRAM"), t.LUTRAM); r.LUTRAM > r.LUT {
			c.fail("key %s: %d is more than the %d LUTs it is a part of", key("LUTRAM"), r.LUTRAM, r.LUT)
		}
	}
	return r
}

func (c *fieldCheck) count(key string, v *float64) int {
	switch {
	case v == nil:
		c.fail("key %s is missing; give the number on the device, 0 if it has none", key)
		return 0
	case math.IsNaN(*v) || *v < 0 || *v > maxCount || *v != math.Trunc(*v):
		c.fail("key %s: %v is not a count; want a whole number of at least 0", key, *v)
		return 0
	}
	return int(*v)
}

func (c *fieldCheck) positive(key string, v *float64) float64 {
	switch {
	case v == nil:
		c.fail("key %s is missing; give the clock in MHz", key)
		return 0
	case math.IsNaN(*v) || math.IsInf(*v, 0) || *v <= 0 || *v > 10000:
		c.fail("key %s: %v is not a clock in MHz", key, *v)
		return 0
	}
	return *v
}

func (c *fieldCheck) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// boardForm is the format of a board part, which goes into Tcl.
var boardForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+){3}$`)

// CheckBoard refuses a text that is neither empty nor a Vivado board part.
func CheckBoard(board string) error {
	if board == "" || len(board) <= 200 && boardForm.MatchString(board) {
		return nil
	}
	return fmt.Errorf("%.60q is no Vivado board part, such as xilinx.com:zcu104:part0:1.1", board)
}

// finish checks what concerns several fields and clears p after an error.
func (c *fieldCheck) finish(p *Platform) error {
	if p.Resources.LUT == 0 {
		c.fail("key resources.LUT: a device without LUTs holds no design")
	}
	if strings.ContainsFunc(p.Part, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:/", r))
	}) {
		c.fail("key part: %.60q has characters that no part has", p.Part)
	}
	if err := CheckBoard(p.Board); err != nil {
		c.fail("key board: %v", err)
	}
	if c.err == nil {
		c.err = p.checkRegions()
	}
	if c.err == nil {
		c.err = p.Links.Check()
	}
	if c.err != nil {
		*p = Platform{}
	}
	return c.err
}
