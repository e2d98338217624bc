using System.Text;
using System.Text.Json;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// A package source that has no packages, only one advisory about a package
/// (https://learn.microsoft.com/nuget/api/vulnerability-info).
/// </summary>
internal sealed class AdvisorySource : IDisposable
{
    private const int HighSeverity = 2;

    private readonly HubServer server = new();

    /// <param name="package">The name of the package that is said to be vulnerable, in every version.</param>
    public AdvisorySource(string package)
    {
        var advisory = new
        {
            url = "https://advisories.invalid/1",
            severity = HighSeverity,
            versions = "(, 999.0.0)",
        };
        Dictionary<string, object> answers = new()
        {
            ["/index.json"] = new
            {
                version = "3.0.0",
                resources = new[] { Resource("VulnerabilityInfo/6.7.0", "pages.json") },
            },
            ["/pages.json"] = new[] { Page("page.json") },
            ["/page.json"] = new Dictionary<string, object> { [package.ToLowerInvariant()] = new[] { advisory } },
        };
        server.Instead = request =>
            answers.TryGetValue(request.Target, out var answer)
                ? new HubReply(200, Encoding.UTF8.GetBytes(JsonSerializer.Serialize(answer)))
                : HubReply.Error(404);
    }

    /// <summary>A NuGet.config that reads advisories from here, and packages where the user's says.</summary>
    public string Configuration =>
        $"""
            <configuration>
              <auditSources>
                <clear />
                <add key="test" value="{server.Address}index.json" allowInsecureConnections="true" />
              </auditSources>
            </configuration>
            """;

    public void Dispose() => server.Dispose();

    private Dictionary<string, string> Resource(string type, string file) =>
        new() { ["@type"] = type, ["@id"] = $"{server.Address}{file}" };

    private Dictionary<string, string> Page(string file) =>
        new()
        {
            ["@name"] = "base",
            ["@id"] = $"{server.Address}{file}",
            ["@updated"] = "2026-01-01T00:00:00.0000000Z",
        };
}
