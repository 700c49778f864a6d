using ResLora.Experiments.Reference;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Reference;

public sealed class ConfigReferenceTests
{
    /// <summary>Run the tests with RESLORA_APPROVE=1 to write the file anew.</summary>
    [Fact]
    public void Markdown_TheDocument_IsUpToDate()
    {
        var file = Path.Combine(SharedFolder.RepositoryRoot, "docs", "configuration.md");
        var expected = ConfigReference.Markdown();
        if (Environment.GetEnvironmentVariable("RESLORA_APPROVE") == "1")
        {
            File.WriteAllText(file, expected);
        }

        Assert.Equal(expected, File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "");
    }
}
