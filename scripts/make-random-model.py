"""Writes a Stable Diffusion of a real size with random weights in fp16, a diffusers folder, for measuring time and memory.

python3 scripts/make-random-model.py sd15|sd21|sdxl FOLDER, in an environment with diffusers and transformers. The tokenizer is the demo model's.
"""
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

TOKENIZER = Path(__file__).parent.parent / "samples/demo-model/tokenizer"
DOWN, CROSS_DOWN, UP, CROSS_UP = "DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"

# The values of the published config.json files that are not the classes' defaults.
FOUR_LEVELS = dict(down_block_types=[CROSS_DOWN] * 3 + [DOWN], up_block_types=[UP] + [CROSS_UP] * 3, block_out_channels=[320, 640, 1280, 1280])
UNETS = {
    "sd15": dict(FOUR_LEVELS, attention_head_dim=8, cross_attention_dim=768, sample_size=64),
    "sd21": dict(FOUR_LEVELS, attention_head_dim=[5, 10, 20, 20], cross_attention_dim=1024, sample_size=96, use_linear_projection=True),
    "sdxl": dict(
        down_block_types=[DOWN, CROSS_DOWN, CROSS_DOWN], up_block_types=[CROSS_UP, CROSS_UP, UP], block_out_channels=[320, 640, 1280],
        attention_head_dim=[5, 10, 20], transformer_layers_per_block=[1, 2, 10], cross_attention_dim=2048, sample_size=128, use_linear_projection=True,
        addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816),
}
CLIP_L = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, hidden_act="quick_gelu", projection_dim=768)
OPEN_CLIP_H = dict(hidden_size=1024, num_hidden_layers=23, num_attention_heads=16, hidden_act="gelu", projection_dim=1024)
OPEN_CLIP_G = dict(hidden_size=1280, num_hidden_layers=32, num_attention_heads=20, hidden_act="gelu", projection_dim=1280)


def text(kind, config):
    return kind(CLIPTextConfig(vocab_size=49408, intermediate_size=4 * config["hidden_size"], bos_token_id=49406, eos_token_id=49407, **config))


kind, folder = sys.argv[1], Path(sys.argv[2])
torch.manual_seed(0)
parts = dict(
    vae=AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4, block_out_channels=[128, 256, 512, 512], layers_per_block=2,
        sample_size=512, scaling_factor=0.13025 if kind == "sdxl" else 0.18215),
    unet=UNet2DConditionModel(**UNETS[kind]),
    text_encoder=text(CLIPTextModel, OPEN_CLIP_H if kind == "sd21" else CLIP_L),
    tokenizer=CLIPTokenizer.from_pretrained(TOKENIZER),
    scheduler=DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False, set_alpha_to_one=False,
        prediction_type="v_prediction" if kind == "sd21" else "epsilon"),
)
if kind == "sdxl":
    pipeline = StableDiffusionXLPipeline(**parts, text_encoder_2=text(CLIPTextModelWithProjection, OPEN_CLIP_G), tokenizer_2=parts["tokenizer"])
else:
    pipeline = StableDiffusionPipeline(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
pipeline.to(torch.float16).save_pretrained(folder)
for copy in folder.glob("tokenizer*"):
    shutil.copytree(TOKENIZER, copy, dirs_exist_ok=True)
