package projects

import (
	"slices"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/design"
	"hass/internal/hw/limits"
)

// TestOf: one project in the folder that it always had, or one for each target with folders and stages of their own.
func TestOf(t *testing.T) {
	both := []codegen.Target{codegen.HLS, codegen.RTL}
	for _, tt := range []struct {
		design  limits.Target
		targets []codegen.Target
		want    string // target folder generate verify, project by project
		wrong   string // the error
	}{
		{limits.Both, nil, "hls project generate verify", ""},
		{limits.RTL, nil, "rtl project generate verify", ""},
		{limits.Both, both, "hls project-hls generate-hls verify-hls, rtl project-rtl generate-rtl verify-rtl", ""},
		{limits.Both, both[1:], "rtl project-rtl generate-rtl verify-rtl", ""},
		{limits.RTL, both, "", "the design is for target rtl, not hls"},
		{limits.Both, []codegen.Target{"vhdl"}, "", "vhdl"},
	} {
		list, err := Of(&design.Design{Target: tt.design}, tt.targets)
		if (err != nil) != (tt.wrong != "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s for %v: error %v, want %q", tt.design, tt.targets, err, tt.wrong)
		}
		if err != nil {
			continue
		}
		var got, folders, names []string
		for _, p := range list {
			got = append(got, strings.Join([]string{string(p.Name), p.Folder, p.Generate, p.Verify}, " "))
			folders, names = append(folders, p.Folder), append(names, p.Generate, p.Verify)
			if p.Strongest().Stallable != (p.Name == codegen.RTL) {
				t.Errorf("%s: the strongest check is %+v", p.Name, p.Strongest())
			}
		}
		if text := strings.Join(got, ", "); text != tt.want {
			t.Errorf("%s for %v: %s, want %s", tt.design, tt.targets, text, tt.want)
		}
		if f := Folders(tt.targets); !slices.Equal(f, folders) {
			t.Errorf("%v: folders %v before the design, %v with it", tt.targets, f, folders)
		}
		if s := Stages(false, tt.targets); !slices.Equal(s[2:len(s)-2], names) {
			t.Errorf("%v: stages %v, want %v between optimize and simulate", tt.targets, s, names)
		}
	}
	want := "search profile optimize generate verify generate-hls verify-hls generate-rtl verify-rtl simulate eval"
	if got := strings.Join(EveryStage(), " "); got != want {
		t.Errorf("every stage: %s, want %s", got, want)
	}
}
