#!/usr/bin/python3
"""Make the embedded demo: a synthetic labelled image set and a small CNN trained on it.

Usage (Debian 12; packages python3-torch, python3-numpy):

    /usr/bin/python3 examples/demo/make_demo.py [--out DIR]

Everything is drawn and trained here from one seed; no outside data is used. The script writes, all at once and only
if the checks at the end hold:

    model.onnx            opset 13, float32, input `input` N x 3 x 20 x 20, output `output` N x 10 (logits)
    test_images.npy       uint8 N x 20 x 20 x 3 (RGB), test_labels.npy uint8 N, classes balanced and shuffled
    calib_images.npy      the same from another stream of the generator, seen by neither training nor test
    classes.txt           class names, line i (from 0) names label i
    test.toml, calib.toml the data sets with the preprocessing the model was trained with
    reference_output.npy  float32 outputs of the trained network for the first 16 test images

Checks (exit 1 if one fails): float accuracy on the test images between 80 and 95 %; setting the 60 % smallest
magnitudes of every convolution and Gemm weight to zero costs at least 3 points, so that the demo can show what
pruning costs; each file under 1 MiB. Same machine and package versions: the same bytes. Another CPU may round
differently in training, which changes the weights slightly, hence the files are committed.
"""

import argparse
import io
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SEED = 20240229
SIZE = 20          # image height and width in pixels
SUPER = 3          # each pixel averages SUPER x SUPER samples of a shape's outline
CLASSES = ["disc", "ring", "square", "frame", "triangle", "plus", "crescent", "ell", "grating", "checks"]
N_TRAIN, N_CALIB, N_TEST = 16000, 200, 800
TRAIN_STREAM, CALIB_STREAM, TEST_STREAM = 0, 1, 2
WIDTH = 16         # channels of the first stage; the second has twice as many
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 16, 64, 4e-3, 0.01
L1 = 3e-4          # penalty on the sum of weight magnitudes: many weights end near zero, light pruning is cheap
DIVISOR = 255.0
PRUNED = 0.6       # share of each weight tensor set to zero in the pruning check
MIN_ACCURACY, MAX_ACCURACY, MIN_PRUNING_LOSS = 0.80, 0.95, 0.03
MAX_FILE = 1 << 20


# --- images ---------------------------------------------------------------------------------------------------------

def shape_mask(kind, u, v, rng):
    """Which sample points belong to a shape of radius about 1 centred at the origin. u, v: coordinates in the
    shape's own rotated frame. Proportions vary, so that some rings are nearly discs, some frames nearly squares."""
    r = np.hypot(u, v)
    box = np.maximum(np.abs(u), np.abs(v))
    hole = rng.uniform(0.40, 0.62)
    arm = rng.uniform(0.22, 0.36)
    if kind == "disc":
        return r < 1
    if kind == "ring":
        return (r < 1) & (r > hole)
    if kind == "square":
        return box < 0.86
    if kind == "frame":
        return (box < 0.86) & (box > 0.86 * hole)
    if kind == "triangle":
        return (v > -0.6) & (np.sqrt(3) * np.abs(u) + v < 1.15)
    if kind == "plus":
        return (box < 1) & (np.minimum(np.abs(u), np.abs(v)) < arm)
    if kind == "crescent":
        return (r < 1) & (np.hypot(u - rng.uniform(0.5, 0.75), v) > 0.85)
    if kind == "ell":
        return (box < 0.9) & ((u < -0.9 + 2 * arm) | (v < -0.9 + 2 * arm))
    period = rng.uniform(0.55, 0.85)
    phase_u, phase_v = rng.uniform(0, 2 * np.pi, 2)
    wave_u = np.sin(2 * np.pi * u / period + phase_u)
    if kind == "grating":
        return (r < 1.1) & (wave_u > 0)
    if kind == "checks":
        return (r < 1.1) & (wave_u * np.sin(2 * np.pi * v / period + phase_v) > 0)
    raise ValueError(f"no shape called {kind!r}")


