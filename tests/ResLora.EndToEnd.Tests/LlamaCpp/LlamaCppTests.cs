using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Gguf;
using ResLora.Training;
using ResLora.Training.Generation;
using ResLora.Training.Gguf;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.EndToEnd.Tests.LlamaCpp;

/// <summary>What is written as GGUF does in llama.cpp what it does here: same tokens, same texts.</summary>
public sealed class LlamaCppTests(LlamaCppClient client) : IClassFixture<LlamaCppClient>
{
    private const int NewTokens = 64;

    // With weights in bfloat16 llama.cpp rounds activations to bfloat16, too: two tokens that are nearly equally likely may change places late in a text.
    private const int NewTokensInBFloat16 = 24;

    private static readonly string[] _texts =
    [
        "Once upon a time, there was a little girl named Lily.",
        "  two blanks in front,   three inside and two behind  ",
        "tabs\tand\nnew lines\r\n\r\nand 12345 + 678 = 13023; 3.14159, 1,000,000",
        "I'm sure they'll say it's DON'T or we've…",
        "Grüße, žluťoučký kůň, 日本語 текст, עברית, १२३ ½ ²",
        "emoji 🙂👩‍👩‍👧 and 𝒜𝓁𝓅𝒽𝒶 𝟙𝟚 beyond the first plane",
        "before<s>between</s> <pad>after",
        "x",
        " ",
    ];

    [Fact]
    public void SentencePieceModel_InLlamaCpp_GivesOurTokensAndOurText()
    {
        using var session = ModelSession.Load(Repository.SharedOrSkip("models/stories260K"), dtype: float32);

        RequireSame(session, GgufWeightType.F32, ["Once upon a time", "The little dog"]);
    }

    [Theory]
    [InlineData(GgufWeightType.F32, NewTokens)]
    [InlineData(GgufWeightType.BF16, NewTokensInBFloat16)]
    public void ByteLevelModel_InLlamaCpp_GivesOurTokensAndOurText(GgufWeightType type, int newTokens)
    {
        using var session = ModelSession.Load(Repository.SharedOrSkip("models/llama-10m"), dtype: float32);

        RequireSame(session, type, ["Once upon a time", "In 1984, the"], newTokens);
    }

    [Fact]
    public void SampleModel_InLlamaCpp_GivesOurTokensAndOurText()
    {
        using var session = ModelSession.Load(Repository.SampleModel, dtype: float32);

        RequireSame(session, GgufWeightType.F32, ["Kai reads 8 pages a day for 4 days. How many pages does Kai read?", "Max made 22 pears on Monday"]);
    }

    [Fact]
    public void Adapter_OnTheModelOrMergedIntoIt_GivesOurText()
    {
        string[] prompts = ["Kai reads 8 pages a day for 4 days. How many pages does Kai read?", "64 plants stand in 8 equal rows."];
        using var folder = new TemporaryFolder();
        using var session = ModelSession.Load(Repository.SampleModel, dtype: float32);
        var plain = Generate(session, prompts, NewTokens);
        GgufModelWriter.Write(folder["base.gguf"], session.Model, session.ModelFolder, GgufWeightType.F32);
        var adapter = session.Attach(new AdapterConfig { Rank = 4, Alpha = 8, Targets = TargetModules.AllLinear });
        Disturb(adapter);
        using var merged = Merger.Merge(adapter, MergeMethod.Exact);
        using var factors = NewDisposeScope();
        GgufAdapterWriter.Write(
            folder["adapter.gguf"],
            session.ModelFolder,
            merged.Blocks.Select(block => (block.ModuleName, block.Pair.A, block.Pair.B * block.Pair.Scaling)),
            GgufWeightType.F32);
        string[] ours;
        using (merged.Apply())
        {
            ours = Generate(session, prompts, NewTokens);
            GgufModelWriter.Write(folder["merged.gguf"], session.Model, session.ModelFolder, GgufWeightType.F32);
        }

        var apart = client.Run(folder["base.gguf"], folder["adapter.gguf"], [], prompts, NewTokens);
        var together = client.Run(folder["merged.gguf"], null, [], prompts, NewTokens);

        Assert.NotEqual(plain, ours);
        RequireText(session, prompts, ours, together);
        RequireText(session, prompts, ours, apart);
    }

    private void RequireSame(ModelSession session, GgufWeightType type, string[] prompts, int newTokens = NewTokens)
    {
        using var folder = new TemporaryFolder();
        GgufModelWriter.Write(folder["model.gguf"], session.Model, session.ModelFolder, type);

        var answer = client.Run(folder["model.gguf"], null, _texts, prompts, newTokens);

        Assert.All(_texts.Zip(answer.Ids), pair => Assert.Equal(session.Tokenizer.Encode(pair.First, addSpecialTokens: false), pair.Second));
        RequireText(session, prompts, Generate(session, prompts, newTokens), answer);
    }

    /// <summary>llama.cpp's tokens are our text, and so is its own rendering of them, but for a first blank, which node-llama-cpp may leave out.</summary>
    private static void RequireText(ModelSession session, string[] prompts, string[] ours, LlamaCppClient.Answer answer)
    {
        Assert.Equal(ours, prompts.Zip(answer.Continuations, (prompt, made) => Decode(session, prompt, made.Ids)));
        Assert.Equal(ours.Select(text => text.TrimStart(' ')), answer.Continuations.Select(made => made.Text.TrimStart(' ')));
    }

    private static string Decode(ModelSession session, string prompt, int[] ids)
    {
        var decoder = session.Tokenizer.CreateStreamingDecoder();
        foreach (var id in session.Tokenizer.Encode(prompt))
        {
            decoder.Add(id);
        }

        return string.Concat(ids.Select(decoder.Add)) + decoder.Flush();
    }

    private static string[] Generate(ModelSession session, string[] prompts, int newTokens)
    {
        var generator = new TextGenerator(session.Model, session.Tokenizer);
        return [.. prompts.Select(prompt => generator.GenerateBatch([prompt], new GenerationConfig { MaxNewTokens = newTokens })[0])];
    }

    /// <summary>Fills every B with numbers that change the texts.</summary>
    private static void Disturb(AdaptedModel adapter)
    {
        using var noGradient = no_grad();
        using var generator = new Generator(7, CPU);
        foreach (var block in adapter.Blocks)
        {
            using var values = randn(block.B.shape, generator: generator) * 0.3;
            block.B.copy_(values);
        }
    }
}
