#!/usr/bin/env python3
"""Reference runs of diffusers' image to image, for the tests.

    make-image-to-image-cases.py MODEL OUT.safetensors

Needs torch, diffusers 0.42, transformers, safetensors and Pillow. MODEL is a Stable Diffusion 1.x folder, tests/goldens/models/sd1 for
tests/TextualInversion.Tests/Fixtures/image-to-image.safetensors. Computed on the CPU in float32.

The file holds `image` (H, W, 3) uint8, the picture that every case starts from; `N.start`, the scaled latents with noise that case N's first
model call gets before they are scaled for the model; `N.latents`, the scaled latents at the end; `N.image` (H, W, 3) uint8 where a case is
decoded. The metadata say what each case is (`cases`, JSON) and how the file was made (`note`, `script`).
"""
import json
import sys

import diffusers
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

PROMPT = "a painting of the small blue striped robot with yellow accents on a beach"
NOTE = ("StableDiffusionImg2ImgPipeline; one generator per case, seeded: it draws the noise of the VAE's sample (B, 4, h, w), then the noise "
        "that strength adds, then that of stochastic samplers. The scheduler is made from the folder's config with scheduler_overrides. "
        "LMS is left out: diffusers' extrapolates with derivatives that a run begun midway does not have.")

# scheduler, overrides, steps, strength, decoded
RUNS = [
    ("PNDMScheduler", {}, 10, 0.5, True),
    ("PNDMScheduler", {}, 8, 1.0, False),
    ("PNDMScheduler", {}, 8, 0.9, False),
    ("DDIMScheduler", {"clip_sample": False}, 10, 0.75, True),
    ("DDIMScheduler", {"clip_sample": False}, 7, 0.3, False),
    ("DDPMScheduler", {"clip_sample": False}, 10, 0.5, False),
    ("EulerDiscreteScheduler", {}, 10, 0.6, False),
    ("EulerDiscreteScheduler", {"use_karras_sigmas": True}, 9, 0.25, False),
    ("EulerAncestralDiscreteScheduler", {}, 10, 0.75, True),
    ("HeunDiscreteScheduler", {}, 8, 0.5, False),
    ("KDPM2DiscreteScheduler", {"use_karras_sigmas": True}, 8, 0.5, False),
    ("KDPM2AncestralDiscreteScheduler", {}, 6, 0.7, False),
    ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}, 12, 0.75, False),
    ("DPMSolverMultistepScheduler", {}, 20, 0.1, False),
    ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}, 10, 0.5, False),
    ("DPMSolverSinglestepScheduler", {}, 9, 0.6, False),
    ("UniPCMultistepScheduler", {}, 10, 0.5, False),
    ("DEISMultistepScheduler", {}, 10, 0.5, False),
    ("LCMScheduler", {}, 6, 0.5, False),
]


def picture(width, height):
    """Soft colours with hard edges."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [255 * x / (width - 1), 255 * y / (height - 1), 127.5 + 127.5 * np.sin(x / 5) * np.cos(y / 7)]
    pixels = np.stack(channels, -1).round().astype(np.uint8)
    pixels[height // 4:height // 2, width // 3:2 * width // 3] = (230, 40, 30)
    return pixels


def main(model, out):
    pipe = diffusers.StableDiffusionImg2ImgPipeline.from_pretrained(model, torch_dtype=torch.float32, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    folder = pipe.scheduler.config
    image = picture(width=80, height=64)
    tensors, cases = {"image": torch.from_numpy(image)}, []
    for number, (scheduler, overrides, steps, strength, decoded) in enumerate(RUNS):
        case = {"case": number, "scheduler": scheduler, "scheduler_overrides": overrides, "num_inference_steps": steps, "strength": strength,
                "prompt": PROMPT, "negative_prompt": "dark photo", "guidance_scale": 5.0, "seed": 40 + number}
        cases.append(case)
        run = lambda output_type: pipe(
            image=Image.fromarray(image), prompt=case["prompt"], negative_prompt=case["negative_prompt"], strength=strength,
            num_inference_steps=steps, guidance_scale=case["guidance_scale"], generator=torch.Generator().manual_seed(case["seed"]),
            output_type=output_type).images
        prepare = pipe.prepare_latents

        def prepare_and_keep(*args, **kwargs):
            latents = prepare(*args, **kwargs)
            tensors[f"{number}.start"] = latents.clone()
            return latents

        for output_type in ("latent", "np") if decoded else ("latent",):
            pipe.scheduler = getattr(diffusers, scheduler).from_config(folder, **overrides)
            pipe.prepare_latents = prepare_and_keep
            result = run(output_type)
            pipe.prepare_latents = prepare
            if output_type == "latent":
                tensors[f"{number}.latents"] = result
            else:
                tensors[f"{number}.image"] = torch.from_numpy((result[0] * 255).round().astype(np.uint8))
    versions = {"torch": torch.__version__, "diffusers": diffusers.__version__}
    metadata = {"note": NOTE, "script": "scripts/make-image-to-image-cases.py", "versions": json.dumps(versions), "cases": json.dumps(cases)}
    save_file({key: value.contiguous() for key, value in tensors.items()}, out, metadata)


main(*sys.argv[1:])
