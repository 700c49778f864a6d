using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training;
using ResLora.Training.Gguf;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Gguf;

/// <summary>The sample's own model as one file, read back with nothing but that file.</summary>
public sealed class GgufModelTests : IDisposable
{
    // float32 on both sides; only θ and ε were rounded to float32.
    private const double ExactTolerance = 1e-5;

    // Rounding every weight to 8 bits moves the sample's logits by 0.55 % of the largest (measured); a sign or a scale gone wrong moves
    // them by all of it.
    private const double QuantizedTolerance = 0.02;

    private const string Prompt = "Kai reads 8 pages a day for 4 days. How many pages does Kai read?";

    private readonly TemporaryFolder _folder = new();

    private static string Sample => Path.Combine(SharedFolder.RepositoryRoot, "samples", "word-problems", "base");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GgufWeightType.F32, ExactTolerance)]
    [InlineData(GgufWeightType.BF16, ExactTolerance)] // the sample is stored in bfloat16
    [InlineData(GgufWeightType.Q8, QuantizedTolerance)]
    public void Load_TheSample_GivesTheSameLogitsFromTheSameTokens(GgufWeightType type, double tolerance)
    {
        using var session = ModelSession.Load(Sample, dtype: float32);

        var losses = GgufModelWriter.Write(_folder["model.gguf"], session.Causal, Sample, type);
        using var back = GgufModelReader.Load(_folder["model.gguf"]);

        Assert.Empty(losses);
        var ids = session.Tokenizer.Encode(Prompt);
        Assert.Equal(ids, back.Tokenizer.Encode(Prompt));
        using var input = tensor(ids.Select(id => (long)id).ToArray()).unsqueeze(0);
        using var expected = TinyLlama.Logits(session.Causal, input);
        using var found = TinyLlama.Logits(back.Model, input);
        var distance = Distance(found, expected);
        Assert.True(distance < tolerance, $"{distance}");
    }

    [Fact]
    public void Write_TheSample_SaysWhatTheFileIs()
    {
        using var session = ModelSession.Load(Sample);

        GgufModelWriter.Write(_folder["model.gguf"], session.Causal, Sample, GgufWeightType.Q8);

        using var reader = GgufFile.Open(_folder["model.gguf"]);
        Assert.Equal("llama", reader.Require<string>("general.architecture"));
        Assert.Equal("model", reader.Require<string>("general.type"));
        Assert.Equal("base", reader.Require<string>("general.name"));
        Assert.Equal(7u, reader.Require<uint>("general.file_type"));
        Assert.Equal(2u, reader.Require<uint>("general.quantization_version"));
        Assert.Equal("smollm", reader.Require<string>("tokenizer.ggml.pre"));
        Assert.Equal("Q8_0", reader.Entries["blk.0.attn_q.weight"].TypeName);
        Assert.Equal("F32", reader.Entries["blk.0.attn_norm.weight"].TypeName);
        Assert.DoesNotContain("output.weight", reader.Entries.Keys);
    }

    [Fact]
    public void Write_ModelWithAdapterBlocks_IsRefused()
    {
        using var session = ModelSession.Load(Sample);
        session.Attach(new());

        Assert.Throws<InvalidOperationException>(
            () => GgufModelWriter.Write(_folder["model.gguf"], session.Causal, Sample, GgufWeightType.F32));

        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void Write_TokenizerOfAnotherModel_IsRefused()
    {
        using var model = TinyLlama.Create();

        Assert.Throws<FileFormatException>(() => GgufModelWriter.Write(_folder["model.gguf"], model, Sample, GgufWeightType.F32));

        Assert.Empty(_folder.Names());
    }

    internal static double Distance(Tensor found, Tensor expected) =>
        (found - expected).abs().max().item<float>() / expected.abs().max().item<float>();
}
