// Package cluster embeds the templates that start the workers of a search on a cluster. It gives texts and never reads any file.
package cluster

import _ "embed" // the templates

// Slurm is a batch script: a SLURM array whose tasks are workers.
//
//go:embed slurm.sh
var Slurm string

// Kubernetes is a manifest: a Job whose pods are workers.
//
//go:embed kubernetes.yaml
var Kubernetes string
