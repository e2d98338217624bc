namespace TextualInversion;

/// <summary>The layouts in which programs store embeddings. All of them are read; all of them can be written.</summary>
public enum EmbeddingFormat
{
    /// <summary>
    /// One tensor that is named after the placeholder token, in a safetensors file or a torch file (.bin). diffusers
    /// writes and reads it. For models with one text encoder.
    /// </summary>
    Diffusers,

    /// <summary>The record of the AUTOMATIC1111 WebUI, a torch file (.pt). For models with one text encoder.</summary>
    WebUi,

    /// <summary>
    /// One tensor called <c>emb_params</c> in a safetensors file, as WebUI trainers write it. For models with one text
    /// encoder.
    /// </summary>
    WebUiSafetensors,

    /// <summary>
    /// The two tensors <c>clip_l</c> and <c>clip_g</c> in a safetensors file. For Stable Diffusion XL.
    /// </summary>
    Sdxl,

    /// <summary>The file of the paper's own program (.pt). For models with one text encoder.</summary>
    Paper,

    /// <summary>
    /// A PNG image that holds the embedding, as the WebUI shares it. For models with one text encoder.
    /// </summary>
    Png,

    /// <summary>One tensor without a name in a torch file (.pt). For models with one text encoder.</summary>
    Bare,
}
