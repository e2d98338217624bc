using TextualInversion.Cli.Infrastructure;
using TextualInversion.Embeddings;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>Whether another program can load a file.</summary>
/// <param name="Program">The program's name.</param>
/// <param name="Loads">Whether it loads the file as it is.</param>
/// <param name="How">The line that uses the file there, or what to do first.</param>
internal sealed record ToolCompatibility(string Program, bool Loads, string How)
{
    public const string DiffusersTitle = "diffusers",
        ComfyUiTitle = "ComfyUI",
        WebUiTitle = "WebUI",
        ForgeTitle = "Forge",
        SdNextTitle = "SD.Next",
        InvokeAiTitle = "InvokeAI",
        SwarmUiTitle = "SwarmUI",
        CppTitle = "stable-diffusion.cpp";

    private static readonly string[] Torch = [".pt", ".bin"];

    /// <summary>
    /// The programs that people use, judged by their readers: diffusers' <c>load_textual_inversion</c>, ComfyUI's
    /// comfy/sd1_clip.py, modules/textual_inversion/textual_inversion.py of the WebUI, Forge and SD.Next, InvokeAI's
    /// backend/textual_inversion.py, SwarmUI's model classes and stable-diffusion.cpp's conditioner.hpp. If a reader
    /// loads a file only by chance or with additional code, it counts as not loading.
    /// </summary>
    public static IReadOnlyList<ToolCompatibility> Of(EmbeddingFile file) =>
        [
            Diffusers(file),
            ComfyUi(file),
            WebUi(file, WebUiTitle),
            WebUi(file, ForgeTitle),
            SdNext(file),
            InvokeAi(file),
            SwarmUi(file),
            Cpp(file),
        ];

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
            _ => No(DiffusersTitle, file),
        };

        ToolCompatibility Yes(string how) =>
            new(
                DiffusersTitle,
                true,
                !file.Embedding.Trigger.Any(char.IsUpper)
                    ? how
                    : $"{how}; transformers 5 lower-cases new tokens, so give a token= in lower case"
            );
    }

    private static ToolCompatibility ComfyUi(EmbeddingFile file) =>
        file switch
        {
            { Layout: EmbeddingFormat.Paper or EmbeddingFormat.Bare or EmbeddingFormat.Png }
            or { Layout: EmbeddingFormat.Diffusers, Embedding.Rows.Count: 2 } => No(ComfyUiTitle, file),
            _ when Stem(file).AsSpan().IndexOfAny("<[") >= 0 || HasBlank(file) => Renamed(
                ComfyUiTitle,
                file,
                "a prompt's embedding: ends at a blank, < or ["
            ),
            _ => IfNamed(ComfyUiTitle, file, Torch, $"into models/embeddings/; prompt: embedding:{Prompted(file)}"),
        };

    private static ToolCompatibility WebUi(EmbeddingFile file, string title) =>
        file switch
        {
            { Layout: EmbeddingFormat.Bare } or { Layout: EmbeddingFormat.Diffusers, Embedding.Rows.Count: 2 } => No(
                title,
                file
            ),
            _ when title == WebUiTitle && file.Torch.HasFlag(TorchTraits.Aligned) => Renamed(
                title,
                file,
                "it refuses the files of newer versions of torch"
            ),
            // Its check of old files does not know the source code of classes in them.
            { Layout: EmbeddingFormat.Paper } when title == WebUiTitle && file.Torch.HasFlag(TorchTraits.Legacy) => No(
                title,
                file
            ),
            { Layout: EmbeddingFormat.Diffusers or EmbeddingFormat.WebUiSafetensors }
                when file.Torch.HasFlag(TorchTraits.Parameter) => No(title, file),
            { Layout: EmbeddingFormat.Png } => IfNamed(
                title,
                file,
                [".png"],
                $"into embeddings/; prompt: {Escaped(file.Embedding.Trigger)}"
            ),
            _ => IfNamed(title, file, Torch, $"into embeddings/; prompt: {Prompted(file)}"),
        };

    /// <summary>It reads every tensor of a safetensors file, but of a torch file the WebUI's layout alone.</summary>
    private static ToolCompatibility SdNext(EmbeddingFile file) =>
        file switch
        {
            { Container: EmbeddingContainer.Safetensors }
            and not { Layout: EmbeddingFormat.Diffusers, Embedding.Rows.Count: 2 }
            or { Layout: EmbeddingFormat.WebUi } => IfNamed(
                SdNextTitle,
                file,
                [".pt"],
                $"into models/embeddings/; prompt: {Prompted(file)}"
            ),
            _ => No(SdNextTitle, file),
        };

    /// <summary>It takes the number of vectors for the width where it does not know the tensor's name.</summary>
    private static ToolCompatibility InvokeAi(EmbeddingFile file)
    {
        if (TargetProgram.Find("invokeai").FileStem(Stem(file)) != Stem(file))
            return Renamed(
                InvokeAiTitle,
                file,
                "a name in its prompts has ASCII letters, digits, blanks and . , _ - alone"
            );
        return file switch
        {
            { Layout: EmbeddingFormat.Sdxl or EmbeddingFormat.WebUi }
            or { Layout: EmbeddingFormat.WebUiSafetensors, Key: "emb_params" } => IfNamed(
                InvokeAiTitle,
                file,
                Torch,
                $"install it in the model manager; prompt: <{Stem(file)}>"
            ),
            _ => No(InvokeAiTitle, file),
        };
    }

    /// <summary>It lists files of all kinds, and loads by ComfyUI, which it gives the name as it is.</summary>
    private static ToolCompatibility SwarmUi(EmbeddingFile file)
    {
        if (TargetProgram.Find("swarmui").FileStem(Stem(file)) != Stem(file))
            return Renamed(SwarmUiTitle, file, "ComfyUI's name ends at a blank or a bracket");
        var isTorch = file.Container == EmbeddingContainer.Torch;
        var name = isTorch ? Path.GetFileName(file.Path) : Stem(file);
        return ComfyUi(file).Loads
            ? new ToolCompatibility(SwarmUiTitle, true, $"into Models/Embeddings/; prompt: <embed:{name}>")
            : No(SwarmUiTitle, file);
    }

    /// <summary>It reads tensors by their width, of torch files those of dictionaries of plain tensors.</summary>
    private static ToolCompatibility Cpp(EmbeddingFile file) =>
        file switch
        {
            { Layout: EmbeddingFormat.Paper or EmbeddingFormat.Bare or EmbeddingFormat.Png }
            or { Layout: EmbeddingFormat.Diffusers, Embedding.Rows.Count: 2 } => No(CppTitle, file),
            _ when (file.Torch & (TorchTraits.Legacy | TorchTraits.Parameter)) != 0 => No(CppTitle, file),
            { Type: not ScalarType.Float32 } => Renamed(CppTitle, file, "needs float32"),
            _ => IfNamed(
                CppTitle,
                file,
                [".pt", ".ckpt"],
                $"--embd-dir DIR with the file in DIR; prompt: {Prompted(file).ToLowerInvariant()}"
                    + (file.Layout == EmbeddingFormat.Sdxl ? "; it mixes the rows of SDXL's two encoders" : "")
            ),
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
        new(program, false, $"first {Conversion(file, program)}");

    private static ToolCompatibility Renamed(string program, EmbeddingFile file, string why) =>
        new(program, false, $"{why}: {Conversion(file, program)}");

    /// <summary>
    /// A command to convert the file, which can be pasted into a shell. It does not replace the file.
    /// </summary>
    private static string Conversion(EmbeddingFile file, string program) =>
        $"ti convert {ShellCommand.Quote(Path.GetFileName(file.Path))} --for "
        + TargetProgram.All.Single(target => target.Title == program).Name;

    private static bool HasBlank(EmbeddingFile file) => Stem(file).Any(char.IsWhiteSpace);

    /// <summary>The file's name in a prompt where brackets change weights.</summary>
    private static string Prompted(EmbeddingFile file) => Escaped(Stem(file));

    private static string Escaped(string name) =>
        string.Concat(name.Select(letter => "()[]".Contains(letter) ? $"\\{letter}" : $"{letter}"));

    private static string Stem(EmbeddingFile file) => Path.GetFileNameWithoutExtension(file.Path);

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
