namespace ResLora.Hub;

/// <summary>A file of a <see cref="HubSnapshot"/>.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Bytes">Its size.</param>
public sealed record HubSnapshotFile(string Path, long Bytes);
