using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.IO;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string FilePath => folder.File("file");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Persist_FileIsOpenForAMoment_TriesAgain()
    {
        var attempts = 0;

        AtomicFile.Persist(
            () =>
            {
                if (++attempts < 3)
                    throw new IOException("in use", unchecked((int)0x80070020));
            },
            TimeSpan.Zero
        );

        Assert.Equal(3, attempts);
    }

    [Fact]
    public void Persist_FileStaysOpen_GivesUp()
    {
        var attempts = 0;

        var error = Assert.Throws<IOException>(() =>
            AtomicFile.Persist(Fail(() => attempts++, unchecked((int)0x80070020)), TimeSpan.Zero)
        );

        Assert.InRange(attempts, 2, 100);
        Assert.Contains("another program", IoErrors.Wrap("x", "written", error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Persist_AnotherError_IsNotTriedAgain()
    {
        var attempts = 0;

        Assert.Throws<IOException>(() => AtomicFile.Persist(Fail(() => attempts++, code: 28), TimeSpan.Zero));

        Assert.Equal(1, attempts);
    }

    [Fact]
    public void Write_NewFileInNewFolder_WritesOnlyIt()
    {
        var path = folder.File("new/inner/file");
        AtomicFile.Write(path, overwrite: false, stream => stream.Write("content"u8));
        Assert.Equal("content", File.ReadAllText(path));
        AssertFiles("new/inner/file");
    }

    [Fact]
    public void Write_RelativePath_WritesInTheCurrentFolder()
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, FilePath);
        AtomicFile.Write(relative, overwrite: false, stream => stream.Write("content"u8));
        AssertFiles("file");
    }

    [Fact]
    public void Write_FileExists_RefusesBeforeTheWork()
    {
        folder.Write("file", "old");
        var written = false;
        var error = Assert.Throws<TextualInversionException>(() =>
            AtomicFile.Write(FilePath, overwrite: false, _ => written = true)
        );
        Assert.Equal($"{FilePath}: exists; choose another name, or set overwrite to replace it.", error.Message);
        Assert.False(written);
        AssertFiles("file");
    }

    [Fact]
    public void Write_FileAppearsMeanwhile_IsNotReplaced()
    {
        Assert.Throws<TextualInversionException>(() =>
            AtomicFile.Write(FilePath, overwrite: false, _ => folder.Write("file", "other"))
        );
        Assert.Equal("other", File.ReadAllText(FilePath));
        AssertFiles("file");
    }

    [Fact]
    public void Write_Overwrite_Replaces()
    {
        folder.Write("file", "old and longer");
        AtomicFile.Write(FilePath, overwrite: true, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(FilePath));
        AssertFiles("file");
    }

    [Fact]
    public void Write_DiskFull_KeepsTheOldFileAndNamesIt()
    {
        folder.Write("file", "old");
        var error = Assert.Throws<TextualInversionException>(() =>
            AtomicFile.Write(
                FilePath,
                overwrite: true,
                stream =>
                {
                    stream.Write("half"u8);
                    throw new IOException("No space left on device.", hresult: 28);
                }
            )
        );
        Assert.Equal(
            $"{FilePath}: cannot be written (No space left on device); free some space or choose another place.",
            error.Message
        );
        Assert.Equal("old", File.ReadAllText(FilePath));
        AssertFiles("file");
    }

    [Fact]
    public void Write_WriterHasABug_LeavesNothingBehind()
    {
        Assert.Throws<InvalidOperationException>(() =>
            AtomicFile.Write(
                FilePath,
                overwrite: false,
                stream =>
                {
                    stream.Write("half"u8);
                    throw new InvalidOperationException();
                }
            )
        );
        AssertFiles();
    }

    [Fact]
    public void Write_PathIsAFolder_Refuses()
    {
        Directory.CreateDirectory(FilePath);
        var error = Assert.Throws<TextualInversionException>(() =>
            AtomicFile.Write(FilePath, overwrite: true, _ => { })
        );
        Assert.Equal($"{FilePath}: is a folder; name a file.", error.Message);
    }

    [Fact]
    public void Write_FolderIsAFile_NamesThePath()
    {
        folder.Write("file", "in the way");
        var path = folder.File("file/inner/new");
        var error = Assert.Throws<TextualInversionException>(() => AtomicFile.Write(path, overwrite: false, _ => { }));
        Assert.StartsWith($"{path}: cannot be written (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NamedPipe_IsNotReplaced()
    {
        if (!NamedPipe.IsKnown)
            return;
        var pipe = NamedPipe.Make(folder.File("pipe"));
        var error = Assert.Throws<TextualInversionException>(() => AtomicFile.WriteText(pipe, overwrite: true, "x"));
        Assert.Equal($"{pipe}: is a named pipe; name a file.", error.Message);
        Assert.NotNull(SpecialFile.Find(pipe));
    }

    [Fact]
    public void RequireWritable_FolderIsAFile_NamesTheFileAlone()
    {
        folder.Write("file", "in the way");
        var path = folder.File("file/inner");
        var error = Assert.Throws<TextualInversionException>(() => AtomicFile.RequireWritable(path));
        Assert.Equal(
            $"{path}: cannot be written to, since {FilePath} is a file, not a folder; choose another place.",
            error.Message
        );
        AssertFiles("file");
    }

    private void AssertFiles(params string[] names) =>
        Assert.Equal(
            names,
            Directory
                .EnumerateFiles(
                    folder.Path,
                    "*",
                    new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }
                )
                .Select(file => Path.GetRelativePath(folder.Path, file))
        );

    private static Action Fail(Action count, int code) =>
        () =>
        {
            count();
            throw new IOException("no", code);
        };
}
