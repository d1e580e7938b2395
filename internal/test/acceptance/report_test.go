package acceptance

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hass/internal/test/pagetest"
	"hass/internal/test/testenv"
)

// TestReport opens reports in a headless Chromium, light and dark, wide and 400 pixels wide: of the demo, ResNet-8 and MobileNetV3-Small, of
// a study, of a design alone, and of two runs side by side. A page has less than 2 MB, asks for nothing but itself and logs nothing, fits
// the width, its texts have the contrast of WCAG AA, its tables sort, and the keyboard reaches every table, link and button. The numbers
// in its data equal those of summary.json and simulation.json. axe-core finds no violation. HASS_REPORT_SHOTS is a folder for
// screenshots; HASS_REPORT_RUNS one that keeps the runs and of which those that are there are taken.
func TestReport(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_REPORT") != "1" {
		t.Skip("skipped: opens pages in a browser (run \"make acceptance-report\")")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not on the PATH; make acceptance-report installs it on Debian")
	}
	modules := os.Getenv("HASS_BROWSER_MODULES")
	if modules == "" {
		t.Fatal("HASS_BROWSER_MODULES is not set; make acceptance-report installs axe-core and puppeteer-core and sets it")
	}
	a := newAcceptance(t)
	runs := os.Getenv("HASS_REPORT_RUNS")
	if runs == "" {
		runs = filepath.Join(a.dir, "runs")
	}
	pages := a.reports(t, runs)
	t.Run("axe", func(t *testing.T) { checkAxe(t, browser, modules, pages) })
	b := openBrowser(t, browser, t.TempDir())
	for _, p := range pages {
		for _, width := range []int{1200, 400} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s/%s/%d", p.name, scheme, width), func(t *testing.T) { b.look(t, p, scheme, width) })
			}
		}
	}
}

// reportPage is a page and, of a whole run, its folder.
type reportPage struct {
	name, file, run string
}

// reports makes the pages, from runs in a folder, which are made if they are not there.
func (a *acceptance) reports(t *testing.T, runs string) (pages []reportPage) {
	demo := filepath.Join(testenv.Root(t), "examples", "demo")
	page := func(name, run string, of ...string) {
		file := filepath.Join(a.dir, name+".html")
		a.step(t, append([]string{"report", "-o", file}, of...)...)
		pages = append(pages, reportPage{name, file, run})
	}
	in := func(name string) string { return filepath.Join(runs, name) }
	for _, r := range []struct{ name, model, calib, platform, bits string }{
		{"demo", filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml"), "zcu104", "16"},
		{"resnet8", a.path("cifar10_resnet8/model.onnx"), a.path("cifar10_resnet8/calib.toml"), "zcu104", "8"},
		{"mobilenetv3-small", a.path("mobilenet_v3_small/model.onnx.gz"), a.path("mobilenet_v3_small/calib.toml"), "u250", "8"},
	} {
		if _, err := os.Stat(filepath.Join(in(r.name), "summary.json")); err != nil {
			a.step(t, "build", r.model, "--calib", r.calib, "--test", filepath.Join(filepath.Dir(r.calib), "test.toml"), "--platform", r.platform, "--bits", r.bits, "--golden", "1", "-o", in(r.name))
		}
		page(r.name, in(r.name), in(r.name))
	}
	if _, err := os.Stat(in("study.db")); err != nil {
		a.step(t, "search", filepath.Join(demo, "model.onnx"), "--calib", filepath.Join(demo, "calib.toml"), "--test", filepath.Join(demo, "test.toml"), "--platform", "zcu104", "--evals", "24", "-o", in("study.db"))
	}
	page("study", "", in("study.db"))
	page("design", "", filepath.Join(in("demo"), "design.json"))
	page("two", "", in("demo"), in("resnet8"))
	return pages
}

// checkAxe runs axe-core on the pages.
func checkAxe(t *testing.T, browser, modules string, pages []reportPage) {
	in := struct {
		Modules string   `json:"modules"`
		Browser string   `json:"browser"`
		Pages   []string `json:"pages"`
	}{Modules: modules, Browser: browser}
	for _, p := range pages {
		in.Pages = append(in.Pages, p.file)
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "testdata/axe.mjs")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct {
		Page, Scheme  string
		Width, Passes int
		Violations    []string
	}
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("%v: %.200s", err, out)
	}
	if len(answers) != 4*len(pages) {
		t.Errorf("%d answers of %d pages", len(answers), len(pages))
	}
	least := math.MaxInt
	for _, x := range answers {
		least = min(least, x.Passes)
		for _, v := range x.Violations {
			t.Errorf("%s, %s, %d: %s", filepath.Base(x.Page), x.Scheme, x.Width, v)
		}
	}
	t.Logf("axe-core: %d pages, %d rules or more passed on each", len(answers), least)
	if least < 20 {
		t.Errorf("%d rules passed: axe-core has looked at little", least)
	}
}