def smooth_field(rng, cells):
    """A SIZE x SIZE x 3 random field in about -1..1: a coarse random grid, bilinearly enlarged."""
    grid = rng.uniform(-1, 1, (cells + 1, cells + 1, 3))
    pos = np.linspace(0, cells, SIZE, endpoint=False) + rng.uniform(0, cells / SIZE)
    i = np.minimum(pos.astype(int), cells - 1)
    f = (pos - i)[:, None, None]
    rows = grid[i] * (1 - f) + grid[i + 1] * f
    f = f.transpose(1, 0, 2)
    return rows[:, i] * (1 - f) + rows[:, i + 1] * f


def draw(label, rng):
    """One SIZE x SIZE x 3 uint8 image of the class: background, clutter, the shape, an occluding bar, light, noise."""
    background = rng.uniform(0.1, 0.9, 3)
    image = background + 0.18 * smooth_field(rng, 4)

    # Sample points in pixels from the image centre, SUPER x SUPER per pixel.
    axis = (np.arange(SIZE * SUPER) + 0.5) / SUPER - SIZE / 2
    x, y = axis[None, :], axis[:, None]

    def blend(mask, colour, alpha):
        cover = alpha * mask.reshape(SIZE, SUPER, SIZE, SUPER).mean(axis=(1, 3))[:, :, None]
        image[...] = image * (1 - cover) + colour * cover

    for _ in range(rng.integers(0, 3)):  # clutter: small tilted strokes behind the shape
        a, cx, cy = rng.uniform(0, np.pi), *rng.uniform(-SIZE / 2, SIZE / 2, 2)
        u, v = (x - cx) * np.cos(a) + (y - cy) * np.sin(a), (y - cy) * np.cos(a) - (x - cx) * np.sin(a)
        blend((np.abs(u) < rng.uniform(1, 5)) & (np.abs(v) < rng.uniform(0.4, 1.2)), rng.uniform(0, 1, 3), 0.8)

    # A colour at a least distance from the background's, so that the shape can be seen, if sometimes barely.
    colour = rng.uniform(0, 1, 3)
    while np.abs(colour - background).sum() < 0.8:
        colour = rng.uniform(0, 1, 3)
    angle, radius = rng.uniform(-0.6, 0.6), rng.uniform(5.5, 8.5)
    cx, cy = rng.uniform(-1, 1, 2) * (SIZE / 2 - radius + 0.5)
    u = ((x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)) / radius
    v = ((y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)) / (radius * rng.uniform(0.8, 1.0))
    blend(shape_mask(CLASSES[label], u, v, rng), colour + 0.12 * smooth_field(rng, 3), rng.uniform(0.8, 1.0))

    if rng.random() < 0.4:  # occlusion: a bar across the shape
        a, offset, half = rng.uniform(0, np.pi), rng.uniform(-4, 4), rng.uniform(0.5, 1.2)
        distance = (x - cx) * np.sin(a) - (y - cy) * np.cos(a) - offset
        blend(np.abs(distance) < half, rng.uniform(0, 1, 3), 1.0)

    image *= np.array([1.0, 0.94, 0.84]) * rng.uniform(0.75, 1.1)  # warm light of varying strength
    image += rng.normal(0, rng.uniform(0.01, 0.085), image.shape)   # sensor noise
    return np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)


def make_set(stream, count):
    """`count` images of balanced, shuffled classes from one independent stream of the seed."""
    rng = np.random.Generator(np.random.PCG64([SEED, stream]))
    labels = rng.permutation(np.arange(count) % len(CLASSES)).astype(np.uint8)
    return np.stack([draw(int(label), rng) for label in labels]), labels


# --- network --------------------------------------------------------------------------------------------------------

