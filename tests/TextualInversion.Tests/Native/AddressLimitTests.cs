using TextualInversion.Native;

namespace TextualInversion.Tests.Native;

public sealed class AddressLimitTests
{
    [Theory]
    [InlineData("10000", "1 7 3", 10000, 5904)]
    [InlineData("4096", "2 7 3", 4096, 0)]
    public void Of_KernelsReports_IsTheLimitAndWhatIsLeft(string limit, string usage, long bytes, long left) =>
        Assert.Equal(new AddressLimit(bytes, left), AddressLimit.Of(Report(limit), usage, pageSize: 4096));

    [Fact]
    public void Of_NoLimit_IsNull()
    {
        Assert.Null(AddressLimit.Of(Report("unlimited"), "1 7 3", pageSize: 4096));
        Assert.Null(AddressLimit.Of([], "1 7 3", pageSize: 4096));
    }

    private static string[] Report(string limit) =>
        [
            "Limit                     Soft Limit           Hard Limit           Units     ",
            $"Max address space         {limit, -21}unlimited            bytes     ",
        ];
}
