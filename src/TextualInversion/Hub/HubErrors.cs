using System.Net;

namespace TextualInversion.Hub;

/// <summary>Explains a refusal and what to do about it. The header X-Error-Code says more than the status.</summary>
internal static class HubErrors
{
    private static readonly string[] WellKnown =
    [
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "stabilityai/stable-diffusion-xl-base-1.0",
    ];

    /// <summary>A <see cref="HubFailure"/> if the error may pass, or else an error for the user.</summary>
    public static Exception Of(HttpResponseMessage response, HubId id, Uri address, HubOptions options)
    {
        var status = (int)response.StatusCode;
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || status >= 500)
            return new HubFailure(
                HubFailureKind.Interrupted,
                $"{address.Host}: {Describe(response)}",
                RetryAfter(response)
            );
        if (!options.IsEndpoint(address))
            return new TextualInversionException(
                $"{id}: {address.Host}, where the hub keeps the file, answers {Describe(response)}; "
                    + "try again, or check the network's proxy."
            );
        var code = response.Headers.TryGetValues("X-Error-Code", out var values) ? values.First() : null;
        return new TextualInversionException($"{id}: {Explain(status, code, id, options)}");
    }

    /// <summary>The error for the user after the last attempt.</summary>
    public static TextualInversionException GivenUp(HubFailure failure, HubId id, string what, HubOptions options) =>
        new(
            failure.Kind switch
            {
                HubFailureKind.Unreachable =>
                    $"{id}: the hub cannot be reached ({failure.Message}). Check the network, the proxy and "
                        + $"HF_ENDPOINT; "
                        + "a model in the cache needs no network.",
                HubFailureKind.Damaged =>
                    $"{id}: {failure.Message}, twice in a row; {what} was not kept. Try again later, "
                        + "or check the network's proxy and HF_ENDPOINT.",
                _ when failure.RetryAfter is { } pause =>
                    $"{id}: {failure.Message}, and asks to wait {Math.Ceiling(pause.TotalSeconds)} s. {Later(options)}",
                _ => $"{id}: {failure.Message}, {options.Attempts} times in a row. {Later(options)}",
            },
            failure
        );

    private static string Later(HubOptions options) =>
        "Partial downloads are kept; run the same command again to resume."
        + (options.Token is null ? " Logging in (HF_TOKEN) raises the rate limit." : "");

    private static string Explain(int status, string? code, HubId id, HubOptions options) =>
        (status, code) switch
        {
            (_, "GatedRepo") =>
                $"its owner asks to accept terms first. Open {options.Endpoint.AbsoluteUri.TrimEnd('/')}/{id.Name} "
                    + "in a browser, accept them, "
                    + (
                        options.Token is null
                            ? "and set HF_TOKEN to a token of yours (or run `hf auth login`)."
                            : "and check that HF_TOKEN is a token of the same account that may read gated repositories."
                    ),
            (404, "RevisionNotFound") =>
                $"{id.Name} is there, but has no revision {id.Revision}; look at the branches and tags on its page, "
                    + $"or leave @{id.Revision} out.",
            (404, "EntryNotFound") =>
                $"a file that {options.Endpoint.Host} lists is not there; try again, or another revision.",
            (_, "RepoNotFound") or (404, _) =>
                $"there is no such model on {options.Endpoint.Host}{OrNoRevision(id)}{Nearest(id, options)}, "
                    + (
                        options.Token is null
                            ? "or it is private; check the spelling, and set HF_TOKEN for a private one."
                            : "or the token in HF_TOKEN may not see it; check the spelling and whose token it is."
                    ),
            (401, _) when options.Token is null =>
                $"there is no such model{Nearest(id, options)}, or it is private; check the spelling, and set HF_TOKEN "
                    + "for a private one (or run `hf auth login`).",
            (401, _) =>
                "the token in HF_TOKEN, or saved by `hf auth login`, is not valid; make a new one, or remove it.",
            (403, _) => options.Token is null
                ? "access is refused; set HF_TOKEN to a token that may read it."
                : "the token in HF_TOKEN may not read it; give it that right on the hub's settings page.",
            _ => $"{options.Endpoint.Host} answers {status}; check HF_ENDPOINT.",
        };

    private static string OrNoRevision(HubId id) =>
        id.Revision == "main" ? "" : $", or it has no revision {id.Revision}";

    /// <summary>A similar name, of a model in the cache or of a popular one.</summary>
    private static string Nearest(HubId id, HubOptions options)
    {
        var nearest = WellKnown
            .Concat(new HubCache(options.CacheFolder).ModelNames())
            .Where(name => name != id.Name)
            .MinBy(name => EditDistance.Between(name, id.Name))!;
        return EditDistance.Between(nearest, id.Name) <= id.Name.Length / 4 ? $" (did you mean {nearest}?)" : "";
    }

    private static string Describe(HttpResponseMessage response) =>
        response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests => "has too many requests (429)",
            var status => $"{(int)status} {response.ReasonPhrase}".TrimEnd(),
        };

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var pause = header?.Delta ?? header?.Date - response.Headers.Date; // both by the server's clock
        return pause > TimeSpan.Zero ? pause : null;
    }
}
