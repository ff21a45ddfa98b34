"""The GPU: what torch sees, and what train.device asks for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from pipeline import params
from pipeline.doctor import Finding, Patient

BUILD = "install a CUDA build: `make repro TORCH=cu130`, see README, GPU"


def check(patient: Patient) -> Iterator[Finding]:
    """Compare train.device with what is there."""
    import torch

    device = params.section(patient.needed(), "train", "device")
    if torch.cuda.is_available():
        used = "not used: train.device is cpu" if device == "cpu" else "used for training"
        yield Finding("ok", f"{torch.cuda.get_device_name()}, {used}")
    elif device == "cuda":
        what = f"train.device is cuda, but PyTorch {torch.__version__} sees no GPU"
        yield Finding("fail", what, f"{BUILD}; or set train.device to auto")
    elif shutil.which("nvidia-smi"):
        what = f"the machine has an NVIDIA driver, but PyTorch {torch.__version__} sees no GPU"
        yield Finding("warn", what, BUILD)
    else:
        yield Finding("ok", "no GPU; training runs on the CPU")
