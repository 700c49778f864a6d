namespace ResLora.EndToEnd.Tests.LlamaCpp;

/// <summary>An empty folder of its own for a test; gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("reslora-gguf-").FullName;

    /// <summary>The full path of a name in the folder.</summary>
    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
