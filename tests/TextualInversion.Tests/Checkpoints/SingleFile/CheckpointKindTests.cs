using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Checkpoints.SingleFile;

public sealed class CheckpointKindTests
{
    private const string First = "model.diffusion_model.input_blocks.0.0.weight";

    [Theory]
    [InlineData(
        ModelVersion.StableDiffusion1,
        "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
    )]
    [InlineData(ModelVersion.StableDiffusion2, "cond_stage_model.model.token_embedding.weight")]
    [InlineData(ModelVersion.StableDiffusion2, "conditioner.embedders.0.model.token_embedding.weight")]
    [InlineData(
        ModelVersion.StableDiffusionXl,
        "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight",
        "conditioner.embedders.1.model.token_embedding.weight",
        "model.diffusion_model.label_emb.0.0.weight"
    )]
    internal void Recognize_Checkpoints_ByTheirTextEncoders(ModelVersion expected, params string[] names)
    {
        var (line, prefix) = CheckpointKind.Recognize(File(4, names));
        Assert.Equal(expected, line);
        Assert.StartsWith(prefix, names[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "a LoRA; name the model that it belongs to",
        "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight"
    )]
    [InlineData(
        "a LoRA; name the model that it belongs to",
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight"
    )]
    [InlineData(
        "a LoRA; name the model that it belongs to",
        "unet.down_blocks.0.attentions.0.processor.to_q_lora.down.weight"
    )]
    [InlineData("a LoRA; name the model that it belongs to", "lycoris_unet_down_blocks_0.hada_w1_a")]
    [InlineData("a ControlNet", "control_model.input_blocks.0.0.weight")]
    [InlineData("a ControlNet", "controlnet_cond_embedding.conv_in.weight")]
    [InlineData("a Stable Diffusion 3", "model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight")]
    [InlineData("a model of the family of Flux", "double_blocks.0.img_attn.qkv.weight")]
    [InlineData("a model of the family of Flux", "model.diffusion_model.double_blocks.0.img_attn.qkv.weight")]
    [InlineData("an embedding; name the model instead, and give the file as an embedding", "emb_params")]
    [InlineData("an embedding; name the model instead, and give the file as an embedding", "clip_g", "clip_l")]
    [InlineData("an embedding; name the model instead, and give the file as an embedding", "<my-cat>")]
    [InlineData(
        "diffusers' U-Net alone; name the folder above it, which holds model_index.json",
        "down_blocks.0.resnets.0.conv1.weight",
        "conv_in.weight",
        "conv_out.weight"
    )]
    [InlineData(
        "a VAE alone; name the model instead, and give the file as its VAE",
        "decoder.mid.block_1.norm1.weight",
        "encoder.conv_in.weight",
        "quant_conv.weight"
    )]
    [InlineData(
        "a VAE alone; name the model instead, and give the file as its VAE",
        "first_stage_model.decoder.mid.block_1.norm1.weight",
        "a.a",
        "b.b"
    )]
    [InlineData(
        "a VAE alone; name the model instead, and give the file as its VAE",
        "decoder.mid_block.resnets.0.norm1.weight",
        "encoder.conv_in.weight",
        "quant_conv.weight"
    )]
    [InlineData(
        "a text encoder alone; name the folder above it, which holds model_index.json",
        "text_model.embeddings.token_embedding.weight",
        "a.a",
        "b.b"
    )]
    [InlineData(
        "something else (its first tensor is layer.0.weight)",
        "layer.0.weight",
        "layer.1.weight",
        "layer.2.weight"
    )]
    [InlineData("a file without tensors")]
    public void Recognize_OtherFiles_SaysWhat(string what, params string[] names) =>
        AssertRefused(what, new ShapesOnly(names.Select(name => (name, new long[] { 1, 768 }))));

    [Theory]
    [InlineData(
        9,
        "an inpainting model (its U-Net takes 9 channels); name the model that it was made from",
        "cond_stage_model.transformer.a"
    )]
    [InlineData(
        8,
        "a model that edits images (its U-Net takes 8 channels); name the model that it was made from",
        "cond_stage_model.transformer.a"
    )]
    [InlineData(
        5,
        "a model for depth or upscaling (its U-Net does not take 4 channels); name the model that it was made from",
        "cond_stage_model.model.a"
    )]
    [InlineData(4, "a model that was trained with the noise of EDM, which is not supported", "edm_mean")]
    [InlineData(
        4,
        "Stable Diffusion XL's refiner or a model guided by images; name the base model",
        "conditioner.embedders.0.model.a",
        "model.diffusion_model.label_emb.0.0.weight"
    )]
    [InlineData(4, "a U-Net without its text encoder; name a whole model", "model.diffusion_model.out.0.weight")]
    public void Recognize_OtherModels_SaysWhat(int channels, string what, params string[] names) =>
        AssertRefused(what, File(channels, names));

    private static ShapesOnly File(int channels, string[] names) =>
        new([(First, [320, channels, 3, 3]), .. names.Select(name => (name, new long[] { 1 }))]);

    private static void AssertRefused(string what, ITensorFile file) =>
        Assert.Equal(
            $"model.safetensors: is not a checkpoint of Stable Diffusion 1, 2 or XL, but {what}.",
            Assert.Throws<TextualInversionException>(() => CheckpointKind.Recognize(file)).Message
        );
}
