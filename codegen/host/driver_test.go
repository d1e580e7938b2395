package host

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hass/internal/test/testenv"
)

// TestDesignJSONDocumented: docs/formats.md names every field of host/design.json.
func TestDesignJSONDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n### host/design.json\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !ok {
		t.Fatal("docs/formats.md has no section host/design.json")
	}
	seen := 0
	var check func(typ reflect.Type)
	check = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			seen++
			if !strings.Contains(section, "`"+name+"`") {
				t.Errorf("the section host/design.json does not name `%s`", name)
			}
			check(typ.Field(i).Type)
		}
	}
	if check(reflect.TypeFor[hostDesign]()); seen < 40 {
		t.Errorf("only %d fields were looked at", seen)
	}
}
