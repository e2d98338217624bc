using System.Formats.Tar;
using System.IO.Compression;
using TextualInversion.Packaging;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Packaging;

public sealed class FolderArchiveTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 6, TimeSpan.Zero);
    private static readonly string[] Names = ["app/a.txt", "app/sub/b.dll", "app/ti"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(".tar.gz")]
    [InlineData(".zip")]
    public void Write_SameFilesOfOtherTimes_GivesTheSameBytes(string extension)
    {
        FolderArchive.Write(Folder("first", Names), folder.File("first" + extension), Time);
        var second = Folder("second", Names.Reverse());
        File.SetLastWriteTimeUtc(Path.Combine(second, "ti"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        FolderArchive.Write(second, folder.File("second" + extension), Time);

        Assert.Equal(
            File.ReadAllBytes(folder.File("first" + extension)),
            File.ReadAllBytes(folder.File("second" + extension))
        );
    }

    [Fact]
    public void Write_Tar_HasSortedEntriesAndAnExecutableProgram()
    {
        FolderArchive.Write(Folder("first", Names), folder.File("x.tar.gz"), Time);

        using var stream = new GZipStream(File.OpenRead(folder.File("x.tar.gz")), CompressionMode.Decompress);
        using var reader = new TarReader(stream);
        var entries = new List<(string, bool, DateTimeOffset, string)>();
        while (reader.GetNextEntry() is { } entry)
        {
            using var text = new StreamReader(entry.DataStream!);
            var isExecutable = entry.Mode.HasFlag(UnixFileMode.OtherExecute);
            entries.Add((entry.Name, isExecutable, entry.ModificationTime, text.ReadToEnd()));
        }

        Assert.Equal(Names.Select(name => (name, name == "app/ti", Time, $"content of {name}")), entries);
    }

    [Fact]
    public void Write_Zip_HasSortedEntriesAndAnExecutableProgram()
    {
        FolderArchive.Write(Folder("first", Names), folder.File("x.zip"), Time);

        using var zip = ZipFile.OpenRead(folder.File("x.zip"));
        Assert.Equal(Names, zip.Entries.Select(entry => entry.FullName));
        Assert.All(zip.Entries, entry => Assert.Equal(Time.DateTime, entry.LastWriteTime.DateTime));
        Assert.Equal([0x81a4, 0x81a4, 0x81ed], zip.Entries.Select(entry => entry.ExternalAttributes >> 16 & 0xffff));
    }

    [Fact]
    public void Write_OtherExtension_IsRefused() =>
        Assert.Throws<InvalidDataException>(() =>
            FolderArchive.Write(Folder("first", Names), folder.File("x.rar"), Time)
        );

    [Fact]
    public void Write_EmptyFolder_IsRefused()
    {
        Directory.CreateDirectory(folder.File("empty"));
        Assert.Throws<InvalidDataException>(() =>
            FolderArchive.Write(folder.File("empty"), folder.File("x.zip"), Time)
        );
    }

    private string Folder(string parent, IEnumerable<string> names)
    {
        foreach (var name in names)
            folder.Write($"{parent}/{name}", $"content of {name}");
        return folder.File($"{parent}/app");
    }
}
