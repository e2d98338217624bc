namespace TextualInversion.Cli.Terminal;

/// <summary>The progress of a download: bytes, and what goes wrong on the way. Shows nothing where nothing is fetched.</summary>
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
