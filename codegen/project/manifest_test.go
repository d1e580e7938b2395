package project

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"hass/internal/artifact"
)

// TestPlainJSON checks that the design's copy has the same values in plain bytes.
func TestPlainJSON(t *testing.T) {
	for _, s := range []string{"", "plain", `"\/`, "\b\f\n\r\t\x00\x7f", "é😀\u2028", "<&>", "$(touch /tmp/pwned)", "größe/活", "\xff\xfeinvalid", "\u202eright to left", "x;rm -rf ~"} {
		want := map[string]any{"a": s, "b": []any{1.5, true, nil}}
		var b bytes.Buffer
		if err := artifact.Encode(&b, want); err != nil {
			t.Fatal(err)
		}
		got := plainJSON(b.Bytes())
		var v any
		if err := json.Unmarshal(got, &v); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		// The encoder replaces bytes that are not UTF-8.
		want["a"] = string([]rune(s))
		if !reflect.DeepEqual(v, any(want)) {
			t.Errorf("%q became %q", s, got)
		}
		for _, c := range got {
			if c > 0x7e || c < 0x20 && c != '\n' || strings.IndexByte("$`<>&;'%!", c) >= 0 {
				t.Errorf("%q holds byte %q", got, c)
				break
			}
		}
	}
}
