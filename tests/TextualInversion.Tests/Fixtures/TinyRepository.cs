using System.Text;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// The repository of a Stable Diffusion on the hub, with the files of other tools. The contents are not those of a
/// model.
/// </summary>
internal static class TinyRepository
{
    public const string Unet = "unet/diffusion_pytorch_model.safetensors";

    /// <summary>The files that are needed from it.</summary>
    public static readonly string[] Needed =
    [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/special_tokens_map.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/vocab.json",
        "unet/config.json",
        Unet,
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    ];

    private static readonly string[] Others =
    [
        ".gitattributes",
        "README.md",
        "v1-5-pruned.ckpt",
        "v1-5-pruned.safetensors",
        "safety_checker/config.json",
        "safety_checker/model.safetensors",
        "feature_extractor/preprocessor_config.json",
        "text_encoder/model.fp16.safetensors",
        "text_encoder/pytorch_model.bin",
        "text_encoder/flax_model.msgpack",
        "text_encoder/model.onnx",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.non_ema.safetensors",
        "vae/diffusion_pytorch_model.fp16.bin",
        "vae/diffusion_pytorch_model.bin",
    ];

    public static HubServer Serve()
    {
        var server = new HubServer();
        foreach (var path in Needed.Concat(Others))
            server.Files[path] = Encoding.UTF8.GetBytes($"the content of {path}");
        server.Files["model_index.json"] = Encoding.UTF8.GetBytes(
            """
            {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"], "safety_checker": [null, null],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "scheduler": ["diffusers", "PNDMScheduler"]}
            """
        );
        server.Files["text_encoder/config.json"] = Encoding.UTF8.GetBytes("""{"hidden_act": "quick_gelu"}""");
        server.Files[Unet] = [.. Enumerable.Range(0, 1_000_000).Select(index => (byte)(index * 31 >> 3))];
        return server;
    }
}