// browserPipe is a browser that is driven over a pipe, by Chromium's DevTools protocol.
type browserPipe struct {
	out     *os.File
	replies chan message
	session string
	next    int
	events  []message // since the last page was opened
}

// message is a message of the protocol.
type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// openBrowser starts a browser with an empty page.
func openBrowser(t *testing.T, program, dir string) *browserPipe {
	t.Helper()
	theirIn, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--user-data-dir="+filepath.Join(dir, "browser"), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browserPipe{out: out, replies: make(chan message, 10000)}
	go func() {
		defer close(b.replies)
		r := bufio.NewReader(in)
		for {
			text, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal(text[:len(text)-1], &m) == nil {
				b.replies <- m
			}
		}
	}()
	t.Cleanup(func() {
		out.Close() // ends it
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-done
		}
	})
	var target struct{ TargetID string }
	b.do(t, "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.do(t, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		b.do(t, domain+".enable", nil, nil)
	}
	return b
}

// do sends a command and waits for its answer; events on the way are kept.
func (b *browserPipe) do(t *testing.T, method string, params, result any) {
	t.Helper()
	b.next++
	command := map[string]any{"id": b.next, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		t.Fatal(err)
	}
	m := b.until(t, method, func(m message) bool { return m.ID == b.next })
	if m.Error != nil {
		t.Fatalf("%s: %s", method, m.Error)
	}
	if result != nil {
		if err := json.Unmarshal(m.Result, result); err != nil {
			t.Fatal(err)
		}
	}
}

// until reads messages up to one, and keeps the events before it.
func (b *browserPipe) until(t *testing.T, what string, is func(message) bool) message {
	t.Helper()
	timeout := time.After(2 * time.Minute)
	for {
		select {
		case m, ok := <-b.replies:
			if !ok {
				t.Fatalf("%s: the browser has ended", what)
			}
			if is(m) {
				return m
			}
			b.events = append(b.events, m)
		case <-timeout:
			t.Fatalf("%s: no answer for two minutes", what)
		}
	}
}

// evaluate runs an expression in the page.
func (b *browserPipe) evaluate(t *testing.T, expression string, result any) {
	t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.do(t, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		t.Fatalf("the expression fails: %s", answer.ExceptionDetails)
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		t.Fatal(err)
	}
}

