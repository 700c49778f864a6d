namespace ResLora.Hub;

/// <summary>How far a download is.</summary>
/// <param name="Name">What is downloaded, as <c>hub:org/name</c>.</param>
/// <param name="Bytes">How many bytes are here, those of an earlier attempt among them.</param>
/// <param name="TotalBytes">How many there are.</param>
/// <param name="Files">How many files are here and checked.</param>
/// <param name="TotalFiles">How many there are.</param>
public sealed record HubProgress(string Name, long Bytes, long TotalBytes, int Files, int TotalFiles)
{
    /// <summary>Whether all is here.</summary>
    public bool IsDone => Files == TotalFiles;
}
