"""Measures diffusers as scripts/gpu-check measures ti: a step of textual inversion and an image, on a model of a real
size with random weights. gpu-check runs it where Python has torch, diffusers and transformers.

python3 scripts/gpu-check-diffusers.py sd15|sdxl bf16|fp16|fp32 DEVICE OUT.json [--checkpointing] [--tiny]

The random weights are made on the device, without a file. The text encoders and the VAE compute in float32, as in ti.
"""
import argparse
import json
import resource
import time

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

DOWN, CROSS_DOWN, UP, CROSS_UP = "DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"
UNETS = {
    "sd15": dict(
        down_block_types=[CROSS_DOWN] * 3 + [DOWN], up_block_types=[UP] + [CROSS_UP] * 3,
        block_out_channels=[320, 640, 1280, 1280], attention_head_dim=8, cross_attention_dim=768, sample_size=64),
    "sdxl": dict(
        down_block_types=[DOWN, CROSS_DOWN, CROSS_DOWN], up_block_types=[CROSS_UP, CROSS_UP, UP],
        block_out_channels=[320, 640, 1280], attention_head_dim=[5, 10, 20], transformer_layers_per_block=[1, 2, 10],
        cross_attention_dim=2048, sample_size=128, use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816),
}
TINY = dict(sample_size=8, norm_num_groups=8, transformer_layers_per_block=1)
CLIP_L = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, hidden_act="quick_gelu", projection_dim=768)
OPEN_CLIP_G = dict(hidden_size=1280, num_hidden_layers=32, num_attention_heads=20, hidden_act="gelu", projection_dim=1280)
STEP_SECONDS, MOST_STEPS, GUIDANCE = 5, 10, 5.0

parser = argparse.ArgumentParser()
parser.add_argument("model", choices=UNETS)
parser.add_argument("precision", choices=["bf16", "fp16", "fp32"])
parser.add_argument("device")
parser.add_argument("out")
parser.add_argument("--checkpointing", action="store_true")
parser.add_argument("--tiny", action="store_true")
args = parser.parse_args()
device = torch.device(args.device)
dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[args.precision]
is_xl = args.model == "sdxl"
vocabulary = 1000 if args.tiny else 49408


def text_config(config):
    if args.tiny:
        config = dict(config, num_hidden_layers=2)
    return CLIPTextConfig(
        vocab_size=vocabulary, intermediate_size=4 * config["hidden_size"], bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1, **config)


def synchronize():
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak_bytes():
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


torch.manual_seed(0)
config = UNETS[args.model]
if args.tiny:
    width = [size // 10 for size in config["block_out_channels"]]
    heads = [2] * len(width) if isinstance(config["attention_head_dim"], list) else 2
    config = dict(config, block_out_channels=width, attention_head_dim=heads, **TINY)
with device:
    unet = UNet2DConditionModel(**config).to(dtype)
    encoders = [CLIPTextModel(text_config(CLIP_L))]
    if is_xl:
        encoders.append(CLIPTextModelWithProjection(text_config(OPEN_CLIP_G)))
    vae = AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=[32, 32, 64, 64] if args.tiny else [128, 256, 512, 512], layers_per_block=2)
for module in [unet, vae, *encoders]:
    module.requires_grad_(False)
embeddings = [encoder.get_input_embeddings().weight.requires_grad_(True) for encoder in encoders]
optimizer = torch.optim.AdamW(embeddings, lr=5e-3)
if args.checkpointing:
    unet.train()
    unet.enable_gradient_checkpointing()
side = config["sample_size"]
ids = torch.randint(0, vocabulary - 2, (1, 77), device=device)


def encode():
    """The conditioning of one prompt: states, and SDXL's added embeddings."""
    if not is_xl:
        return encoders[0](ids)[0], None
    outputs = [encoder(ids, output_hidden_states=True) for encoder in encoders]
    states = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
    sizes = torch.tensor([[side * 8, side * 8, 0, 0, side * 8, side * 8]], device=device, dtype=torch.float32)
    return states, dict(text_embeds=outputs[1].text_embeds, time_ids=sizes)


def predict(latents, timesteps, states, added):
    cast = None if added is None else {name: value.to(dtype) for name, value in added.items()}
    return unet(latents.to(dtype), timesteps, states.to(dtype), added_cond_kwargs=cast).sample.float()


def train():
    latents, noise = torch.randn(1, 4, side, side, device=device), torch.randn(1, 4, side, side, device=device)
    loss = torch.nn.functional.mse_loss(predict(latents, torch.tensor([500], device=device), *encode()), noise)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@torch.no_grad()
def generate(steps):
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    scheduler.set_timesteps(steps, device=device)
    states, added = encode()
    states = torch.cat([states, states])
    added = None if added is None else {name: torch.cat([value, value]) for name, value in added.items()}
    latents = torch.randn(1, 4, side, side, device=device) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(torch.cat([latents, latents]), timestep)
        without, guided = predict(scaled, timestep, states, added).chunk(2)
        latents = scheduler.step(without + GUIDANCE * (guided - without), timestep, latents).prev_sample
    return vae.decode(latents / vae.config.scaling_factor).sample.cpu()


try:
    train()
    times = []
    while len(times) < MOST_STEPS and sum(times) < STEP_SECONDS:
        start = time.perf_counter()
        train()
        synchronize()
        times.append(time.perf_counter() - start)
    result = dict(step_seconds=sorted(times)[len(times) // 2], peak_bytes=peak_bytes())
    if not args.checkpointing:
        unet.eval()
        generate(2)
        start = time.perf_counter()
        generate(2 if args.tiny else 20)
        result["image_seconds"] = time.perf_counter() - start
except torch.OutOfMemoryError:
    result = dict(problem="out of memory")
with open(args.out, "w") as file:
    json.dump(result, file)
