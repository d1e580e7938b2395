package design

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlatforms(t *testing.T) {
	list, err := Platforms()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
		if p.Part == "" || p.Board == "" || p.ClockMHz < 100 || FamilyOf(p.Part) != p.Family {
			t.Errorf("%+v: part, board, clock or family is wrong", p)
		}
		if p.Family == Family7 && p.Resources.URAM != 0 {
			t.Errorf("%s: URAM on 7 series", p.Name)
		}
	}
	files, err := platformFiles.ReadDir("platforms")
	if err != nil {
		t.Fatal(err)
	}
	sorted := slices.SortedFunc(slices.Values(names), func(a, b string) int { return strings.Compare(plainName(a), plainName(b)) })
	if !slices.Equal(slices.Compact(sorted), names) || len(names) != len(files) {
		t.Errorf("%d files give %q; want each once, sorted", len(files), names)
	}
}

func TestLoadPlatformByName(t *testing.T) {
	for _, name := range []string{"zcu104", "ZCU104", "ZCU-104", "zcu_104"} {
		p, err := LoadPlatform(name)
		if err != nil {
			t.Fatal(err)
		}
		want := Resources{DSP: 1728, LUT: 230400, FF: 460800, BRAM18: 624, URAM: 96, LUTRAM: 101760}
		if p.Resources != want || p.Part != "xczu7ev-ffvc1156-2-e" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for _, name := range []string{"pynqz2", "PYNQ_Z2", "Pynq-Z2"} {
		if p, err := LoadPlatform(name); err != nil || p.Resources.DSP != 220 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	_, err := LoadPlatform("zcu999")
	if err == nil || !strings.Contains(err.Error(), "kv260, ") {
		t.Errorf("unknown platform: %v", err)
	}
}

const ourPlatform = `name = "mine"
part = "xczu3eg-sbva484-1-e"
family = "ultrascale+"
clock_mhz = 150.5
[resources]
DSP = 360
LUT = 70560
FF = 141120
BRAM18 = 432
URAM = 0
`

const theirPlatform = `[device]
name = "their"
part = "xc7z045ffg900-2"
board = "" # none

[resources]
DSP   = 900
BRAM  = 1090
FF    = 437200
LUT   = 218600

[system]
board_frequency = 125 # in MHz
memory_bandwidth = 100.0
reconfiguration_time = 0.08255
port_width = 128
`

func TestPlatformFiles(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Platform
	}{
		{ourPlatform, Platform{Name: "mine", Part: "xczu3eg-sbva484-1-e", Family: FamilyUSPlus, ClockMHz: 150.5,
			Resources: Resources{DSP: 360, LUT: 70560, FF: 141120, BRAM18: 432, LUTRAM: 31046}}},
		{theirPlatform, Platform{Name: "their", Part: "xc7z045ffg900-2", Family: Family7, ClockMHz: 125,
			Resources: Resources{DSP: 900, LUT: 218600, FF: 437200, BRAM18: 1090, LUTRAM: 69952}}},
		{strings.Replace(theirPlatform, "BRAM  = 1090", "BRAM = 1090\nURAM = 4", 1), Platform{Name: "their", Part: "xc7z045ffg900-2", Family: Family7, ClockMHz: 125,
			Resources: Resources{DSP: 900, LUT: 218600, FF: 437200, BRAM18: 1090, URAM: 4, LUTRAM: 69952}}},
	} {
		path := filepath.Join(t.TempDir(), "p.toml")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := LoadPlatform(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("platform (-want +got):\n%s", diff)
		}
	}
}

func TestBadPlatformFiles(t *testing.T) {
	for _, tt := range []struct{ base, old, new, want string }{
		{ourPlatform, "DSP = 360\n", "", "key resources.DSP is missing"},
		{ourPlatform, "URAM = 0\n", "", "key resources.URAM is missing"},
		{ourPlatform, "DSP = 360", "DSP = -1", "key resources.DSP: -1 is not a count"},
		{ourPlatform, "DSP = 360", "DSP = nan", "key resources.DSP: NaN is not a count"},
		{ourPlatform, "DSP = 360", "DSP = 1.5", "key resources.DSP: 1.5 is not a count"},
		{ourPlatform, "DSP = 360", "DSP = 1e300", "is not a count"},
		{ourPlatform, "DSP = 360", `DSP = "x"`, "DSP"},
		{ourPlatform, "LUT = 70560", "LUT = 0", "without LUTs"},
		{ourPlatform, "clock_mhz = 150.5", "clock_mhz = inf", "key clock_mhz: +Inf"},
		{ourPlatform, "clock_mhz = 150.5\n", "", "key clock_mhz is missing"},
		{ourPlatform, "part = \"xczu3eg-sbva484-1-e\"\n", "", "key part is missing"},
		{ourPlatform, "xczu3eg-sbva484-1-e", "x; rm -rf /", "key part"},
		{ourPlatform, "family = \"ultrascale+\"", "family = \"spartan\"", "key family"},
		{ourPlatform, "URAM = 0", "URAM = 0\nURAMS = 1", "unknown key resources.URAMS"},
		{ourPlatform, "URAM = 0", "URAM = 0\nLUTRAM = 99999999", "key resources.LUTRAM"},
		{ourPlatform, "[resources]", "[resources", "line 6"},
		{theirPlatform, "DSP   = 900\n", "", "key resources.DSP is missing"},
		{theirPlatform, "BRAM  = 1090", "BRAM = -5", "key resources.BRAM: -5"},
		{theirPlatform, "xc7z045ffg900-2", "10ax115", "family"},
		{theirPlatform, "port_width = 128", "port_width = nan", "key system.port_width"},
		{theirPlatform, "board_frequency = 125 # in MHz", "", "key system.board_frequency is missing"},
		{theirPlatform, "port_width", "port_widths", "unknown key system.port_widths"},
	} {
		text := strings.Replace(tt.base, tt.old, tt.new, 1)
		path := filepath.Join(t.TempDir(), "p.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadPlatform(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q -> %q: error %v, want %q and the file's name", tt.old, tt.new, err, tt.want)
		}
	}
	if _, err := LoadPlatform(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
}
