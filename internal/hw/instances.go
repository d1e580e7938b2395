package hw

// Instance is a module instance of a design's top.
type Instance struct {
	Name   string // process name; of a FIFO s_, the stream's name and __fifo
	Module Module
}

// Control gives the parameters of the top's register file.
func (n *Network) Control() ControlParams {
	return ControlParams{Processes: len(n.Processes), FIFOs: len(n.Streams), Outputs: len(n.Net.Outputs)}
}

// Instances lists the module instances of the top: control and the ends of the weight chain, processes and FIFOs.
func (n *Network) Instances() []Instance {
	list := []Instance{{"control", n.Control()}, {"weights_head", ChainHeadParams{}}, {"weights_end", ChainEndParams{}}}
	for i := range n.Processes {
		list = append(list, Instance{n.Processes[i].Name, n.Module(i)})
	}
	for i := range n.Streams {
		list = append(list, Instance{"s_" + n.Streams[i].Name + "__fifo", n.FIFO(i)})
	}
	return list
}
