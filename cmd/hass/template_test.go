package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"hass/internal/test/testenv"
)

// standIn is a program called hass that records its arguments and its process; with WAIT it waits for SIGTERM, which a shell in between
// would not pass on.
const standIn = `#!/bin/sh
printf '%s\n' "$$" > "$RECORD.pid"
printf '%s\0' "$@" > "$RECORD.new"
mv "$RECORD.new" "$RECORD"
if [ -n "${WAIT:-}" ]; then trap 'echo given back; exit 130' TERM; while :; do sleep 0.02; done; fi
`

// worker runs the command of one worker with an environment of its own and gives the arguments that hass got, checked as hass checks
// them.
func worker(t *testing.T, dir string, command []string, env ...string) (*searchRunCmd, []string) {
	t.Helper()
	record := filepath.Join(dir, fmt.Sprintf("args%d", time.Now().UnixNano()))
	c := exec.Command(command[0], command[1:]...)
	c.Env = append([]string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "RECORD=" + record}, env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	for _, a := range args {
		if strings.Contains(a, "s3cret") {
			t.Errorf("a password is on the command line: %q", args)
		}
	}
	var parsed cli
	parser, err := kong.New(&parsed, kong.Name("hass"), vars(), kong.NamedMapper("path", kong.MapperFunc(namedPath)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatalf("hass refuses %q: %v", args, err)
	}
	return &parsed.Search.Run, args
}

// tools makes a folder with the stand-in.
func tools(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hass"), []byte(standIn), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// template prints a template into a file.
func template(t *testing.T, dir, kind string) string {
	t.Helper()
	code, out, errs := hass("search", "template", kind)
	if code != 0 {
		t.Fatal(errs)
	}
	path := filepath.Join(dir, kind)
	if err := os.WriteFile(path, []byte(out), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSlurm runs the batch script with the environment that SLURM gives the tasks of an array: every worker has a name of its own, also
// when it is requeued, one of them measures the front, and signals reach hass.
func TestSlurm(t *testing.T) {
	testenv.Tools(t, "bash", "bash")
	dir := tools(t)
	script := template(t, dir, "slurm")
	if out, err := exec.Command("bash", "-n", script).CombinedOutput(); err != nil {
		t.Fatalf("bash -n: %v\n%s", err, out)
	}
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	// sbatch reads options up to the first command.
	head, _, _ := strings.Cut(string(text), "\nset -")
	if !strings.HasPrefix(head, "#!/bin/bash\n") || strings.Count(head, "\n#SBATCH --") < 6 || strings.Count(string(text), "#SBATCH") != strings.Count(head, "\n#SBATCH --") {
		t.Errorf("options of sbatch:\n%s", head)
	}
	common := []string{"STUDY=postgres://user@db.example.org:5432/hass", "PGPASSWORD=s3cret", "MODEL=my model.onnx", "CALIB=calib.toml", "TEST=test.toml",
		"SLURM_JOB_ID=4243", "SLURM_ARRAY_JOB_ID=4242", "SLURM_ARRAY_TASK_COUNT=3", "SLURM_ARRAY_TASK_MIN=1", "SLURM_ARRAY_TASK_MAX=3", "SLURM_CPUS_PER_TASK=4", "SLURMD_NODENAME=node7"}
	names := map[string]bool{}
	for _, c := range []struct {
		env  []string
		test bool
		name string
	}{
		{[]string{"SLURM_ARRAY_TASK_ID=1"}, true, "slurm 4242_1 run 0 on node7"},
		{[]string{"SLURM_ARRAY_TASK_ID=2"}, false, "slurm 4242_2 run 0 on node7"},
		{[]string{"SLURM_ARRAY_TASK_ID=3"}, false, "slurm 4242_3 run 0 on node7"},
		{[]string{"SLURM_ARRAY_TASK_ID=3", "SLURM_RESTART_COUNT=1"}, false, "slurm 4242_3 run 1 on node7"},
	} {
		got, _ := worker(t, dir, []string{"bash", script}, append(slices.Clone(common), c.env...)...)
		if !got.Resume || got.Study != "postgres://user@db.example.org:5432/hass" || filepath.Base(got.Model) != "my model.onnx" || filepath.Base(got.Calib) != "calib.toml" || got.Name != "search" || got.Batch != 16 ||
			got.Worker != c.name || (got.Test != "") != c.test || names[got.Worker] {
			t.Errorf("%v: %+v", c.env, got)
		}
		names[got.Worker] = true
	}
	for _, c := range []struct {
		env  []string
		want string
	}{
		{[]string{"STUDY=postgres://user:s3cret@host/hass", "SLURM_ARRAY_TASK_ID=1"}, "STUDY holds a password"},
		{[]string{"STUDY=postgres://host/hass?password=s3cret", "SLURM_ARRAY_TASK_ID=1"}, "STUDY holds a password"},
		{[]string{"SLURM_ARRAY_TASK_ID=1"}, "set STUDY"},
		{[]string{"STUDY=postgres://host/hass"}, "sbatch --array"},
	} {
		cmd := exec.Command("bash", script)
		cmd.Env = append([]string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "RECORD=" + filepath.Join(dir, "no")}, c.env...)
		if out, err := cmd.CombinedOutput(); err == nil || !bytes.Contains(out, []byte(c.want)) || bytes.Contains(out, []byte("s3cret")) {
			t.Errorf("%v: %v\n%s", c.env, err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "no")); err == nil {
		t.Error("hass was started all the same")
	}

	// SLURM signals the batch script, in whose place hass is by then.
	record := filepath.Join(dir, "signalled")
	cmd := exec.Command("bash", script)
	cmd.Env = append(slices.Clone(common), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "RECORD="+record, "WAIT=1", "SLURM_ARRAY_TASK_ID=2")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, record)
	if pid, err := os.ReadFile(record + ".pid"); err != nil || strings.TrimSpace(string(pid)) != fmt.Sprint(cmd.Process.Pid) {
		t.Errorf("hass is process %s, the batch script %d; %v", pid, cmd.Process.Pid, err)
	}
	time.Sleep(100 * time.Millisecond) // the stand-in sets its trap
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() != 130 || out.String() != "given back\n" {
		t.Errorf("%v, %q", cmd.ProcessState, out.String())
	}
}

// waitFor waits for a file.
func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 1000 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %s", path)
}

// job is a Kubernetes Job with the fields that the template has; another field is an error.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		CompletionMode           string `yaml:"completionMode"`
		Completions, Parallelism int
		BackoffLimit             int `yaml:"backoffLimit"`
		Template                 struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Grace         int    `yaml:"terminationGracePeriodSeconds"`
				Containers    []struct {
					Name, Image   string
					WorkingDir    string `yaml:"workingDir"`
					Command, Args []string
					Env           []struct {
						Name      string
						Value     *string
						ValueFrom struct {
							SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
							FieldRef     struct {
								FieldPath string `yaml:"fieldPath"`
							} `yaml:"fieldRef"`
							ResourceFieldRef struct{ Resource string } `yaml:"resourceFieldRef"`
						} `yaml:"valueFrom"`
					}
					Resources    struct{ Requests, Limits map[string]string }
					VolumeMounts []struct {
						Name      string
						MountPath string `yaml:"mountPath"`
						ReadOnly  bool   `yaml:"readOnly"`
					} `yaml:"volumeMounts"`
				}
				Volumes []struct {
					Name  string
					Claim struct {
						ClaimName string `yaml:"claimName"`
					} `yaml:"persistentVolumeClaim"`
				}
			}
		}
	}
}

