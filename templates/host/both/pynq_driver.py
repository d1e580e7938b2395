#!/usr/bin/env python3
"""Runs the accelerator on a PYNQ board (PYNQ 2.6 and later).

    python3 pynq_driver.py --bit hass.bit --selftest
    python3 pynq_driver.py --bit hass.bit --images images.npy [--labels labels.npy] [--output PREFIX]

    python3 pynq_driver.py --bit hass.bit --throughput 1000 [--counters counters.json]

With --loaded the bitstream is in the FPGA already (xmutil loadapp on Kria boards); hass.hwh must still lie beside the name that --bit gives.

hass.bit and hass.hwh come from make bitstream. This file needs design.json beside it and the
project's data folder (--data, default ../data): weights.bin, and for the self test the
golden vectors. Images are uint8, N x H x W x C or N x H x W; grey is replicated.

Everything about the design is read from design.json, of C++ offsets of registers from the .hwh.
Numbers are computed as the integer reference computes them, step by step in float64 and
float32, so that the words sent equal the reference's bit for bit.
"""
import argparse
import json
import os
import sys
import time

import numpy as np

MODE_LOAD, MODE_RUN = 0, 1

# Bits of the control register (AXI4-Lite block protocol ap_ctrl_chain).
AP_START, AP_DONE, AP_CONTINUE = 0x01, 0x02, 0x10

# The DMA's length register has 26 bits; a transfer begins at a multiple of the DMA's width,
# which is at most 128 bytes.
MAX_TRANSFER = (1 << 26) - 1
ALIGN = 128


