namespace ResLora.Hub.Caching;

/// <summary>
/// The lock on a content while it is downloaded, the same that huggingface_hub takes: <c>flock</c> on a file, which the system gives up when
/// the process ends.
/// </summary>
internal static class BlobLock
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the lock.</summary>
    /// <param name="file">The lock's file.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Disposing it frees the lock.</returns>
    public static async Task<IDisposable> Take(string file, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                await Task.Delay(_pause, stop).ConfigureAwait(false);
            }
        }
    }
}
