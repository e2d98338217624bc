namespace TextualInversion.Cli.Terminal;

/// <summary>
/// The progress of a download in bytes, and problems on the way. Shows nothing if nothing is downloaded.
/// </summary>
internal sealed class DownloadDisplay(ConsoleLog messages) : IProgress<DownloadProgress>, IDisposable
{
    private ProgressDisplay? display;
    private long shown = -1;

    public void Report(DownloadProgress value)
    {
        if (value.Notice is { } notice)
        {
            if (display is null)
                messages.Info(notice);
            else
                display.Info(notice);
        }

        if (value.TotalBytes == 0 || value.Bytes == shown)
            return;
        shown = value.Bytes;
        display ??= ProgressDisplay.OfBytes(messages.Error, messages.Quiet, alreadyDone: value.Bytes);
        display.Show(value.Bytes, value.TotalBytes, "");
    }

    public void Dispose() => display?.Dispose();
}