class Port:
    """An AXI4-Stream of the accelerator and the integer tensor that it carries."""

    def __init__(self, d):
        self.name = d["name"]
        self.h, self.w, self.c = d["h"], d["w"], d["c"]
        self.bits, self.frac, self.signed = d["bits"], d["frac"], d["signed"]
        self.scale = d.get("scale", 1.0)  # further factor of the step, if it is not a power of two
        self.rounding = d.get("rounding")  # of the input only
        self.px, self.ch = d["px"], d["ch"]
        self.word_bytes = d["word_bytes"]
        self.words = d["words"]
        self.image_bytes = self.word_bytes * self.words
        self.stride = -(-self.image_bytes // ALIGN) * ALIGN  # bytes between two images in a receive buffer
        self.groups = -(-self.w // self.px)
        self.lo = -(1 << (self.bits - 1)) if self.signed else 0
        self.hi = (1 << (self.bits - (1 if self.signed else 0))) - 1

    def pack(self, q):
        """AXI words (N, words, word_bytes) of uint8 for integers q (N, H, W, C): one beat a
        word, lanes side by side, lane 0 lowest, tail pixels and unused bits 0."""
        n = len(q)
        tail = self.groups * self.px - self.w
        q = np.pad(np.asarray(q, dtype=np.int64), ((0, 0), (0, 0), (0, tail), (0, 0)), "constant")
        q = q.reshape(n, self.h, self.groups, self.px, self.c // self.ch, self.ch)
        lanes = q.transpose(0, 1, 2, 4, 3, 5).reshape(n * self.words, self.px * self.ch)
        if self.bits in (8, 16):
            raw = np.ascontiguousarray(lanes.astype("<i%d" % (self.bits // 8) if self.signed else "<u%d" % (self.bits // 8)))
            raw = raw.view(np.uint8).reshape(len(lanes), -1)
        else:
            shifts = np.arange(self.bits, dtype=np.int64)
            bits = ((lanes[:, :, None] >> shifts) & 1).astype(np.uint8)
            raw = np.packbits(bits.reshape(len(lanes), -1), axis=1, bitorder="little")
        words = np.zeros((len(lanes), self.word_bytes), dtype=np.uint8)
        words[:, : raw.shape[1]] = raw
        return words.reshape(n, self.words, self.word_bytes)

    def unpack(self, words):
        """Integers (N, H, W, C) of the AXI words of n images, the reverse of pack."""
        words = np.asarray(words, dtype=np.uint8).reshape(-1, self.word_bytes)
        n = len(words) // self.words
        count = self.px * self.ch
        if self.bits in (8, 16):
            size = self.bits // 8
            raw = np.ascontiguousarray(words[:, : count * size])
            lanes = raw.view("<i%d" % size if self.signed else "<u%d" % size).astype(np.int64)
        else:
            bits = np.unpackbits(words, axis=1, bitorder="little")[:, : count * self.bits]
            bits = bits.reshape(len(words), count, self.bits).astype(np.int64)
            lanes = (bits << np.arange(self.bits, dtype=np.int64)).sum(axis=2)
            if self.signed:
                lanes -= (lanes >> (self.bits - 1)) << self.bits
        lanes = lanes.reshape(n, self.h, self.groups, self.c // self.ch, self.px, self.ch)
        q = lanes.transpose(0, 1, 2, 4, 3, 5).reshape(n, self.h, self.groups * self.px, self.c)
        return q[:, :, : self.w]

    def quantise(self, v):
        """The integers nearest to v in steps of 2^-frac times the scale, ties as the design says, saturated."""
        v = np.asarray(v, dtype=np.float64)
        v = np.ldexp(v / self.scale, self.frac)
        if self.rounding == "half_even":
            f = np.rint(v)
        elif self.rounding == "half_up":
            f = np.floor(v)
            f = np.where(v - f >= 0.5, f + 1, f)
        else:
            raise ValueError("unknown rounding %r" % self.rounding)
        return np.clip(f, self.lo, self.hi).astype(np.int64)

    def dequantise(self, q):
        """float32 values (N, C, H, W) of integers (N, H, W, C)."""
        v = np.asarray(q, dtype=np.float64)
        v = np.ldexp(v * self.scale, -self.frac).astype(np.float32)
        return v.transpose(0, 3, 1, 2)


class Model:
    """What design.json says: ports, preprocessing, and how results come from outputs."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.d = json.load(f)
        self.input = Port(self.d["input"])
        self.outputs = [Port(o) for o in self.d["outputs"]]
        p = self.d["preproc"]
        if len(p["mean"]) != self.input.c or len(p["std"]) != self.input.c:
            raise ValueError("%s: preprocessing for %d channels, the input has %d" % (path, len(p["mean"]), self.input.c))
        # x = float32((u8 / divisor - mean) / std): 256 integers per channel.
        u8 = np.arange(256, dtype=np.float64)[:, None]
        x = (u8 / float(p["divisor"]) - np.array(p["mean"], dtype=np.float64)) / np.array(p["std"], dtype=np.float64)
        self.table = self.input.quantise(x.astype(np.float32))

    def quantise_images(self, images):
        """Integers (N, H, W, C) for uint8 images (N, H, W, C) or (N, H, W), or for float32 numbers, which are
        the model's input as it is: N times its elements, channels before rows and columns."""
        images = np.asarray(images)
        i = self.input
        if images.dtype == np.float32:
            if images.ndim < 2 or images[0].size != i.c * i.h * i.w:
                raise ValueError("inputs have shape %s; the network's input has %d numbers" % (images.shape, i.c * i.h * i.w))
            if not np.isfinite(images).all():
                raise ValueError("inputs hold numbers that are not finite")
            return i.quantise(images.reshape(len(images), i.c, i.h, i.w)).transpose(0, 2, 3, 1)
        if images.dtype != np.uint8 or images.ndim not in (2, 3, 4):
            raise ValueError("images are %s of shape %s; they must be uint8, N x H x W x C or N x H x W, or float32" % (images.dtype, images.shape))
        if images.ndim == 2:
            images = images[:, None, None, :]
        if images.ndim == 3:
            images = images[:, :, :, None]
        if i.h == 1 and i.w == 1 and images[0].size == i.c:
            images = images.transpose(0, 3, 1, 2).reshape(len(images), 1, 1, i.c)
        if images.shape[3] == 1 and i.c > 1:
            images = np.repeat(images, i.c, axis=3)
        if images.shape[1:] != (i.h, i.w, i.c):
            raise ValueError("images are %d x %d x %d; the network's input is %d x %d x %d (HWC)" % (images.shape[1:] + (i.h, i.w, i.c)))
        return self.table[images, np.arange(i.c)]

    def results(self, integers):
        """The model's outputs, in its order, one array each with an axis of images before the
        shape that the model has for one: integer outputs dequantised, then through the
        operators left to the host."""
        out = []
        for r in self.d["results"]:
            port = self.outputs[r["output"]]
            v = np.ascontiguousarray(port.dequantise(integers[r["output"]]))
            for op in r["host"]:
                v = v.reshape([len(v)] + list(op["shape"]))
                axis = op["axis"] + 1
                if op["op"] == "softmax":
                    e = np.exp(v.astype(np.float64) - v.max(axis=axis, keepdims=True))
                    v = (e / e.sum(axis=axis, keepdims=True)).astype(np.float32)
                elif op["op"] == "argmax":
                    v = np.expand_dims(v.argmax(axis=axis), axis)
                else:
                    raise ValueError("design.json: unknown host operator %r" % op["op"])
            out.append(v.reshape([len(v)] + list(r["shape"])))
        return out


class HLSControl:
    """The registers of the C++, whose offsets are those of the .hwh. It reads its weights from memory itself."""

    def __init__(self, acc):
        self.acc, self.ip = acc, acc.overlay.accelerator
        registers = acc.overlay.ip_dict["accelerator"]["registers"]

        def offset(*names):
            for n in names:
                if n in registers:
                    return registers[n]["address_offset"]
            raise KeyError("the .hwh has no register %s; it is of another design" % " or ".join(names))

        self.control = offset("CTRL", "AP_CTRL")
        self.mode = offset("mode", "mode_r")
        self.images = offset("images", "images_r")
        # A 64-bit pointer has two registers.
        self.address_low = offset("weights_1", "weights")
        self.address_high = registers["weights_2"]["address_offset"] if "weights_2" in registers else None

    def start(self, images, mode=MODE_RUN):
        self.ip.write(self.mode, mode)
        self.ip.write(self.images, images)
        self.ip.write(self.control, AP_START)

    def wait(self):
        self.acc.poll(lambda: self.ip.read(self.control) & AP_DONE, "the accelerator is not done")
        self.ip.write(self.control, AP_CONTINUE)

    def load(self, buf):
        buf.flush()
        self.ip.write(self.address_low, buf.physical_address & 0xFFFFFFFF)
        if self.address_high is not None:
            self.ip.write(self.address_high, buf.physical_address >> 32)
        elif buf.physical_address >> 32:
            raise ValueError("the weights lie above 4 GiB, the IP has 32-bit addresses")
        self.start(0, MODE_LOAD)
        self.wait()

    def cycles(self):
        """The C++ counts no cycles."""
        return None

    def counters(self):
        raise ValueError("the C++ has no counters; generate SystemVerilog (--target rtl)")


class RTLControl:
    """The registers of the SystemVerilog (hass_control.sv), whose offsets stand in design.json. Weights are a stream."""

    RUN, LOAD = 1, 2  # bits to write
    RUNNING, LOADING, LOADED, FAILED, STATS = 1, 2, 4, 8, 16  # bits to read

    def __init__(self, acc):
        self.acc, self.ip = acc, acc.overlay.accelerator
        self.at = acc.model.d["control"]["registers"]
        self.weights = acc.overlay.dma_weights.sendchannel

    def read(self, name):
        return self.ip.read(self.at[name])

    def start(self, images):
        if not self.read("CONTROL") & self.LOADED:
            raise RuntimeError("the accelerator has no weights")
        self.ip.write(self.at["IMAGES"], images)
        self.ip.write(self.at["CONTROL"], self.RUN)

    def wait(self):
        self.acc.poll(lambda: not self.read("CONTROL") & self.RUNNING, "the accelerator is not done")

    def load(self, buf):
        self.ip.write(self.at["CONTROL"], self.LOAD)
        self.weights.transfer(buf)
        self.weights.wait()
        self.acc.poll(lambda: not self.read("CONTROL") & self.LOADING, "the accelerator waits for more weights, they are of another design; it")
        if self.read("CONTROL") & self.FAILED:
            raise RuntimeError("the weights end at another word than the bitstream's design wants; they are of another design")

    def cycles(self):
        """Cycles of the last run, from the first word in to the last word out."""
        low = self.read("CYCLES_LOW")  # also latches the high half
        return low | self.read("CYCLES_HIGH") << 32

    def counters(self):
        """What every process of the last run waited for, in cycles, and the most tokens that every FIFO held."""
        c = self.acc.model.d["control"]
        if not self.read("CONTROL") & self.STATS:
            raise ValueError("the bitstream has no counters: it was built with STATS = 0")
        for name, want in (("PROCESSES", c["processes"]), ("FIFOS", c["fifos"])):
            if self.read(name) != len(want):
                raise ValueError("the bitstream has %d %s, the design %d; they are of two designs" % (self.read(name), name.lower(), len(want)))
        return {
            "images": self.read("DONE"),
            "cycles": self.cycles(),
            "processes": [
                {"name": n, "waited_for_token": self.ip.read(c["waits"] + 8 * i), "waited_for_room": self.ip.read(c["waits"] + 8 * i + 4)}
                for i, n in enumerate(c["processes"])
            ],
            "fifos": [{"name": n, "most": self.ip.read(c["most"] + 4 * i)} for i, n in enumerate(c["fifos"])],
        }


class Accelerator:
    """The accelerator on the board. Creating it loads the bitstream, unless download is False, and the weights."""

    def __init__(self, bit, model, data, timeout=10.0, download=True):
        import pynq

        self.pynq, self.model, self.timeout = pynq, model, timeout
        self.overlay = pynq.Overlay(bit, download=download)
        self.sender = getattr(self.overlay, "dma_" + model.input.name).sendchannel
        self.receivers = [getattr(self.overlay, "dma_" + o.name).recvchannel for o in model.outputs]
        self.control = {"hls": HLSControl, "rtl": RTLControl}[model.d["target"]](self)
        self.load_weights(os.path.join(data, "weights.bin"))

    def poll(self, done, what):
        deadline = time.monotonic() + self.timeout
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("%s after %g s" % (what, self.timeout))

    def load_weights(self, path):
        """Sends the weight words; the accelerator keeps them until it is configured anew."""
        words = np.fromfile(path, dtype="<u4")
        if len(words) != self.model.d["weight_words"]:
            raise ValueError("%s has %d words, the design has %d" % (path, len(words), self.model.d["weight_words"]))
        buf = self.pynq.allocate(shape=(len(words),), dtype=np.uint32)
        try:
            buf[:] = words
            self.control.load(buf)
        finally:
            buf.freebuffer()

    def run_words(self, words):
        """Runs n images given as AXI words (n, words, bytes); one array of words per output.

        TLAST ends every image, and with it a transfer of the DMA: each image of an
        output is a transfer of its own, the input goes out in one."""
        m = self.model
        most = max(1, MAX_TRANSFER // m.input.image_bytes)
        parts = [self._run_part(words[i : i + most]) for i in range(0, len(words), most)]
        return [np.concatenate([p[k] for p in parts]) for k in range(len(m.outputs))]

    def _run_part(self, words):
        m, n = self.model, len(words)
        for port in [m.input] + m.outputs:
            if port.image_bytes > MAX_TRANSFER:
                raise ValueError("an image of %s takes %d bytes; the DMA's transfers end at %d" % (port.name, port.image_bytes, MAX_TRANSFER))
        buffers = [self.pynq.allocate(shape=(n * m.input.image_bytes,), dtype=np.uint8)]
        try:
            for port in m.outputs:
                buffers.append(self.pynq.allocate(shape=(n * port.stride,), dtype=np.uint8))
            buffers[0][:] = np.ascontiguousarray(words).reshape(-1)
            for k, port in enumerate(m.outputs):
                self.receivers[k].transfer(buffers[k + 1], 0, port.image_bytes)
            self.control.start(n)
            self.sender.transfer(buffers[0])
            for i in range(n):
                for k, port in enumerate(m.outputs):
                    self.receivers[k].wait()
                    if i + 1 < n:
                        self.receivers[k].transfer(buffers[k + 1], (i + 1) * port.stride, port.image_bytes)
            self.sender.wait()
            self.control.wait()
            return [
                np.array(b).reshape(n, port.stride)[:, : port.image_bytes].reshape(n, port.words, port.word_bytes)
                for b, port in zip(buffers[1:], m.outputs)
            ]
        finally:
            for b in buffers:
                b.freebuffer()

    def run(self, images):
        """The model's outputs for images (quantise_images)."""
        words = self.run_words(self.model.input.pack(self.model.quantise_images(images)))
        return self.model.results([p.unpack(w) for p, w in zip(self.model.outputs, words)])


def selftest(acc, data):
    """Runs the golden images; the number of output words that differ from the reference."""
    m, n = acc.model, acc.model.d["golden_images"]

    def golden(port):
        raw = np.fromfile(os.path.join(data, "golden_%s.bin" % port.name), dtype=np.uint8)
        return raw.reshape(n, port.words, port.word_bytes)

    wrong = 0
    for port, got in zip(m.outputs, acc.run_words(golden(m.input))):
        bad = (got != golden(port)).any(axis=2)
        wrong += int(bad.sum())
        if bad.any():
            image, word = np.argwhere(bad)[0]
            print("%s: image %d, word %d differs from the reference" % (port.name, image, word))
    print("self test: %d images, %d wrong words" % (n, wrong))
    return wrong


def throughput(acc, data, images):
    """Runs golden images over and over; prints images/s of driver and DMAs, and of the accelerator where it counts cycles."""
    m = acc.model
    raw = np.fromfile(os.path.join(data, "golden_%s.bin" % m.input.name), dtype=np.uint8)
    golden = raw.reshape(m.d["golden_images"], m.input.words, m.input.word_bytes)
    words = golden[np.arange(images) % len(golden)]
    begin = time.monotonic()
    acc.run_words(words)
    took = time.monotonic() - begin
    print("%d images in %.3f s: %.1f images/s with driver and DMAs" % (images, took, images / took))
    cycles = acc.control.cycles()
    if cycles:
        print("%d cycles: %.1f images/s at %g MHz" % (cycles, images * m.d["clock_mhz"] * 1e6 / cycles, m.d["clock_mhz"]))


def main(argv=None):
    here = os.path.dirname(os.path.abspath(__file__))
    ap = argparse.ArgumentParser(description="Runs the accelerator on a PYNQ board.")
    ap.add_argument("--bit", required=True, help="hass.bit; hass.hwh lies beside it")
    ap.add_argument("--loaded", action="store_true", help="the bitstream is in the FPGA already (xmutil loadapp)")
    ap.add_argument("--design", default=os.path.join(here, "design.json"))
    ap.add_argument("--data", default=os.path.join(os.path.dirname(here), "data"), help="folder with weights.bin and golden vectors")
    ap.add_argument("--selftest", action="store_true", help="run the golden images and compare")
    ap.add_argument("--throughput", type=int, metavar="N", help="run N golden images and print images/s")
    ap.add_argument("--counters", metavar="FILE", help="write what the last run waited for, by process and FIFO (SystemVerilog)")
    ap.add_argument("--images", help=".npy of uint8 images, or of float32 inputs as the model has them")
    ap.add_argument("--labels", help=".npy of integers: print the accuracy")
    ap.add_argument("--output", help="write the model's outputs to PREFIX0.npy, PREFIX1.npy, ...")
    args = ap.parse_args(argv)
    if not args.selftest and not args.images and not args.throughput:
        ap.error("nothing to do: give --selftest, --throughput or --images")
    if args.throughput is not None and args.throughput < 1:
        ap.error("--throughput takes at least one image")

    model = Model(args.design)
    acc = Accelerator(args.bit, model, args.data, download=not args.loaded)
    if args.selftest and selftest(acc, args.data) > 0:
        return 1
    if args.throughput:
        throughput(acc, args.data, args.throughput)
    if args.images:
        classify(acc, args)
    if args.counters:
        with open(args.counters, "w", encoding="utf-8") as f:
            json.dump(acc.control.counters(), f, indent=2)
            f.write("\n")
    return 0


def classify(acc, args):
    """Runs the images that were asked for; prints rate, classes and accuracy, writes outputs."""
    images = np.load(args.images, allow_pickle=False)
    begin = time.monotonic()
    results = acc.run(images)
    took = time.monotonic() - begin
    print("%d images in %.3f s (driver and transfers included): %.1f images/s" % (len(images), took, len(images) / took))
    first = results[0].reshape(len(images), -1)
    classes = first.argmax(axis=1) if first.shape[1] > 1 else first[:, 0].astype(np.int64)
    for i, c in enumerate(classes[:10]):
        print("image %d: class %d" % (i, c))
    if args.labels:
        labels = np.load(args.labels, allow_pickle=False).reshape(-1)
        print("top-1: %.4f" % float((classes == labels[: len(classes)]).mean()))
    if args.output:
        for k, r in enumerate(results):
            np.save("%s%d.npy" % (args.output, k), r)


if __name__ == "__main__":
    sys.exit(main())
