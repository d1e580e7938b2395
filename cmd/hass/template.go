package main

import (
	"fmt"
	"io"

	"hass/examples/cluster"
)

// searchTemplateCmd prints what starts workers on a cluster.
type searchTemplateCmd struct {
	Kind string `arg:"" enum:"slurm,kubernetes" help:"slurm: the batch script of an array; kubernetes: the manifest of a Job."`
}

// Help is the example shown by --help.
func (searchTemplateCmd) Help() string {
	return "Example:\n  hass search template slurm > search.sh\n  STUDY=postgres://user@host/hass MODEL=model.onnx sbatch --array=0-15 search.sh\n" +
		"  hass search template kubernetes > search.yaml\n\n" +
		"Every task or pod is a worker of one study in PostgreSQL. Passwords are in PGPASSWORD, ~/.pgpass or a secret, never on a command line."
}

// Run prints the template.
func (c searchTemplateCmd) Run(e *env) error {
	text, ok := map[string]string{"slurm": cluster.Slurm, "kubernetes": cluster.Kubernetes}[c.Kind]
	if !ok {
		return fmt.Errorf("no template %q", c.Kind)
	}
	_, err := io.WriteString(e.stdout, text)
	return err
}
