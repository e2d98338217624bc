namespace TextualInversion;

/// <summary>How far a download is. Reports come one at a time.</summary>
/// <param name="Bytes">The bytes that are here, those of earlier attempts included.</param>
/// <param name="TotalBytes">The bytes of all files that are downloaded; 0 before they are known.</param>
/// <param name="Notice">A message for the user, such as that a connection broke and is tried again; or null.</param>
public sealed record DownloadProgress(long Bytes, long TotalBytes, string? Notice);
