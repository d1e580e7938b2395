package report

import "testing"

func TestTexts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{decimals(0, 0), "0"},
		{decimals(999.5, 1), "999.5"},
		{decimals(1234567.891, 2), "1\u202f234\u202f567.89"},
		{decimals(-1000, 0), "\u22121\u202f000"},
		{decimals(-0.001, 2), "0.00"},
		{signed(0.001, 2), "0.00"},
		{signed(1.5, 1), "+1.5"},
		{signed(-1.5, 1), "\u22121.5"},
		{percent(0.9088, 2), "90.88\u202f%"},
		{cyclesText(400), "400"},
		{cyclesText(418.714), "418.7"},
		{trimmed(180), "180"},
		{trimmed(0.629), "0.629"},
		{trimmed(104.5), "104.5"},
		{compact(999), "999"},
		{compact(1234), "1.23\u202fk"},
		{compact(4.1e9), "4.10\u202fG"},
		{compact(172800), "173\u202fk"},
		{short("abcdef", 4), "abc\u2026"},
		{short("abcd", 4), "abcd"},
		{count(1, "image"), "1 image"},
		{count(2000, "image"), "2\u202f000 images"},
		{join(nil), ""},
		{join([]string{"a"}), "a"},
		{join([]string{"a", "b", "c"}), "a, b and c"},
		{shape([]int{20, 20, 16}), "20\u00d720\u00d716"},
		{scientific(8.654e-8), "8.7 \u00d7 10\u207b\u2078"},
		{scientific(1.23e12), "1.2 \u00d7 10\u00b9\u00b2"},
		{scientific(0.25), "0.25"},
		{rateText(9.876), "9.88"},
		{rateText(98.76), "98.8"},
		{rateText(429887.4), "429\u202f887"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
