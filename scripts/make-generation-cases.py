#!/usr/bin/env python3
"""Reference numbers of the options of diffusers' pipelines that the other files do not have, for the tests.

    make-generation-cases.py MODELS OUT.safetensors

Needs torch, diffusers 0.42, transformers and safetensors. MODELS holds the folders sd1 and sdxl: tests/goldens/models for
tests/TextualInversion.Tests/Fixtures/generation.safetensors. Computed on the CPU in float32.

The file holds `N.latents`, the scaled latents at the end of case N; `skip.MODEL.K`, the states of a prompt for diffusers' clip_skip K;
`tiled.latents` and `tiled.pixels`, decoded in tiles of `tile_cells` latent cells; `tiles.pixels`, encoded in tiles of `tile_pixels` to the
scaled `tiles.mean` and `tiles.std`. The metadata say what each case is.

A case with `clip_skip` and guidance gets the states of both its prompts from encode_prompt: diffusers' pipelines skip in the prompt and not
in the negative.
"""
import json
import sys

import diffusers
import torch
from safetensors.torch import save_file

PROMPT = "a painting of the small blue striped robot with yellow accents on a beach"

# model, scheduler, options of the pipeline
RUNS = [
    ("sd1", "DDIMScheduler", {"eta": 0.6}),
    ("sd1", "DDIMScheduler", {"eta": 1.0, "guidance_rescale": 0.7}),
    ("sd1", "EulerDiscreteScheduler", {"guidance_rescale": 0.3}),
    ("sdxl", "DDIMScheduler", {"guidance_rescale": 0.7}),
    ("sdxl", "EulerDiscreteScheduler", {"clip_skip": 1, "guidance_scale": 1.0}),
    ("sdxl", "DPMSolverMultistepScheduler", {"clip_skip": 1, "guidance_rescale": 0.5}),
]


def load(models, name):
    kind = diffusers.StableDiffusionXLPipeline if name == "sdxl" else diffusers.StableDiffusionPipeline
    options = {"variant": "fp16"} if name == "sdxl" else {"safety_checker": None}
    pipe = kind.from_pretrained(f"{models}/{name}", torch_dtype=torch.float32, **options)
    pipe.set_progress_bar_config(disable=True)
    # diffusers 0.42 looks for the final norm where transformers 4 had it.
    object.__setattr__(pipe.text_encoder, "text_model", pipe.text_encoder)
    return pipe


def skip_in_both(pipe, arguments):
    """The pipeline's arguments with the states of both prompts in the place of their texts."""
    skip = arguments.pop("clip_skip")
    encode = lambda text: pipe.encode_prompt(text, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False, clip_skip=skip)
    (states, _, pooled, _), (negative, _, negative_pooled, _) = encode(arguments.pop("prompt")), encode(arguments.pop("negative_prompt"))
    return dict(arguments, prompt_embeds=states, pooled_prompt_embeds=pooled, negative_prompt_embeds=negative, negative_pooled_prompt_embeds=negative_pooled)


def main(models, out):
    pipes = {name: load(models, name) for name in ("sd1", "sdxl")}
    tensors, cases = {}, []
    for number, (model, scheduler, options) in enumerate(RUNS):
        pipe = pipes[model]
        config = dict(pipe.scheduler.config)
        pipe.scheduler = getattr(diffusers, scheduler).from_config(config, clip_sample=False)
        case = {"case": number, "model": model, "scheduler": scheduler, "prompt": PROMPT, "negative_prompt": "dark photo", "seed": 70 + number,
                "num_inference_steps": 5, "guidance_scale": 6.0, "width": 64, "height": 64, **options}
        cases.append(case)
        arguments = {key: value for key, value in case.items() if key not in ("case", "model", "scheduler", "seed")}
        if "clip_skip" in arguments and case["guidance_scale"] > 1:
            arguments = skip_in_both(pipe, arguments)
        tensors[f"{number}.latents"] = pipe(**arguments, generator=torch.Generator().manual_seed(case["seed"]), output_type="latent").images
    for name, pipe in pipes.items():
        for skip in (1, 2):
            states = pipe.encode_prompt(PROMPT, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False, clip_skip=skip)
            tensors[f"skip.{name}.{skip}"] = states[0]
            if name == "sdxl":
                tensors[f"skip.{name}.{skip}.pooled"] = states[2]
    vae = pipes["sd1"].vae
    vae.enable_tiling()
    latents = torch.randn(1, 4, 20, 27, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        pixels = vae.decode(latents / vae.config.scaling_factor).sample
    tensors |= {"tiled.latents": latents, "tiled.pixels": pixels}
    # Three tiles each way, the last ones cut off.
    picture = torch.rand(1, 3, 136, 104, generator=torch.Generator().manual_seed(4)) * 2 - 1
    with torch.no_grad():
        distribution = vae.encode(picture).latent_dist
    tensors |= {"tiles.pixels": picture, "tiles.mean": distribution.mean * vae.config.scaling_factor, "tiles.std": distribution.std * vae.config.scaling_factor}
    metadata = {"script": "scripts/make-generation-cases.py", "versions": json.dumps({"torch": torch.__version__, "diffusers": diffusers.__version__}),
                "prompt": PROMPT, "cases": json.dumps(cases), "tile_cells": str(vae.tile_latent_min_size), "tile_pixels": str(vae.tile_sample_min_size)}
    save_file({key: value.detach().contiguous() for key, value in tensors.items()}, out, metadata)


main(*sys.argv[1:])
