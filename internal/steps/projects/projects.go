// Package projects verifies generated projects, and names those of a run folder.
//
// It takes a project's folder and the design that it was made from and gives the comparison with reference and simulator; and it takes the
// targets of a build and gives the folder and the stages of each project. It makes no design.
package projects

import (
	"fmt"
	"slices"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/design"
	"hass/internal/steps/stages"
)

// Stall is the percentage of cycles in which a build delays the ports and FIFOs of RTL at random.
const Stall = 30

// Folder is the folder of a run folder's only project. One of several has the name of its target behind it.
const Folder = "project"

// Project is a project of a run folder.
type Project struct {
	*codegen.Entry
	Folder           string // its name in the run folder
	Generate, Verify string // its stages
}

// Of are the projects of a design's run folder: one for each of the targets, or that of the design's default target if there are none.
// A target that the design was not made for is an error.
func Of(d *design.Design, targets []codegen.Target) ([]Project, error) {
	if targets == nil {
		t, err := codegen.Lookup(codegen.DefaultTarget(d))
		return []Project{{t, Folder, stages.Generate, stages.Verify}}, err
	}
	var list []Project
	for _, name := range targets {
		t, err := codegen.Lookup(name)
		if err != nil {
			return nil, err
		}
		if !d.Target.Includes(name) {
			return nil, fmt.Errorf("the design is for target %s, not %s", d.Target, name)
		}
		list = append(list, Project{t, Folders(targets)[len(list)], stages.Of(stages.Generate, string(name)), stages.Of(stages.Verify, string(name))})
	}
	return list, nil
}

// Folders are the names of the folders of a build's projects, before there is a design.
func Folders(targets []codegen.Target) []string {
	if targets == nil {
		return []string{Folder}
	}
	var list []string
	for _, t := range targets {
		list = append(list, Folder+"-"+string(t))
	}
	return list
}

// Stages are the stages of a build with projects for targets.
func Stages(search bool, targets []codegen.Target) []string {
	var names []string
	for _, t := range targets {
		names = append(names, string(t))
	}
	return stages.Names(search, names...)
}

// EveryStage are the stages that some build has, in order.
func EveryStage() []string {
	list := Stages(true, nil)
	at := slices.Index(list, stages.Verify) + 1
	var names []codegen.Target
	for _, t := range codegen.Targets() {
		names = append(names, t.Name)
	}
	for _, s := range Stages(true, names) {
		if !slices.Contains(list, s) {
			list = slices.Insert(list, at, s)
			at++
		}
	}
	return list
}

// Strongest are the options of the strongest check of the project: of RTL a run whose cycles are the simulator's, and one with random
// stalls. The C++ has one check.
func (p *Project) Strongest() verify.Options { return verify.Options{Stallable: p.Stalls} }

// Method says in words what Verify with Strongest does to a number of images.
func (p *Project) Method(images int) string {
	text := fmt.Sprintf("%s, %d golden images", p.Tool, images)
	if p.Stalls {
		text += fmt.Sprintf(", again with %d %% random stalls", Stall)
	}
	return text
}
