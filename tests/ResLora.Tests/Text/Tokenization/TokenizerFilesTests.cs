using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

public sealed class TokenizerFilesTests
{
    [Fact]
    public void Load_AFolderWithoutATokenizer_SaysWhichFilesWouldDo()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => Tokenizer.Load(folder.Path));

        Assert.All(
            ["tokenizer.json", "vocab.json with merges.txt", "vocab.txt"],
            file => Assert.Contains(file, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_ASentencePieceModelAlone_SaysHowItBecomesATokenizerJson()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer.model"), "");

        var error = Assert.Throws<FileFormatException>(() => Tokenizer.Load(folder.Path));

        Assert.Contains("tokenizer.model is not read here", error.Message, StringComparison.Ordinal);
    }
}