// look opens a page and checks it.
func (b *browserPipe) look(t *testing.T, p reportPage, scheme string, width int) {
	if size, err := os.Stat(p.file); err != nil || size.Size() >= 2_000_000 {
		t.Errorf("%s: %v, want less than 2 MB: %v", p.file, size, err)
	}
	b.do(t, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.do(t, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.events = nil
	page := (&url.URL{Scheme: "file", Path: p.file}).String()
	b.do(t, "Page.navigate", map[string]any{"url": page}, nil)
	loaded := func(m message) bool { return m.Method == "Page.loadEventFired" }
	seen := false
	for _, e := range b.events {
		seen = seen || loaded(e)
	}
	if !seen {
		b.until(t, "load", loaded)
	}

	var scroll int
	b.evaluate(t, "document.documentElement.scrollWidth", &scroll)
	if scroll > width {
		t.Errorf("the page is %d pixels wide in a window of %d", scroll, width)
	}
	if p.run != "" {
		var data string
		b.evaluate(t, "document.getElementById('hass-data').textContent", &data)
		n, err := pagetest.Compare([]byte(data), p.run)
		if err != nil {
			t.Error(err)
		}
		t.Logf("%d numbers of the page are those of the run", n)
	}
	var poor []string
	b.evaluate(t, contrastScript, &poor)
	for _, p := range poor {
		t.Errorf("contrast: %s", p)
	}
	var wrong []string
	b.evaluate(t, sortScript, &wrong)
	for _, w := range wrong {
		t.Errorf("sorting: %s", w)
	}
	// The keyboard: every press of Tab goes on to the next element, up to the last one.
	var reachable, reached int
	b.evaluate(t, "document.activeElement && document.activeElement.blur(); window.seen = new Set(); document.addEventListener('focusin', e => window.seen.add(e.target)); document.querySelectorAll('a[href],button,[tabindex=\"0\"]').length", &reachable)
	for range reachable + 2 {
		for _, kind := range []string{"rawKeyDown", "keyUp"} {
			b.do(t, "Input.dispatchKeyEvent", map[string]any{"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}, nil)
		}
	}
	b.evaluate(t, "window.seen.size", &reached)
	if reachable < 10 || reached != reachable {
		t.Errorf("the keyboard reaches %d of %d elements", reached, reachable)
	}
	requests := 0
	for _, e := range b.events {
		switch e.Method {
		case "Network.requestWillBeSent":
			var r struct{ Request struct{ URL string } }
			if err := json.Unmarshal(e.Params, &r); err != nil {
				t.Fatal(err)
			}
			switch {
			case r.Request.URL == page:
				requests++
			case !strings.HasPrefix(r.Request.URL, "data:"):
				t.Errorf("the page asks for %s", r.Request.URL)
			}
		case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
			t.Errorf("%s: %s", e.Method, e.Params)
		}
	}
	if requests != 1 {
		t.Errorf("%d requests for the page itself", requests)
	}
	if dir := os.Getenv("HASS_REPORT_SHOTS"); dir != "" {
		var height float64
		b.evaluate(t, "window.scrollTo(0, 0), document.documentElement.scrollHeight", &height)
		var shot struct{ Data string }
		b.do(t, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "clip": map[string]any{"x": 0, "y": 0, "width": width, "height": height, "scale": 1}}, &shot)
		data, err := base64.StdEncoding.DecodeString(shot.Data)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", p.name, scheme, width)), data, 0o666)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// contrastScript lists texts with less contrast than WCAG AA demands: 4.5, or 3 for large text. The background of texts in a box of the
// graph is the box's rectangle.
const contrastScript = `(() => {
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const behind = (e) => {
    const node = e.closest('g.node');
    if (node && !e.classList.contains('tag')) return parse(getComputedStyle(node.querySelector('rect')).fill);
    for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; }
    return [255, 255, 255, 1];
  };
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walker.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || ['SCRIPT', 'STYLE', 'title', 'desc', 'CAPTION'].includes(e.tagName)) continue;
    const style = getComputedStyle(e), svg = e.namespaceURI.endsWith('svg');
    const fore = parse(svg ? style.fill : style.color), back = behind(e);
    const a = light(fore) + 0.05, b = light(back) + 0.05, ratio = Math.max(a, b) / Math.min(a, b);
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) poor.add(ratio.toFixed(2) + ' ' + e.tagName + '.' + (e.getAttribute('class') || '') + ' "' + n.data.trim().slice(0, 30) + '"');
  }
  return [...poor].slice(0, 20);
})()`

// sortScript clicks the title of every column three times: sorted one way, the other way, and in the first order again.
const sortScript = `(() => {
  const wrong = [];
  let columns = 0;
  for (const table of document.querySelectorAll('table.sortable')) {
    const first = Array.from(table.tBodies[0].rows);
    Array.from(table.tHead.rows[0].cells).forEach((head, i) => {
      const button = head.querySelector('button');
      if (!button) return;
      columns++;
      for (let click = 0; click < 3; click++) {
        button.click();
        const rows = Array.from(table.tBodies[0].rows), way = head.getAttribute('aria-sort');
        const name = table.id + ', ' + head.textContent + ', ' + way;
        if (rows.length !== first.length) wrong.push(name + ': rows are lost');
        if (click === 2) {
          if (way !== null || rows.some((r, k) => r !== first[k])) wrong.push(name + ': not in the first order again');
          continue;
        }
        if (!way || !head.classList.contains('n')) continue;
        const v = rows.map((r) => r.cells[i].dataset.v).filter((x) => x !== undefined).map(Number);
        for (let k = 1; k < v.length; k++) if (way === 'ascending' ? v[k - 1] > v[k] : v[k - 1] < v[k]) { wrong.push(name + ': ' + v); break; }
      }
    });
  }
  if (columns < 4) wrong.push(columns + ' columns can be sorted');
  return wrong;
})()`
