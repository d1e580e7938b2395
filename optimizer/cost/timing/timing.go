// Package timing reads Vivado's timing report of a placed and routed design.
//
// It takes the text of report_timing_summary; it gives the requested period, the worst setup slack and, if the report has paths, the
// ends of the worst one. It runs no tool and knows nothing about modules.
package timing

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Report is the timing of one clock in a report.
type Report struct {
	Tool     string
	Clock    string  // its name
	PeriodNs float64 // the requested period
	SlackNs  float64 // worst setup slack; negative: missed
	From, To string  // cells or ports at the ends of the worst path; "" if the report has no paths
}

// MHz is the achieved clock: 1 / (period - slack). A tool stops once a period is met, so a report with positive slack gives a lower
// bound.
func (r *Report) MHz() float64 { return 1000 / (r.PeriodNs - r.SlackNs) }

// Is reports whether a text is a timing report.
func Is(data []byte) bool {
	return bytes.Contains(data, []byte("Timing Summary Report")) || bytes.Contains(data, []byte("| Design Timing Summary"))
}

var toolLine = regexp.MustCompile(`Tool Version\s*:\s*(Vivado\s+v\.\S+)`)

// Bounds of periods and slacks, in ns.
const (
	leastPeriod = 0.1
	mostPeriod  = 1e5
)

// Parse reads the text of report_timing_summary. Of several clocks it takes the one with the most endpoints, which is that
// of the accelerator.
func Parse(data []byte) (*Report, error) {
	r := &Report{Tool: "Vivado"}
	if m := toolLine.FindSubmatch(data); m != nil {
		r.Tool = string(m[1])
	}
	lines := strings.Split(strings.ReplaceAll(string(data), "\r", ""), "\n")
	periods, err := clockSummary(lines)
	if err != nil {
		return nil, err
	}
	if err := r.worstClock(lines, periods); err != nil {
		return nil, err
	}
	if !(r.MHz() > 0) || r.SlackNs >= r.PeriodNs {
		return nil, fmt.Errorf("timing report: clock %s: a slack of %g ns of a period of %g ns", r.Clock, r.SlackNs, r.PeriodNs)
	}
	r.worstPath(lines)
	return r, nil
}

// section gives the rows of a table of the report: the lines after the line of dashes under its heading, up to the next empty
// line.
func section(lines []string, title, firstHead string) (rows []string, line int) {
	at := -1
	for i, l := range lines {
		if strings.TrimSpace(l) == "| "+title {
			at = i
		}
	}
	if at < 0 {
		return nil, 0
	}
	for i := at + 1; i+1 < len(lines); i++ {
		if strings.HasPrefix(lines[i], firstHead) && strings.HasPrefix(strings.TrimSpace(lines[i+1]), "--") {
			for k := i + 2; k < len(lines) && strings.TrimSpace(lines[k]) != ""; k++ {
				rows = append(rows, lines[k])
			}
			return rows, i + 3
		}
		if i > at+2 && strings.HasPrefix(lines[i], "| ") {
			break // the next section
		}
	}
	return nil, 0
}

var clockRow = regexp.MustCompile(`^\s*(\S+)\s+\{[^}]*\}\s+([0-9.]+)\s+[0-9.]+\s*$`)

// clockSummary is the period of every clock.
func clockSummary(lines []string) (map[string]float64, error) {
	rows, line := section(lines, "Clock Summary", "Clock")
	periods := map[string]float64{}
	for i, row := range rows {
		m := clockRow.FindStringSubmatch(row)
		if m == nil {
			return nil, fmt.Errorf("timing report: line %d: no clock with its period: %.80q", line+i, row)
		}
		ns, err := strconv.ParseFloat(m[2], 64)
		if err != nil || ns < leastPeriod || ns > mostPeriod {
			return nil, fmt.Errorf("timing report: line %d: a period of %.20q ns", line+i, m[2])
		}
		periods[m[1]] = ns
	}
	if len(periods) == 0 {
		return nil, errors.New("timing report: no table \"Clock Summary\"; write it by report_timing_summary, of a design with a clock")
	}
	return periods, nil
}

// Columns of the table of clocks, behind the name.
const (
	columnWNS       = 1
	columnEndpoints = 4
)

// worstClock takes the clock with the most endpoints.
func (r *Report) worstClock(lines []string, periods map[string]float64) error {
	rows, line := section(lines, "Intra Clock Table", "Clock")
	most := -1
	for i, row := range rows {
		f := strings.Fields(row)
		if len(f) <= columnEndpoints {
			continue // a clock without paths
		}
		slack, err := strconv.ParseFloat(f[columnWNS], 64)
		if err != nil {
			continue // pulse widths only
		}
		endpoints, err := strconv.Atoi(f[columnEndpoints])
		if err != nil {
			return fmt.Errorf("timing report: line %d: %.20q endpoints", line+i, f[columnEndpoints])
		}
		period, known := periods[f[0]]
		if !known {
			return fmt.Errorf("timing report: line %d: clock %.60q has no period in the table \"Clock Summary\"", line+i, f[0])
		}
		if slack < -mostPeriod || slack > mostPeriod {
			return fmt.Errorf("timing report: line %d: a slack of %g ns", line+i, slack)
		}
		if endpoints > most {
			most, r.Clock, r.SlackNs, r.PeriodNs = endpoints, f[0], slack, period
		}
	}
	if most < 0 {
		return errors.New("timing report: no clock has paths from register to register (table \"Intra Clock Table\"): was the design routed with its constraints?")
	}
	return nil
}

var slackLine = regexp.MustCompile(`^Slack \([A-Z]+\) :\s+(-?[0-9.]+)ns`)

// worstPath finds the ends of the path with the least setup slack.
func (r *Report) worstPath(lines []string) {
	inSetup, least := false, 0.0
	for i, l := range lines {
		switch {
		case strings.HasPrefix(l, "Max Delay Paths"):
			inSetup = true
			continue
		case strings.HasPrefix(l, "Min Delay Paths"), strings.HasPrefix(l, "Pulse Width"):
			inSetup = false
		}
		m := slackLine.FindStringSubmatch(l)
		if m == nil || !inSetup {
			continue
		}
		slack, err := strconv.ParseFloat(m[1], 64)
		if err != nil || r.From != "" && slack >= least {
			continue
		}
		from, to, group := "", "", ""
		for _, field := range lines[i+1 : min(i+12, len(lines))] {
			key, value, _ := strings.Cut(strings.TrimSpace(field), ":")
			value = strings.TrimSpace(value)
			switch key {
			case "Source":
				from = value
			case "Destination":
				to = value
			case "Path Group":
				group = value
			}
		}
		if group == r.Clock && from != "" && to != "" {
			r.From, r.To, least = from, to, slack
		}
	}
}
