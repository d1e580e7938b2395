"""Stand-in for pynq: an accelerator that knows the golden vectors of the project in HASS_FAKE_PROJECT.
It records the words sent (HASS_FAKE_SENT) and refuses what would hang or go wrong on a board."""
import json
import os

import numpy as np

project = os.environ["HASS_FAKE_PROJECT"]
with open(os.path.join(project, "host", "design.json")) as f:
    design = json.load(f)
memory = {}  # physical address -> buffer


def golden(name):
    return open(os.path.join(project, "data", "golden_%s.bin" % name), "rb").read()


class Buffer(np.ndarray):
    pass


def allocate(shape, dtype):
    b = np.zeros(shape, dtype=dtype).view(Buffer)
    b.physical_address = 0x180000000 + 0x100000 * len(memory)
    b.flushed = False
    b.flush = lambda: setattr(b, "flushed", True)
    b.freebuffer = lambda: None
    memory[b.physical_address] = b
    return b


class Accelerator:
    OFFSETS = {"CTRL": 0, "GIER": 4, "weights_1": 0x10, "weights_2": 0x14, "mode": 0x1C, "images": 0x24}

    def __init__(self):
        self.regs, self.loaded, self.running, self.done = {}, False, False, False
        self.pending = []  # image numbers that went in
        self.outputs = [Receiver(self, o) for o in design["outputs"]]

    def write(self, offset, value):
        if offset not in self.OFFSETS.values():
            raise Exception("no register at 0x%x" % offset)
        if offset != 0:
            self.regs[offset] = value
            return
        if value == 0x10:
            if not self.done:
                raise Exception("continue before done")
            self.done = False
            return
        if value != 1 or self.running or self.done:
            raise Exception("start while running, or before done is acknowledged")
        self.mode, self.images = self.regs[0x1C], self.regs[0x24]
        if self.mode == 0:
            b = memory[self.regs[0x10] | self.regs[0x14] << 32]
            want = open(os.path.join(project, "data", "weights.bin"), "rb").read()
            if not b.flushed or b.tobytes() != want:
                raise Exception("the weights in memory are not those of the project")
            self.loaded = self.done = True
            return
        if not self.loaded:
            raise Exception("run before the weights are loaded")
        self.running = True

    def read(self, offset):
        if offset != 0:
            raise Exception("read of 0x%x" % offset)
        if self.running and all(r.given == self.images for r in self.outputs):
            self.running, self.done = False, True
            for r in self.outputs:
                r.given = 0
            self.pending = []
        return 2 if self.done else 0

    def take(self, data):
        p = design["input"]
        size = p["word_bytes"] * p["words"]
        if len(data) != size * self.images or not self.running:
            raise Exception("%d bytes sent for %d images" % (len(data), self.images))
        with open(os.environ["HASS_FAKE_SENT"], "ab") as f:
            f.write(data)
        known = golden(p["name"])
        for i in range(self.images):
            image = data[i * size : (i + 1) * size]
            at = [k for k in range(design["golden_images"]) if known[k * size : (k + 1) * size] == image]
            if not at:
                raise Exception("image %d is none of the golden images" % i)
            self.pending.append(at[0])


class Sender:
    def __init__(self, accelerator):
        self.accelerator, self.busy = accelerator, False

    def transfer(self, array, start=0, nbytes=0):
        self.accelerator.take(array.tobytes()[start : start + (nbytes or array.nbytes)])
        self.busy = True

    def wait(self):
        if not self.busy:
            raise Exception("wait without a transfer")
        self.busy = False


class Receiver:
    """A transfer ends at TLAST, that is after one image."""

    def __init__(self, accelerator, port):
        self.accelerator, self.given, self.into = accelerator, 0, None
        self.size = port["word_bytes"] * port["words"]
        self.align = max(4, port["word_bytes"])  # the DMA has no realignment engine
        self.golden = golden(port["name"])

    def transfer(self, array, start=0, nbytes=0):
        if self.into is not None:
            raise Exception("a transfer is under way")
        if (array.physical_address + start) % self.align != 0:
            raise Exception("a transfer begins at byte %d, the DMA is %d bytes wide" % (start, self.align))
        if nbytes != self.size:
            raise Exception("a transfer of %d bytes; TLAST comes after %d" % (nbytes, self.size))
        self.into = (array, start)

    def wait(self):
        if self.into is None:
            raise Exception("wait without a transfer")
        array, start = self.into
        k = self.accelerator.pending[self.given]
        array[start : start + self.size] = np.frombuffer(self.golden[k * self.size : (k + 1) * self.size], dtype=np.uint8)
        if os.environ.get("HASS_FAKE_WRONG") and self.given == 1:
            array[start] ^= 1
        self.given += 1
        self.into = None


class Overlay:
    def __init__(self, bit, download=True):
        if download and not os.path.exists(bit):
            raise Exception("no bitstream %s" % bit)
        self.accelerator = Accelerator()
        registers = {n: {"address_offset": o} for n, o in Accelerator.OFFSETS.items()}
        self.ip_dict = {"accelerator": {"registers": registers}}
        setattr(self, "dma_" + design["input"]["name"], type("Dma", (), {"sendchannel": Sender(self.accelerator)})())
        for o, r in zip(design["outputs"], self.accelerator.outputs):
            setattr(self, "dma_" + o["name"], type("Dma", (), {"recvchannel": r})())
