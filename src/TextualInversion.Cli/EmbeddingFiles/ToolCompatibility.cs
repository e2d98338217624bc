using TextualInversion.Cli.Infrastructure;
using TextualInversion.Embeddings;
using static TorchSharp.torch;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>Whether another program can load a file.</summary>
/// <param name="Program">The program's name.</param>
/// <param name="Loads">Whether it loads the file as it is.</param>
/// <param name="How">The line that uses the file there, or what to do first.</param>
internal sealed record ToolCompatibility(string Program, bool Loads, string How)
{
    /// <summary>
    /// The programs that people use, judged by their readers: diffusers' <c>load_textual_inversion</c>, ComfyUI's
    /// comfy/sd1_clip.py, the WebUI's modules/textual_inversion/textual_inversion.py and stable-diffusion.cpp's
    /// conditioner.hpp. If a reader loads a file only by chance or with additional code, it counts as not loading.
    /// </summary>
    public static IReadOnlyList<ToolCompatibility> Of(EmbeddingFile file) =>
        [Diffusers(file), ComfyUi(file), WebUi(file), Cpp(file)];

    private static ToolCompatibility Diffusers(EmbeddingFile file)
    {
        var (name, isPair) = (Path.GetFileName(file.Path), file.Embedding.Rows.Count == 2);
        const string Second = "text_encoder=pipe.text_encoder_2, tokenizer=pipe.tokenizer_2";
        var token = $"token={Quoted(file.Embedding.Trigger)}";
        var secondName = $"{Path.GetFileNameWithoutExtension(name)}_2{Path.GetExtension(name)}";
        var load = file.Container == EmbeddingContainer.Safetensors ? "safetensors.torch.load_file" : "torch.load";
        return file.Layout switch
        {
            EmbeddingFormat.Diffusers when isPair => Yes(
                $"pipe.load_textual_inversion({Quoted(name)}); "
                    + $"pipe.load_textual_inversion({Quoted(secondName)}, {Second})"
            ),
            EmbeddingFormat.Diffusers => Yes($"pipe.load_textual_inversion({Quoted(name)})"),
            EmbeddingFormat.WebUi or EmbeddingFormat.WebUiSafetensors => Yes(
                $"pipe.load_textual_inversion({Quoted(name)}, {token})"
            ),
            EmbeddingFormat.Sdxl => Yes(
                $"e = {load}({Quoted(name)}); "
                    + $"pipe.load_textual_inversion(e[\"clip_l\"], {token}); "
                    + $"pipe.load_textual_inversion(e[\"clip_g\"], {token}, {Second})"
            ),
            _ => No("diffusers", file),
        };

        static ToolCompatibility Yes(string how) => new("diffusers", true, how);
    }

    private static ToolCompatibility ComfyUi(EmbeddingFile file) =>
        file switch
        {
            { Layout: EmbeddingFormat.Paper or EmbeddingFormat.Bare or EmbeddingFormat.Png }
            or { Layout: EmbeddingFormat.Diffusers, Embedding.Rows.Count: 2 } => No("ComfyUI", file),
            _ => IfNamed("ComfyUI", file, [".pt", ".bin"], $"into models/embeddings/; prompt: embedding:{Stem(file)}"),
        };

    private static ToolCompatibility WebUi(EmbeddingFile file) =>
        file switch
        {
            { Layout: EmbeddingFormat.Bare } or { Layout: EmbeddingFormat.Diffusers, Embedding.Rows.Count: 2 } => No(
                "WebUI",
                file
            ),
            { Layout: EmbeddingFormat.Png } => IfNamed(
                "WebUI",
                file,
                [".png"],
                $"into embeddings/; prompt: {file.Embedding.Trigger}"
            ),
            _ => IfNamed("WebUI", file, [".pt", ".bin"], $"into embeddings/; prompt: {Stem(file)}"),
        };

    private static ToolCompatibility Cpp(EmbeddingFile file) =>
        file switch
        {
            { Container: EmbeddingContainer.Safetensors, Type: ScalarType.Float32 }
                when file.Layout == EmbeddingFormat.Sdxl || file.Embedding.Rows.Count == 1 => IfNamed(
                "stable-diffusion.cpp",
                file,
                [],
                $"--embd-dir DIR with the file in DIR; prompt: {Stem(file)}"
            ),
            { Container: EmbeddingContainer.Safetensors, Embedding.Rows.Count: 1 } => new ToolCompatibility(
                "stable-diffusion.cpp",
                false,
                $"needs float32: {Conversion(file, isOfType: true)}"
            ),
            _ => No("stable-diffusion.cpp", file),
        };

    private static ToolCompatibility IfNamed(string program, EmbeddingFile file, string[] torchExtensions, string how)
    {
        var wanted = file.Container == EmbeddingContainer.Safetensors ? [".safetensors"] : torchExtensions;
        return wanted.Contains(Path.GetExtension(file.Path).ToLowerInvariant())
            ? new ToolCompatibility(program, true, how)
            : new ToolCompatibility(
                program,
                false,
                $"goes by the file's extension: rename it to {Stem(file)}{wanted[0]}, then {how}"
            );
    }

    private static ToolCompatibility No(string program, EmbeddingFile file) =>
        new(program, false, $"first {Conversion(file)}");

    /// <summary>
    /// A command to convert the file, which can be pasted into a shell. It does not replace the file.
    /// </summary>
    private static string Conversion(EmbeddingFile file, bool isOfType = false)
    {
        var name = Path.GetFileName(file.Path);
        var layout = EmbeddingFormats.Default(file.Embedding.Rows.Count);
        var (to, ending) = (EmbeddingFormats.Name(layout), EmbeddingFormats.Extension(layout));
        var output =
            Path.ChangeExtension(name, ending) == name
                ? $" --output {ShellCommand.Quote($"{Stem(file)}-{(isOfType ? "float32" : to)}{ending}")}"
                : "";
        return $"ti convert {ShellCommand.Quote(name)} --to {to}{(isOfType ? " --dtype float32" : "")}{output}";
    }

    private static string Stem(EmbeddingFile file) => Path.GetFileNameWithoutExtension(file.Path);

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
