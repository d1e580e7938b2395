package search

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"hass/internal/artifact"
	"hass/optimizer/search/study"
)

// fuzzRows is a study as rows of text.
type fuzzRows struct {
	config string
	trials [][2]string // point, result
	notes  map[string]string
}

func (r fuzzRows) Name() string   { return "fuzz" }
func (r fuzzRows) Config() []byte { return []byte(r.config) }

func (r fuzzRows) Done(context.Context) ([]study.Trial, error) {
	var list []study.Trial
	for i, t := range r.trials {
		list = append(list, study.Trial{Number: i, Point: []byte(t[0]), Result: []byte(t[1]), Worker: "w", Started: time.Unix(0, 0), Ended: time.Unix(int64(i), 0)})
	}
	return list, nil
}

func (r fuzzRows) Note(_ context.Context, key string) ([]byte, error) {
	if t, ok := r.notes[key]; ok {
		return []byte(t), nil
	}
	return nil, study.ErrNotFound
}

// FuzzRows reads studies with random rows: an accepted study can be printed in every form.
func FuzzRows(f *testing.F) {
	const (
		config    = `{"model":"m.onnx","platform":"ZCU104","inputs":{"model":"00"},"bits":16,"engine":"auto","pixels":1,"images":4,"sampler":"tpe","objective":{"loss":0.01}}`
		point     = `{"x":[0.5,0.25]}`
		outcome   = `{"images":4,"top1":0.75,"divergence":0.1,"fits":true,"images_per_second":100,"cycles_per_image":1000,"resources":{"DSP":10},"divergences":[0.1,0,0,0.1],"right":"Bw=="}`
		unpruned  = `{"images":4,"top1":1,"fits":true,"images_per_second":50,"cycles_per_image":2000,"resources":{"DSP":20},"divergences":[0,0,0,0],"right":"Dw=="}`
		variables = `[{"layer":"conv1","max_tau_w":0.5,"max_tau_a":0.25}]`
		tested    = `{"data_set":"t","images":4,"top1":1,"trials":[{"number":0,"top1":0.5,"drop":{"mean":0.5,"half":0.1}}]}`
	)
	f.Add(config, point, outcome, unpruned, variables, tested)
	f.Add(config, point, `{"images":-1,"stopped":"hopeless","right":"////"}`, unpruned, variables, "")
	f.Add(config, `{"x":[]}`, `null`, `null`, `[]`, `null`)
	f.Add(`null`, `null`, `{}`, ``, `[{}]`, `{"trials":[{"number":-5},{"number":7}]}`)
	f.Add(`{"bits":1e99}`, `{"x":[1e308,-1e308]}`, `{"right":"%%%"}`, `{"cycles_per_image":0}`, `[{"layer":"\u0000\n","max_tau_w":-1,"max_tau_a":1e308}]`, `{}`)
	f.Fuzz(func(t *testing.T, config, point, outcome, unpruned, variables, tested string) {
		notes := map[string]string{}
		for key, v := range map[string]string{noteBase: unpruned, noteVariables: variables, testNote(2): tested} {
			if v != "" {
				notes[key] = v
			}
		}
		r, err := readFirst(context.Background(), fuzzRows{config, [][2]string{{point, outcome}, {point, outcome}}, notes}, 2)
		if err != nil {
			if !strings.Contains(err.Error(), "study") {
				t.Errorf("the error does not name the study: %v", err)
			}
			return
		}
		for _, print := range []func(io.Writer) error{r.Print, r.PrintAll} {
			if err := print(io.Discard); err != nil {
				t.Error(err)
			}
		}
		if err := r.CSV(io.Discard); err != nil {
			t.Error(err)
		}
		if err := artifact.Encode(io.Discard, r); err != nil {
			t.Error(err)
		}
		if r.Best >= 0 {
			if _, err := r.Thresholds(r.Best); err != nil {
				t.Logf("thresholds of the best trial: %v", err)
			}
		}
	})
}
