namespace TextualInversion.Hub;

/// <summary>How far a download is. Reports come one at a time.</summary>
/// <param name="Bytes">that are here, those of earlier attempts included</param>
/// <param name="TotalBytes">of all files that are fetched</param>
/// <param name="Notice">something to tell, such as that a connection broke and is tried again; else null</param>
internal sealed record HubProgress(long Bytes, long TotalBytes, string? Notice);