class DemoNet(nn.Module):
    """Stem with max pool, a residual block with identity skip, a stride-2 residual block with 1x1 convolution skip,
    global average, Gemm. The two BatchNorms added at the end of the second block learn the same shift, so the exporter
    stores it once and refers to it by an Identity node."""

    def __init__(self, width, classes):
        super().__init__()

        def conv(c_in, c_out, kernel, stride=1):
            return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)

        wide = 2 * width
        self.stem, self.stem_bn = conv(3, width, 3), nn.BatchNorm2d(width)
        self.conv1a, self.bn1a = conv(width, width, 3), nn.BatchNorm2d(width)
        self.conv1b, self.bn1b = conv(width, width, 3), nn.BatchNorm2d(width)
        self.conv2a, self.bn2a = conv(width, wide, 3, 2), nn.BatchNorm2d(wide)
        self.conv2b, self.bn2b = conv(wide, wide, 3), nn.BatchNorm2d(wide)
        self.skip2, self.skip2_bn = conv(width, wide, 1, 2), nn.BatchNorm2d(wide)
        self.fc = nn.Linear(wide, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem_bn(self.stem(x))), 2)
        y = F.relu(self.bn1a(self.conv1a(x)))
        x = F.relu(self.bn1b(self.conv1b(y)) + x)
        y = F.relu(self.bn2a(self.conv2a(x)))
        x = F.relu(self.bn2b(self.conv2b(y)) + self.skip2_bn(self.skip2(x)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def prepare(images, mean, std):
    """uint8 N,H,W,C -> float32 N,C,H,W by x = (u8 / divisor - mean) / std."""
    x = (images / np.float32(DIVISOR) - np.float32(mean)) / np.float32(std)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2), dtype=np.float32))


def weighted(model):
    """The layers that multiply: convolutions and Gemm."""
    return [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]