// TestKubernetes parses the manifest and runs the command of its container with the environment of a pod of an indexed Job.
func TestKubernetes(t *testing.T) {
	testenv.Tools(t, "dash", "sh")
	dir := tools(t)
	text, err := os.ReadFile(template(t, dir, "kubernetes"))
	if err != nil {
		t.Fatal(err)
	}
	var j job
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&j); err != nil {
		t.Fatal(err)
	}
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Metadata.Name == "" || j.Spec.CompletionMode != "Indexed" || j.Spec.Parallelism < 1 || j.Spec.Completions < j.Spec.Parallelism ||
		j.Spec.BackoffLimit < 1 || j.Spec.Template.Spec.RestartPolicy != "Never" || len(j.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("%+v", j)
	}
	c := j.Spec.Template.Spec.Containers[0]
	mounted := map[string]bool{}
	for _, v := range j.Spec.Template.Spec.Volumes {
		mounted[v.Name] = true
	}
	for _, v := range c.VolumeMounts {
		if !mounted[v.Name] || v.MountPath != c.WorkingDir {
			t.Errorf("volume %q at %s, the worker is in %s", v.Name, v.MountPath, c.WorkingDir)
		}
	}
	// env lists the variables that Kubernetes sets in a pod.
	env := func(pod string, index int) (list []string) {
		for _, v := range c.Env {
			f := v.ValueFrom
			switch {
			case v.Value != nil:
				if strings.Contains(strings.ToUpper(v.Name), "PASSWORD") {
					t.Errorf("%s is in the manifest", v.Name)
				}
				list = append(list, v.Name+"="+*v.Value)
			case f.SecretKeyRef.Name != "" && f.SecretKeyRef.Key != "":
				list = append(list, v.Name+"=s3cret")
			case f.FieldRef.FieldPath == "metadata.name":
				list = append(list, v.Name+"="+pod)
			case f.ResourceFieldRef.Resource == "limits.cpu":
				list = append(list, v.Name+"="+c.Resources.Limits["cpu"])
			default:
				t.Errorf("a pod has nothing for %+v", v)
			}
		}
		return append(list, fmt.Sprintf("JOB_COMPLETION_INDEX=%d", index), "HOSTNAME=hass-search-0")
	}
	if !slices.Contains(env("x", 0), "PGPASSWORD=s3cret") {
		t.Error("the password is not in the environment, where the driver looks for it")
	}
	command := slices.Concat(c.Command, c.Args)
	names := map[string]bool{}
	for i, pod := range []string{"hass-search-0-x7k2p", "hass-search-1-9sq4d", "hass-search-0-zzzzz"} { // the last takes the place of the first
		index := i % 2
		got, _ := worker(t, dir, command, append(env(pod, index), "TEST=test.toml")...)
		if !got.Resume || !strings.HasPrefix(got.Study, "postgres://") || got.Worker != pod || (got.Test != "") != (index == 0) || names[got.Worker] {
			t.Errorf("%s: %+v", pod, got)
		}
		names[got.Worker] = true
	}
	if got, args := worker(t, dir, command, env("p", 0)...); got.Test != "" || slices.Contains(args, "--test") {
		t.Errorf("without test images: %q", args)
	}
}
