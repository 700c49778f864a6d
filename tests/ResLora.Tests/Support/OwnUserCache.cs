using ResLora.Formats.Files;

namespace ResLora.Tests.Support;

/// <summary>While it is open, the user's cache is an empty folder of its own: tests run one after the other.</summary>
public sealed class OwnUserCache : IDisposable
{
    private readonly string? _before = Environment.GetEnvironmentVariable(UserCache.Variable);
    private readonly TemporaryFolder _folder = new();

    public OwnUserCache()
    {
        // libtorch may lie in the user's cache: it is loaded before that moves.
        TorchSharp.torch.zeros(1).Dispose();
        Environment.SetEnvironmentVariable(UserCache.Variable, _folder.Path);
    }

    public string Path => _folder.Path;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(UserCache.Variable, _before);
        _folder.Dispose();
    }
}
