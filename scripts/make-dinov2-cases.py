#!/usr/bin/env python3
"""A small DINOv2 with random weights, and what transformers computes with it, for the tests.

    make-dinov2-cases.py IMAGE OUTDIR

Needs torch, transformers, Pillow and safetensors. IMAGE is samples/my-cat/1.png for tests/TextualInversion.Tests/Fixtures/dinov2.

OUTDIR gets the model in transformers' layout and expected.safetensors: `learned.pixels`, an input of the learned size, and `learned.token`, the
class token after the last norm; the same for `smaller` and `wide`, where the positions are resized; `image.token` for IMAGE through the processor.
"""
import sys

import torch
import transformers
from PIL import Image
from safetensors.torch import save_file


def main(image, out):
    torch.manual_seed(7)
    config = transformers.Dinov2Config(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, mlp_ratio=2, image_size=70, patch_size=14, layerscale_value=0.7)
    model = transformers.Dinov2Model(config).eval()
    for name, weight in model.named_parameters():
        weight.data = torch.randn_like(weight) * (0.3 if weight.dim() > 1 else 0.2) + (1.0 if "norm" in name and name.endswith("weight") else 0.5 if "lambda" in name else 0.0)
    model.save_pretrained(out)
    processor = transformers.BitImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 56, "width": 56}, resample=3,
                                               image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
    processor.save_pretrained(out)
    tensors = {}
    with torch.no_grad():
        for name, height, width in [("learned", 70, 70), ("smaller", 56, 56), ("wide", 42, 98)]:
            pixels = torch.randn(2, 3, height, width)
            tensors |= {f"{name}.pixels": pixels, f"{name}.token": model(pixels).last_hidden_state[:, 0]}
        inputs = processor(Image.open(image).convert("RGB"), return_tensors="pt")
        tensors["image.token"] = model(**inputs).last_hidden_state[:, 0]
    save_file({key: value.contiguous() for key, value in tensors.items()}, f"{out}/expected.safetensors",
              {"script": "scripts/make-dinov2-cases.py", "torch": torch.__version__, "transformers": transformers.__version__})


main(*sys.argv[1:])
