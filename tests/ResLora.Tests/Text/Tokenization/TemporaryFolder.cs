namespace ResLora.Tests.Text.Tokenization;

/// <summary>A folder that lives as long as a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(params (string Name, string Content)[] files)
    {
        foreach (var (name, content) in files)
        {
            File.WriteAllText(System.IO.Path.Combine(Path, name), content);
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("reslora-tokenizer-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
