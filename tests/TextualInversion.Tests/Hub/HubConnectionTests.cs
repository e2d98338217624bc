using TextualInversion.Hub;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>Redirects, the token, and the meaning of refusals.</summary>
public sealed class HubConnectionTests : IDisposable
{
    private const string Token = "hf_secret";

    private readonly HubFixture hub = new();

    public HubConnectionTests() => hub.Options = hub.Options with { Token = Token };

    public void Dispose() => hub.Dispose();

    [Fact]
    public async Task Get_RedirectToAnotherHost_FollowsWithoutTheToken()
    {
        using var other = TinyRepository.Serve();
        hub.Server.Instead = request =>
            request.Target.Contains("/resolve/", StringComparison.Ordinal)
                ? HubReply.Redirect($"{other.Address.AbsoluteUri.TrimEnd('/')}{request.Target}")
                : null;

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal(TinyRepository.Needed.Length, other.Requests.Count);
        Assert.All(other.Requests, request => Assert.False(request.HasToken));
        Assert.All(hub.Server.Requests, request => Assert.Equal($"Bearer {Token}", request.Headers["Authorization"]));
    }

    [Fact]
    public async Task Get_RedirectToAnotherHostAndBack_SendsTheTokenToItsOwn()
    {
        using var other = new HubServer
        {
            Instead = request =>
                HubReply.Redirect($"{hub.Server.Address.AbsoluteUri.TrimEnd('/')}{request.Target}?back"),
        };
        hub.Server.Instead = request =>
            request.Target.Contains("/resolve/", StringComparison.Ordinal)
            && !request.Target.EndsWith("?back", StringComparison.Ordinal)
                ? HubReply.Redirect($"{other.Address.AbsoluteUri.TrimEnd('/')}{request.Target}")
            : request.Target.EndsWith("?back", StringComparison.Ordinal)
                ? new HubReply(200, hub.Server.Files[request.Target[..^5].Split($"{HubServer.Commit}/")[1]])
            : null;

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.All(other.Requests, request => Assert.False(request.HasToken));
        Assert.All(hub.Server.Requests, request => Assert.True(request.HasToken));
    }

    [Fact]
    public async Task Get_RelativeRedirect_OfARenamedModel_IsFollowedWithTheToken()
    {
        hub.Server.Instead = request =>
            request.Target.Contains("artist/old", StringComparison.Ordinal)
                ? HubReply.Redirect(request.Target.Replace("artist/old", "artist/tiny", StringComparison.Ordinal))
                : null;

        var path = await new ModelHub(hub.Options).GetModelAsync(
            HubId.Parse("artist/old"),
            variant: null,
            update: false,
            progress: null,
            CancellationToken.None
        );

        hub.AssertServed(path, TinyRepository.Needed);
        Assert.EndsWith($"models--artist--old/snapshots/{HubServer.Commit}", path, StringComparison.Ordinal);
        Assert.All(hub.Server.Requests, request => Assert.True(request.HasToken));
    }

    [Fact]
    public async Task Get_RedirectsInCircles_GivesUp()
    {
        hub.Server.Instead = request => HubReply.Redirect(request.Target);

        Assert.Contains("redirects in circles", await hub.ErrorAsync());
        Assert.Equal(11, hub.Server.Requests.Count);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/model")]
    public async Task Get_RedirectToAnotherScheme_IsRefused(string location)
    {
        hub.Server.Instead = _ => HubReply.Redirect(location);

        Assert.Contains("is not secure", await hub.ErrorAsync());
    }

    [Fact]
    public async Task Get_NoToken_SendsNone()
    {
        hub.Options = hub.Options with { Token = null };

        await hub.GetAsync();
        Assert.All(hub.Server.Requests, request => Assert.False(request.HasToken));
    }

    [Theory]
    [InlineData(401, "GatedRepo", false, "accept them, and set HF_TOKEN")]
    [InlineData(403, "GatedRepo", true, "accept them, and check that HF_TOKEN is a token of the same account")]
    [InlineData(401, "RepoNotFound", false, "or it is private; check the spelling, and set HF_TOKEN")]
    [InlineData(401, null, false, "or it is private; check the spelling, and set HF_TOKEN")]
    [InlineData(401, null, true, "is not valid")]
    [InlineData(403, null, true, "may not read it; give it that right")]
    [InlineData(403, null, false, "access is refused; set HF_TOKEN")]
    [InlineData(404, "RepoNotFound", true, "or the token in HF_TOKEN may not see it")]
    [InlineData(404, "RevisionNotFound", true, "artist/tiny is there, but has no revision main")]
    [InlineData(404, "EntryNotFound", true, "a file that 127.0.0.1 lists is not there")]
    [InlineData(404, null, false, "there is no such model on 127.0.0.1")]
    [InlineData(418, null, false, "answers 418")]
    public async Task Get_Refused_SaysWhatToDo(int status, string? code, bool hasToken, string expected)
    {
        hub.Options = hub.Options with { Token = hasToken ? Token : null };
        hub.Server.Instead = _ =>
            code is null ? HubReply.Error(status) : HubReply.Error(status, ("X-Error-Code", code));

        var error = await hub.ErrorAsync();
        Assert.StartsWith("artist/tiny: ", error);
        Assert.Contains(expected, error);
        Assert.DoesNotContain(Token, error);
        Assert.Single(hub.Server.Requests);
    }

    [Fact]
    public async Task Get_RefusedByTheFilesHost_IsNotTakenForTheHubs()
    {
        using var other = new HubServer { Instead = _ => HubReply.Error(403) };
        hub.Server.Instead = request =>
            request.Target.Contains("/resolve/", StringComparison.Ordinal)
                ? HubReply.Redirect($"{other.Address.AbsoluteUri.TrimEnd('/')}{request.Target}")
                : null;

        Assert.Contains("where the hub keeps the file, answers 403", await hub.ErrorAsync());
    }

    [Fact]
    public async Task Get_NameMuchLikeAKnownOne_ProposesIt()
    {
        hub.Server.Instead = _ => HubReply.Error(404, ("X-Error-Code", "RepoNotFound"));
        var typed = HubId.Parse("stable-difusion-v1-5/stable-diffusion-v15");

        var error = await Assert.ThrowsAsync<TextualInversionException>(() =>
            new ModelHub(hub.Options).GetModelAsync(
                typed,
                variant: null,
                update: false,
                progress: null,
                CancellationToken.None
            )
        );

        Assert.Contains("did you mean stable-diffusion-v1-5/stable-diffusion-v1-5?", error.Message);
    }

    [Fact]
    public void Options_AsText_KeepTheTokenSecret() => Assert.DoesNotContain(Token, hub.Options.ToString());
}
