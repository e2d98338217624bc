using System.Net;
using TextualInversion.IO;

namespace TextualInversion.Hub;

/// <summary>
/// Downloads one file into the cache: into <c>HASH.incomplete</c>, continuing an earlier attempt, then checked against
/// size and hash and moved to its blob.
/// </summary>
internal sealed class BlobDownload(
    HubConnection connection,
    HubCache cache,
    HubOptions options,
    HubId id,
    string commit,
    HubFile file
)
{
    private const int BufferBytes = 1 << 17;

    private readonly string blob = cache.BlobPath(id, file.Blob);
    private readonly string partialPath = cache.PartialPath(id, file.Blob);
    private readonly Uri address = connection.FileAddress(id, commit, file.Path);

    /// <param name="arrived">Receives the number of bytes of the file that are here.</param>
    /// <param name="notice">Receives a line about each attempt that failed.</param>
    /// <param name="cancellationToken">Stops the download and keeps the bytes so far.</param>
    /// <exception cref="TextualInversionException">The file cannot be downloaded or written.</exception>
    public async Task RunAsync(Action<long> arrived, Action<string> notice, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
            using var held = await cache.LockAsync(
                id,
                file.Blob,
                () => notice($"another process is downloading {file.Path}; waiting for it"),
                cancellationToken
            );
            if (!cache.Has(id, commit, file))
                await FetchAsync(arrived, notice, cancellationToken);
            cache.Link(id, commit, file);
            arrived(file.Size);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(
                partialPath,
                "written",
                error,
                hint: "choose another cache with HF_HUB_CACHE",
                note: "The partial download is kept."
            );
        }
    }

    private async Task FetchAsync(Action<long> arrived, Action<string> notice, CancellationToken cancellationToken)
    {
        try
        {
            await HubRetry.RunAsync(
                options,
                () => AttemptAsync(arrived, cancellationToken),
                () => Length(partialPath),
                notice,
                cancellationToken
            );
        }
        catch (HubFailure failure)
        {
            throw HubErrors.GivenUp(failure, id, file.Path, options);
        }

        File.Move(partialPath, blob, overwrite: true);
    }

    private async Task<bool> AttemptAsync(Action<long> arrived, CancellationToken cancellationToken)
    {
        try
        {
            await FillAsync(arrived, cancellationToken);
            var hash = await BlobHash.OfAsync(partialPath, file.Blob, cancellationToken);
            if (hash == file.Blob)
                return true;
            var kind = await DescribeAsync(partialPath, cancellationToken);
            throw Damaged($"{kind} with the hash {hash} instead of {file.Blob}");
        }
        catch (HubFailure failure) when (failure.Kind == HubFailureKind.Damaged)
        {
            File.Delete(partialPath); // cannot be continued
            throw;
        }
    }

    private async Task FillAsync(Action<long> arrived, CancellationToken cancellationToken)
    {
        await using var partial = new FileStream(
            partialPath,
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.None,
            BufferBytes,
            FileOptions.Asynchronous
        );
        if (partial.Length > file.Size)
            partial.SetLength(0);
        arrived(partial.Length);
        if (partial.Length < file.Size)
            await AppendAsync(partial, arrived, cancellationToken);
        partial.Flush(flushToDisk: true);
    }

    /// <summary>Appends the rest of the file to its first bytes.</summary>
    private async Task AppendAsync(FileStream partial, Action<long> arrived, CancellationToken cancellationToken)
    {
        using var response = await connection.GetAsync(id, address, partial.Length, cancellationToken);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            throw Damaged("shorter than announced");
        var isContinued =
            response.StatusCode == HttpStatusCode.PartialContent
            && response.Content.Headers.ContentRange?.From == partial.Length;
        if (!isContinued)
            partial.SetLength(0); // the server does not support ranges and starts at the beginning
        var total = partial.Length + response.Content.Headers.ContentLength;
        if (total is not null && total != file.Size)
            throw Damaged(
                $"{(IsPage(response) ? "a web page" : "a file")} of {total:N0} bytes instead of {file.Size:N0}"
            );

        partial.Position = partial.Length;
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var host = response.RequestMessage!.RequestUri!.Host;
        var buffer = new byte[BufferBytes];
        while (await connection.ReadAsync(body, buffer, host, cancellationToken) is var read and > 0)
        {
            if (partial.Position + read > file.Size)
                throw Damaged($"a file of more than {file.Size:N0} bytes");
            await partial.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            arrived(partial.Position);
        }

        if (partial.Position < file.Size)
            throw new HubFailure(
                HubFailureKind.Interrupted,
                $"{host}: the connection ended at byte {partial.Position:N0} of {file.Size:N0} of {file.Path}"
            );
    }

    private HubFailure Damaged(string what) =>
        new(HubFailureKind.Damaged, $"{address.Host} sends for {file.Path} {what}");

    private static bool IsPage(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == "text/html";

    private static async Task<string> DescribeAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(path);
        var start = new byte[16];
        var read = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        return start.AsSpan(0, read) switch
        {
            var bytes when bytes.TrimStart(" \t\r\n"u8).StartsWith((byte)'<') => "a web page",
            var bytes when bytes.StartsWith("version https://"u8) => "a Git LFS pointer",
            _ => "a file",
        };
    }

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;
}
