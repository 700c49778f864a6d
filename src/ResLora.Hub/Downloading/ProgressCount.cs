namespace ResLora.Hub.Downloading;

/// <summary>Counts what several downloads have done, and tells it.</summary>
/// <param name="name">What is downloaded.</param>
/// <param name="totalBytes">How many bytes there are.</param>
/// <param name="totalFiles">How many files there are.</param>
/// <param name="progress">Is told; null for nobody.</param>
internal sealed class ProgressCount(string name, long totalBytes, int totalFiles, IProgress<HubProgress>? progress)
{
    private readonly Lock _counting = new();
    private long _bytes;
    private int _files;

    /// <summary>How many bytes came over the network.</summary>
    public long Received { get; private set; }

    /// <summary>Counts bytes that were here already, or that turned out to be of no use (below 0).</summary>
    /// <param name="bytes">How many.</param>
    public void Have(long bytes) => Tell(() => _bytes += bytes);

    /// <summary>Counts bytes that came.</summary>
    /// <param name="bytes">How many.</param>
    public void Receive(long bytes) => Tell(() => (_bytes, Received) = (_bytes + bytes, Received + bytes));

    /// <summary>Counts a file that is here and checked.</summary>
    public void Finish() => Tell(() => _files++);

    private void Tell(Action count)
    {
        lock (_counting)
        {
            count();
            progress?.Report(new HubProgress(name, _bytes, totalBytes, _files, totalFiles));
        }
    }
}
