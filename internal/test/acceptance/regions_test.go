package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// regionNetworks are assigned to the regions of cards.
var regionNetworks = []struct {
	name, model, calib, platform string
	regions                      int
	more                         []string
}{
	{"ResNet-8", resnet, "cifar10_resnet8/calib.toml", "u50", 2, nil},
	{"MobileNetV2", mobileNetV2, "mobilenet_v2/calib2.toml", "u250", 4, []string{"--pixels", "4", "--engine", "dense", "--target", "rtl"}},
}

// ofRegion finds the pairs "N of M" of a region's line: what it takes and what it has.
var ofRegion = regexp.MustCompile(`(\d+) of (\d+)`)

// TestRegions assigns networks to the regions of cards: every line of the report keeps its region's budget and its boundary's wires, and the
// loss against the device without regions is logged.
func TestRegions(t *testing.T) {
	if os.Getenv("HASS_REGIONS") == "" {
		t.Skip("skipped: profiles and designs two networks (run \"make acceptance-regions\")")
	}
	a := newAcceptance(t)
	for _, n := range regionNetworks {
		t.Run(n.name, func(t *testing.T) {
			dir := t.TempDir()
			profile := filepath.Join(dir, "profile.json")
			a.hass(t, "profile", a.path(n.model), "--data", a.path(n.calib), "--bits", "8", "-o", profile)
			out := a.hass(t, append([]string{"optimize", a.path(n.model), "--profile", profile, "--platform", n.platform, "--budget-share", "1", "--slr", "-o", filepath.Join(dir, "design.json")}, n.more...)...)
			lines := 0
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, "regions: ") {
					t.Log(strings.TrimSpace(line))
				}
				if !strings.HasPrefix(line, "region ") {
					continue
				}
				t.Log(strings.TrimSpace(line))
				lines++
				for _, m := range ofRegion.FindAllStringSubmatch(line, -1) {
					used, err1 := strconv.Atoi(m[1])
					has, err2 := strconv.Atoi(m[2])
					if err1 != nil || err2 != nil || used > has {
						t.Errorf("%s: more than there is", m[0])
					}
				}
			}
			if lines != n.regions {
				t.Errorf("%d regions are reported, %s has %d", lines, n.platform, n.regions)
			}
		})
	}
}
