package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// thin is the space between groups of three digits and before units. Lines do not break at it.
const thin = "\u202f"

// decimals prints v with the given number of digits behind the point, its integer part in groups of three. A negative v has a minus sign.
func decimals(v float64, digits int) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	var b strings.Builder
	if v < 0 && strings.Trim(text, "0.") != "" {
		b.WriteString("\u2212")
	}
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thin)
		}
		b.WriteRune(c)
	}
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// signed is decimals with a plus sign where v is above 0.
func signed(v float64, digits int) string {
	if s := decimals(v, digits); v > 0 && strings.Trim(s, "0.") != "" {
		return "+" + s
	} else {
		return s
	}
}

// whole prints a count.
func whole(v int) string { return decimals(float64(v), 0) }

// percent prints a share of 0..1.
func percent(v float64, digits int) string { return decimals(100*v, digits) + thin + "%" }

// cyclesText prints cycles: whole ones without a fraction.
func cyclesText(v float64) string {
	if v == math.Trunc(v) {
		return decimals(v, 0)
	}
	return decimals(v, 1)
}

// compact prints a large count with three digits: 1.23 M.
func compact(v float64) string {
	for _, u := range []struct {
		at   float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= u.at {
			x := v / u.at
			digits := 2
			if math.Abs(x) >= 10 {
				digits = 1
			}
			if math.Abs(x) >= 100 {
				digits = 0
			}
			return decimals(x, digits) + thin + u.name
		}
	}
	return decimals(v, 0)
}

// maxName bounds names from a model, in characters.
const maxName = 120

// short cuts a text after n characters.
func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "\u2026"
	}
	return s
}

// count is "1 image", "2 images".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return whole(n) + " " + what + "s"
}

// shape prints height, width and channels.
func shape(s []int) string {
	var t []string
	for _, d := range s {
		t = append(t, fmt.Sprint(d))
	}
	return strings.Join(t, "\u00d7")
}

// join lists words: "a, b and c".
func join(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}

// scientific prints a figure of any size with two digits.
func scientific(v float64) string {
	if a := math.Abs(v); v == 0 || a >= 1e-3 && a < 1e6 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 1, 64), "e")
	n, _ := strconv.Atoi(exponent)
	return digits + " \u00d7 10" + strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '\u207b'
		case r == '1':
			return '\u00b9'
		case r == '2' || r == '3':
			return '\u00b2' + r - '2'
		}
		return '\u2070' + r - '0'
	}, strconv.Itoa(n))
}
