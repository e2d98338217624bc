using System.Diagnostics;
using TextualInversion.Evaluation;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>Predicts how long the images of an evaluation take, from images with few steps.</summary>
internal static class EvaluationTrial
{
    /// <param name="model">The frozen model. Its VAE is freed.</param>
    /// <param name="scheduler">The model's noise schedule.</param>
    /// <param name="options">The images.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <returns>The seconds for the images of one embedding.</returns>
    public static double Seconds(
        IDiffusionModel model,
        SchedulerConfig scheduler,
        EvaluationOptions options,
        CancellationToken cancellationToken
    )
    {
        var generator = new TextToImage(model, scheduler, new PromptTokenizers(model.Tokenizers, []), rows: null);
        Time(1); // loads the VAE
        var (one, two) = (Time(1), Time(2));
        model.ReleaseVae();
        return options.Images(candidates: 1) * (one + ((options.Generation.Steps - 1) * Math.Max(two - one, 0)));

        double Time(int steps)
        {
            var clock = Stopwatch.StartNew();
            generator.Generate(
                options.Generation with
                {
                    Prompt = options.EditPrompts[0].Replace("{}", "thing", StringComparison.Ordinal),
                    Steps = steps,
                },
                options.Seed,
                cancellationToken: cancellationToken
            );
            return clock.Elapsed.TotalSeconds;
        }
    }
}
