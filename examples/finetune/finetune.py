#!/usr/bin/env python3
"""Fine-tunes a model that `hass prune --masks` has written, and keeps its zeros.

    hass prune model.onnx --data calib.toml --share 0.5 --masks masks.npz -o pruned.onnx
    python3 finetune.py pruned.onnx masks.npz --teacher model.onnx --images train.npy -o tuned.onnx
    hass check tuned.onnx --masks masks.npz

The teacher is the unpruned model: its class probabilities are the target, so that no labels are needed. Images are uint8,
N x H x W x C, and become inputs as (x / divisor - mean) / std. Weights are multiplied by their masks after every step.
The graph stays as it is, thresholds on activations included; only weights and biases change.

Needs numpy, onnx and torch (Debian: python3-numpy, python3-onnx, python3-torch).
"""
import argparse

import numpy
import onnx
import onnx.numpy_helper
import torch
import torch.nn.functional as functional


class Network:
    """Runs the operators of an ONNX graph in torch; the constants of its convolutions can be trained."""

    def __init__(self, path):
        self.model = onnx.load(path)
        self.consts = {t.name: torch.from_numpy(onnx.numpy_helper.to_array(t).copy()) for t in self.model.graph.initializer}
        self.input = next(i.name for i in self.model.graph.input if i.name not in self.consts)
        self.trained = {}  # by name of the constant
        self.weights = {}  # name of a convolution's weights, by its node
        for node in self.model.graph.node:
            if node.op_type == "Conv":
                self.weights[node.name] = node.input[1]
                for name in node.input[1:]:
                    self.trained[name] = self.consts[name].requires_grad_()

    def __call__(self, x):
        """The logarithms of the class probabilities; a network that ends in Softmax need not take them twice."""
        values = dict(self.consts, **{self.input: x})
        for node in self.model.graph.node:
            args = [values[name] for name in node.input if name]
            if node.op_type == "Softmax" and node.output[0] == self.model.graph.output[0].name:
                return functional.log_softmax(args[0].flatten(1), 1)
            values[node.output[0]] = operator(node, args)
        return functional.log_softmax(values[self.model.graph.output[0].name].flatten(1), 1)

    def save(self, path):
        for tensor in self.model.graph.initializer:
            if tensor.name in self.trained:
                tensor.CopyFrom(onnx.numpy_helper.from_array(self.trained[tensor.name].detach().numpy(), tensor.name))
        onnx.save(self.model, path)


def operator(node, args):
    """The value of a node: the operators that `hass prune` writes for image classifiers. Add those that your model needs."""
    attr = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    x = args[0]
    if node.op_type == "Conv":
        x = padded(x, attr, 0.0)
        return functional.conv2d(x, args[1], args[2] if len(args) > 2 else None, attr.get("strides", 1), 0, attr.get("dilations", 1), attr.get("group", 1))
    if node.op_type == "Shrink":  # a threshold on activations
        return torch.where(x.abs() > attr["lambd"], x, torch.zeros_like(x))
    if node.op_type == "Relu":
        return functional.relu(x)
    if node.op_type == "Clip":
        return torch.clamp(x, float(args[1]), float(args[2]))
    if node.op_type == "HardSigmoid":
        return torch.clamp(attr.get("alpha", 0.2) * x + attr.get("beta", 0.5), 0, 1)
    if node.op_type == "HardSwish":
        return functional.hardswish(x)
    if node.op_type == "Add":
        return x + args[1]
    if node.op_type == "Sub":
        return x - args[1]
    if node.op_type == "Mul":
        return x * args[1]
    if node.op_type == "Div":
        return x / args[1]
    if node.op_type == "GlobalAveragePool":
        return x.mean((2, 3), keepdim=True)
    if node.op_type == "MaxPool":
        x = padded(x, attr, float("-inf"))
        return functional.max_pool2d(x, attr["kernel_shape"], attr.get("strides", 1), 0, attr.get("dilations", 1))
    if node.op_type == "Reshape":
        return x.reshape(x.shape[0], *args[1].tolist()[1:])
    if node.op_type == "Flatten":
        return x.flatten(1)
    # Of a teacher that hass has not written: its normalisations are not folded.
    if node.op_type == "BatchNormalization":
        return functional.batch_norm(x, args[3], args[4], args[1], args[2], eps=attr.get("epsilon", 1e-5))
    if node.op_type == "Gemm" and "transA" not in attr:
        w = args[1].t() if attr.get("transB") else args[1]
        return attr.get("alpha", 1.0) * x @ w + (attr.get("beta", 1.0) * args[2] if len(args) > 2 else 0)
    if node.op_type == "MatMul":
        return x @ args[1]
    if node.op_type == "Transpose":
        return x.permute(attr["perm"])
    raise SystemExit(f"{node.op_type} (node {node.name}): add it to operator()")


def padded(x, attr, value):
    """The map with the padding of a window: top, left, bottom, right."""
    top, left, bottom, right = attr.get("pads", [0, 0, 0, 0])
    return functional.pad(x, (left, right, top, bottom), value=value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("masks")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--images", required=True, nargs="+")
    parser.add_argument("--divisor", type=float, default=1.0)
    parser.add_argument("--mean", type=float, nargs="+", default=[0.0])
    parser.add_argument("--std", type=float, nargs="+", default=[1.0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-3, help="step of Adam, as a share of the root mean square of a tensor")
    parser.add_argument("-o", "--output", required=True)
    a = parser.parse_args()

    torch.manual_seed(1)
    images = numpy.concatenate([numpy.load(f) for f in a.images])
    images = (images.astype(numpy.float32) / a.divisor - numpy.float32(a.mean)) / numpy.float32(a.std)
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())

    student, teacher = Network(a.model), Network(a.teacher)
    masks = numpy.load(a.masks)
    keep = {student.weights[name]: torch.from_numpy(masks[name]).float() for name in masks.files if not name.endswith(".tau_a")}
    # Steps are relative to the size of each tensor: with folded normalisations, tensors differ much in size.
    size = {name: float(p.detach().square().mean().sqrt()) for name, p in student.trained.items()}
    optimizer = torch.optim.Adam([{"params": [p], "lr": a.rate * max(size[name], 1e-6)} for name, p in student.trained.items()])
    for epoch in range(a.epochs):
        total = 0.0
        for batch in torch.randperm(len(images)).split(a.batch):
            x = images[batch]
            if torch.rand(()) < 0.5:
                x = x.flip(3)  # left and right exchanged
            with torch.no_grad():
                target = teacher(x).exp()
            loss = functional.kl_div(student(x), target, reduction="batchmean")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                for name, mask in keep.items():
                    student.trained[name] *= mask
            total += float(loss) * len(batch)
        print(f"epoch {epoch + 1}: divergence from the teacher {total / len(images):.4f} nats")
    student.save(a.output)


if __name__ == "__main__":
    main()
