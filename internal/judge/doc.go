// Package judge says which measures of accuracy apply to a model on a data set, and takes them.
//
// It takes a float graph and a data set. Outputs tells which outputs are one vector of class scores per image: top-1 is
// defined for these alone. NewPlan chooses the output that the labels are about and the measure (top-1, agreement of
// classes place by place, error), and says why, or why labels say nothing and what would. Float and Integer give what the two
// networks make of an image, Plan.Add judges it by the labels, and a Comparison sums up how near the integer network
// is to the float network, which needs no labels.
//
// It never runs over a data set, never prints, and never guesses a label.
package judge
