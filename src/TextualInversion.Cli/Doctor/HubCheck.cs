using TextualInversion.Cli.ModelAccess;
using TextualInversion.Hub;

namespace TextualInversion.Cli.Doctor;

/// <summary>
/// Whether the model that a training takes without <c>--model</c> is there or can be downloaded: the cache, its space,
/// and the hub.
/// </summary>
internal static class HubCheck
{
    private const string Network = "network";
    private const string OtherModel = "name another model with --model or TI_MODEL; --model demo needs no download";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <param name="models">Finds the model.</param>
    /// <param name="hub">The cache and the hub.</param>
    /// <param name="offline">Whether to leave the hub alone.</param>
    /// <param name="found">Receives what is found.</param>
    /// <param name="cancellationToken">Stops waiting for the hub.</param>
    public static async Task RunAsync(
        ModelLocator models,
        HubOptions hub,
        bool offline,
        Diagnoses found,
        CancellationToken cancellationToken
    )
    {
        var (name, problem) = await models.FindDefaultAsync(cancellationToken);
        var id = HubId.TryParse(name);
        var isDownload = problem is not null && id is not null;
        Model(name, problem, isDownload, offline, found);
        var health = isDownload && !offline ? Health.Problem : Health.Warning;
        StorageCheck.Run(
            "model cache",
            hub.CacheFolder,
            isDownload ? StorageCheck.ModelBytes : 0,
            health,
            "choose another cache with HF_HUB_CACHE",
            found
        );
        if (offline)
            found.Ok(Network, "not tried, because of --offline");
        else if (hub.Offline)
            found.Add(
                Network,
                isDownload ? Health.Problem : Health.Ok,
                isDownload ? $"HF_HUB_OFFLINE forbids it; unset it, or {OtherModel}" : "not tried: HF_HUB_OFFLINE"
            );
        else
            await AskAsync(id ?? HubId.Parse(ModelLocator.Default), hub, health, found, cancellationToken);
    }

    private static void Model(string name, string? problem, bool isDownload, bool offline, Diagnoses found)
    {
        const string Subject = "model";
        if (problem is null)
            found.Ok(Subject, $"{name} is there");
        else if (!isDownload)
            found.Refuse(Subject, problem);
        else if (offline)
            found.Warn(Subject, $"{name} is not in the cache; the first training downloads it. Or {OtherModel}");
        else
            found.Ok(Subject, $"{name} is not in the cache; the first training downloads it");
    }

    private static async Task AskAsync(
        HubId id,
        HubOptions hub,
        Health health,
        Diagnoses found,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await new ModelHub(hub with { StallTimeout = Patience }).AskAsync(id, cancellationToken);
            found.Ok(Network, $"{hub.Endpoint.Host} answers, and has {id}");
        }
        catch (TextualInversionException refused)
        {
            var hint = health == Health.Problem ? $" Or {OtherModel}" : "";
            found.Add(Network, health, $"{refused.Message}{hint}");
        }
    }
}
