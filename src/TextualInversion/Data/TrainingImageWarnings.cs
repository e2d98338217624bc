namespace TextualInversion.Data;

/// <summary>Warns of parts of an image that would be learned unintentionally, such as black bars.</summary>
internal static class TrainingImageWarnings
{
    /// <param name="image">The image at the resolution of training.</param>
    /// <param name="decoded">The same image as decoded.</param>
    /// <param name="isAlphaUsed">Whether the alpha channel is the mask.</param>
    public static IEnumerable<ImageWarning> Of(TrainingImage image, DecodedImage decoded, bool isAlphaUsed)
    {
        string?[] messages =
        [
            Enlarged(image),
            decoded.IsTransparent && !isAlphaUsed
                ? "its transparency is ignored, and the hidden colors are learned; "
                    + "save it on a plain background, or use the alpha channel as the mask"
                : null,
            decoded.ForeignProfile is { } profile
                ? $"its color profile \"{profile}\" is of a kind that is not applied, so its colors are learned "
                    + "slightly wrong; convert it to sRGB"
                : null,
            Bars(BlackBars.Find(image.Pixels)),
        ];
        foreach (var message in messages.OfType<string>())
            yield return new ImageWarning(image.Path, message);
        if (image.Caption is { } caption && Captions.FindExtraNetwork(caption) is { } tag)
            yield return new ImageWarning(
                Captions.PathFor(image.Path),
                $"holds \"{tag}\", which is learned as plain words, since captions load no other network; remove it"
            );
    }

    private static string? Enlarged(TrainingImage image) =>
        image.IsEnlarged
            ? $"{image.OriginalWidthPixels:N0} x {image.OriginalHeightPixels:N0} pixels are enlarged to "
                + $"{image.Pixels.WidthPixels:N0} x {image.Pixels.HeightPixels:N0}; "
                + "the blur is learned too, so take a larger image or a lower resolution"
            : null;

    private static string? Bars(BlackBars? bars)
    {
        if (bars is null)
            return null;
        var (first, last) = bars.AreColumns ? ("on the left", "on the right") : ("at the top", "at the bottom");
        return $"has black bars ({bars.First} pixels {first}, {bars.Last} {last}), which are learned too; crop them "
            + $"off";
    }
}