def train(x, labels):
    """Train for a fixed number of epochs and keep the last: no image outside the training set decides anything."""
    torch.manual_seed(SEED)
    model = DemoNet(WIDTH, len(CLASSES))
    weights = [module.weight for module in weighted(model)]
    target = torch.from_numpy(labels.astype(np.int64))
    steps = EPOCHS * (len(x) // BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, steps)
    for epoch in range(EPOCHS):
        model.train()
        start, loss_sum, order = time.monotonic(), 0.0, torch.randperm(len(x))
        for i in range(len(x) // BATCH):
            pick = order[i * BATCH:(i + 1) * BATCH]
            batch = x[pick]
            if i % 2:  # mirror every other batch; no class changes its name in a mirror
                batch = batch.flip(3)
            loss = F.cross_entropy(model(batch), target[pick]) + L1 * sum(w.abs().sum() for w in weights)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
            loss_sum += loss.item()
        print(f"epoch {epoch + 1:2d}/{EPOCHS}  loss {loss_sum / (len(x) // BATCH):.4f}"
              f"  {time.monotonic() - start:.1f} s", flush=True)
    return model.eval()


def outputs(model, x):
    with torch.no_grad():
        return torch.cat([model(part) for part in x.split(100)])


def accuracy(model, x, labels):
    return float((outputs(model, x).argmax(1).numpy() == labels).mean())


def pruned_copy(model, share):
    """The model with floor(share * size) smallest magnitudes of each convolution and Gemm weight set to zero."""
    copy = DemoNet(WIDTH, len(CLASSES))
    copy.load_state_dict(model.state_dict())
    with torch.no_grad():
        for module in weighted(copy):
            flat = module.weight.view(-1)
            flat[flat.abs().argsort(stable=True)[:int(share * flat.numel())]] = 0
    return copy.eval()


def describe(model):
    """Print the layers that multiply, with output shape, weights and MACs for one image."""
    rows = []

    def note(name):
        def hook(module, _, out):
            per_output = module.weight[0].numel()
            rows.append((name, tuple(out.shape[1:]), module.weight.numel(), out[0].numel() * per_output))
        return hook

    names = {module: name for name, module in model.named_modules()}
    handles = [module.register_forward_hook(note(names[module])) for module in weighted(model)]
    outputs(model, torch.zeros(1, 3, SIZE, SIZE))
    for handle in handles:
        handle.remove()
    for name, shape, weights, macs in rows:
        print(f"  {name:8s} out {'x'.join(map(str, shape)):10s} {weights:6d} weights {macs:9,d} MACs")
    print(f"  {sum(p.numel() for p in model.parameters()):,d} trained parameters, "
          f"{sum(row[3] for row in rows):,d} MACs per image")


# --- files ----------------------------------------------------------------------------------------------------------

def onnx_bytes(model):
    """The ONNX file. TrainingMode.PRESERVE on a model in eval mode keeps BatchNormalization as nodes of its own."""
    buffer = io.BytesIO()
    torch.onnx.export(model, torch.zeros(1, 3, SIZE, SIZE), buffer, opset_version=13, input_names=["input"],
                      output_names=["output"], dynamic_axes={"input": {0: "N"}, "output": {0: "N"}},
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    return buffer.getvalue()


def npy_bytes(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def toml_bytes(name, mean, std):
    return f"""# hass data set: where the images and labels are, and how pixels become the model's input
images  = "{name}_images.npy"   # uint8 (N,H,W,C)
labels  = "{name}_labels.npy"   # integers
classes = "classes.txt"   # line i (from 0) names label i

[input]   # x = (u8 / divisor - mean) / std, per channel (RGB)
divisor = {DIVISOR}
mean    = {mean}
std     = {std}
""".encode()


def main():
    parser = argparse.ArgumentParser(description="Make the demo's images and model; see the top of this file.")
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)), help="folder to write to")
    args = parser.parse_args()
    if not os.path.isdir(args.out):
        parser.error(f"{args.out} is not a folder; make it first")
    torch.set_num_threads(1)  # also fixes the summation order
    torch.use_deterministic_algorithms(True)

    train_images, train_labels = make_set(TRAIN_STREAM, N_TRAIN)
    calib_images, calib_labels = make_set(CALIB_STREAM, N_CALIB)
    test_images, test_labels = make_set(TEST_STREAM, N_TEST)
    pixels = train_images.reshape(-1, 3) / DIVISOR
    mean = [round(float(m), 3) for m in pixels.mean(axis=0)]
    std = [round(float(s), 3) for s in pixels.std(axis=0)]
    print(f"{N_TRAIN} training, {N_CALIB} calibration, {N_TEST} test images; mean {mean}, std {std}", flush=True)

    model = train(prepare(train_images, mean, std), train_labels)
    describe(model)
    test_x = prepare(test_images, mean, std)
    dense = accuracy(model, test_x, test_labels)
    pruned = accuracy(pruned_copy(model, PRUNED), test_x, test_labels)
    for share in (0.1, 0.2, 0.3, 0.4, 0.5):
        print(f"  {share:.0%} of the weights zero: {accuracy(pruned_copy(model, share), test_x, test_labels):.2%}")
    print(f"calibration images: {accuracy(model, prepare(calib_images, mean, std), calib_labels):.2%}")
    print(f"test images, float: {dense:.2%}; with {PRUNED:.0%} of the weights zero: {pruned:.2%}, "
          f"{100 * (dense - pruned):.2f} points less")

    files = {
        "model.onnx": onnx_bytes(model),
        "test_images.npy": npy_bytes(test_images), "test_labels.npy": npy_bytes(test_labels),
        "calib_images.npy": npy_bytes(calib_images), "calib_labels.npy": npy_bytes(calib_labels),
        "reference_output.npy": npy_bytes(outputs(model, test_x[:16]).numpy()),
        "classes.txt": "".join(name + "\n" for name in CLASSES).encode(),
        "test.toml": toml_bytes("test", mean, std), "calib.toml": toml_bytes("calib", mean, std),
    }
    problems = [f"{name} has {len(data)} bytes, the limit is {MAX_FILE}" for name, data in files.items()
                if len(data) >= MAX_FILE]
    if not MIN_ACCURACY <= dense <= MAX_ACCURACY:
        problems.append(f"float accuracy {dense:.2%} is outside {MIN_ACCURACY:.0%} to {MAX_ACCURACY:.0%}")
    if dense - pruned < MIN_PRUNING_LOSS:
        problems.append(f"pruning costs less than {100 * MIN_PRUNING_LOSS:.0f} points")
    if problems:
        sys.exit("make_demo: nothing written: " + "; ".join(problems))
    for name, data in files.items():
        path = os.path.join(args.out, name)
        with open(path + ".tmp", "wb") as file:
            file.write(data)
        os.replace(path + ".tmp", path)
        print(f"wrote {path}, {len(data):,d} bytes")


if __name__ == "__main__":
    main()
