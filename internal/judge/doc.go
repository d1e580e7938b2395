// Package judge determines which measures of accuracy apply to a model on a data set, and computes them.
//
// It takes a float graph and a data set. Outputs finds the outputs that are one vector of class scores per image: top-1 is
// defined for these alone. NewPlan chooses the output to which the labels apply and the measure (top-1, agreement of classes
// place by place, error), and gives the reason, or the reason why no measure applies and which labels would help. Float and
// Integer evaluate the two networks on an image, Plan.Add judges the result by the labels, and a Comparison measures the
// distance of the integer network from the float network, which needs no labels.
//
// It never runs over a data set, never prints, and never guesses a label.
package judge
