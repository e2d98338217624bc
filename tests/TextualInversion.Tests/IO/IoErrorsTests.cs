using TextualInversion.IO;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.IO;

public sealed class IoErrorsTests
{
    [Theory]
    [InlineData(28)] // ENOSPC
    [InlineData(unchecked((int)0x80070070))] // ERROR_DISK_FULL
    [InlineData(unchecked((int)0x80070027))] // ERROR_HANDLE_DISK_FULL
    public void Wrap_NoSpaceLeft_AdvisesToFreeSpace(int code)
    {
        var cause = new IOException("No space left on device : '/tmp/.x.12.tmp'", code);
        var error = IoErrors.Wrap("out/x", "written", cause);
        Assert.Equal("out/x: cannot be written (No space left on device); free some space.", error.Message);
        Assert.Same(cause, error.InnerException);
    }

    [Fact]
    public void Wrap_PermissionDenied_AdvisesToCheckPermissionsAndNotToFreeSpace() =>
        Assert.Equal(
            "out/x: cannot be written (permission denied); check the permissions or choose another place.",
            IoErrors.Wrap("out/x", "written", new UnauthorizedAccessException(), "choose another place").Message
        );

    [Fact]
    public void Wrap_OtherCause_DoesNotGuess() =>
        Assert.Equal(
            "out/x: cannot be written (Read-only file system).",
            IoErrors.Wrap("out/x", "written", new IOException("Read-only file system : '/out/x'", 30)).Message
        );

    [Fact]
    public void Wrap_HintAndNote_FollowTheCause() =>
        Assert.Equal(
            "out/x: cannot be written (Not a directory); choose another place. Nothing is lost.",
            IoErrors
                .Wrap(
                    "out/x",
                    "written",
                    new IOException("Not a directory"),
                    "choose another place",
                    "Nothing is lost."
                )
                .Message
        );

    [Fact]
    public void Wrap_FullDevice_AdvisesToFreeSpace()
    {
        if (!OperatingSystem.IsLinux())
            return; // only where /dev/full exists
        var cause = Assert.ThrowsAny<IOException>(() => File.WriteAllText("/dev/full", "x"));
        Assert.Equal(
            "/dev/full: cannot be written (No space left on device); free some space.",
            IoErrors.Wrap("/dev/full", "written", cause).Message
        );
    }

    [Fact]
    public void Unreadable_MissingFile_NamesThePathWithoutAdvice()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("missing");
        var cause = Assert.ThrowsAny<IOException>(() => File.ReadAllBytes(path));
        Assert.True(IoErrors.IsMissing(cause));
        Assert.Equal($"{path}: cannot be read (there is no such file).", IoErrors.Unreadable(path, cause).Message);
    }

    [Fact]
    public void Unreadable_Folder_SaysThatItIsAFolder()
    {
        using var folder = new TemporaryFolder();
        var cause = Record.Exception(() => File.ReadAllBytes(folder.Path))!;
        Assert.True(IoErrors.IsFileError(cause));
        Assert.Equal(
            $"{folder.Path}: cannot be read (it is a folder, not a file).",
            IoErrors.Unreadable(folder.Path, cause).Message
        );
    }

    [Fact]
    public void IsFileError_Bug_IsNot() => Assert.False(IoErrors.IsFileError(new InvalidOperationException()));
}
