using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Lora;
using ResLora.EndToEnd.Tests.Support;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using ResLora.Training.Generation;
using ResLora.Training.Gguf;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.EndToEnd.Tests.LlamaCpp;

/// <summary>What is written as GGUF does in llama.cpp what it does here: same tokens, same texts.</summary>
[Collection(LlamaCppGroup.Name)]
public sealed class LlamaCppTests(LlamaCppClient client)
{
    private const int NewTokens = 64;

    // llama.cpp rounds activations as it does the weights, to bfloat16 or 8 bits: two tokens that are nearly equally likely may change
    // places late in a text.
    private const int NewTokensRounded = 24;

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
    [InlineData(GgufWeightType.BF16, NewTokensRounded)]
    public void ByteLevelModel_InLlamaCpp_GivesOurTokensAndOurText(GgufWeightType type, int newTokens)
    {
        using var session = ModelSession.Load(Repository.SharedOrSkip("models/llama-10m"), dtype: float32);

        RequireSame(session, type, ["Once upon a time", "In 1984, the"], newTokens);
    }

    [Theory]
    [InlineData(GgufWeightType.F32, NewTokens)]
    [InlineData(GgufWeightType.F16, NewTokensRounded)]
    [InlineData(GgufWeightType.Q8, NewTokensRounded)]
    public void SampleModel_InLlamaCpp_GivesOurTokensAndOurText(GgufWeightType type, int newTokens)
    {
        using var session = ModelSession.Load(Repository.SampleModel, dtype: float32);

        RequireSame(
            session, type, ["Kai reads 8 pages a day for 4 days. How many pages does Kai read?", "Max made 22 pears on Monday"], newTokens);
    }

    [Fact]
    public void Adapter_OnTheModelOrMergedIntoIt_GivesOurText()
    {
        string[] prompts = ["Kai reads 8 pages a day for 4 days. How many pages does Kai read?", "64 plants stand in 8 equal rows."];
        using var folder = new TemporaryFolder();
        using var session = ModelSession.Load(Repository.SampleModel, dtype: float32);
        var plain = Generate(session, prompts, NewTokens);
        GgufModelWriter.Write(folder["base.gguf"], session.Causal, session.ModelFolder, GgufWeightType.F32);
        var adapter = session.Attach(new AdapterConfig { Rank = 4, Alpha = 8, Targets = TargetModules.AllLinear });
        Disturb(adapter.Blocks.Select(block => ((LoraBlock)block).B), 0.3);
        using var merged = Merger.Merge(adapter, MergeMethod.Exact);
        using var factors = NewDisposeScope();
        GgufAdapterWriter.Write(
            folder["adapter.gguf"],
            session.ModelFolder,
            merged.Blocks.Select(
                block => (block.ModuleName, block.Update.AsLowRank()!.Value.A, block.Update.AsLowRank()!.Value.B * block.Update.Scaling)),
            GgufWeightType.F32);
        string[] ours;
        using (merged.Apply())
        {
            ours = Generate(session, prompts, NewTokens);
            GgufModelWriter.Write(folder["merged.gguf"], session.Causal, session.ModelFolder, GgufWeightType.F32);
        }

        var apart = client.Run(folder["base.gguf"], folder["adapter.gguf"], [], prompts, NewTokens);
        var together = client.Run(folder["merged.gguf"], null, [], prompts, NewTokens);

        Assert.NotEqual(plain, ours);
        RequireText(session, prompts, ours, together);
        RequireText(session, prompts, ours, apart);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void RandomModelOfAFamily_InLlamaCpp_GivesOurText(string name, string settings)
    {
        using var folder = new TemporaryFolder();
        using var session = RandomModel(folder[name], settings);
        string[] prompts = ["Kai reads 8 pages", "x"];
        GgufModelWriter.Write(folder["model.gguf"], session.Causal, session.ModelFolder, GgufWeightType.F32);
        var ours = Generate(session, prompts, NewTokens);

        var answer = client.Run(folder["model.gguf"], null, [], prompts, NewTokens);

        Assert.All(ours, text => Assert.True(text.Length > 10, $"'{text}' is too short to say anything"));
        Assert.Equal(ours, prompts.Zip(answer.Continuations, (prompt, made) => Decode(session, prompt, made.Ids)));
    }

    /// <summary>
    /// What the shared and sample models do not have: biases, an untied head, heads of their own width, scaled rotation, Qwen.
    /// </summary>
    public static TheoryData<string, string> Families => new()
    {
        { "biases", """ "model_type": "llama", "attention_bias": true, "mlp_bias": true, "tie_word_embeddings": true """ },
        { "wide-heads", """ "model_type": "mistral", "head_dim": 24, "tie_word_embeddings": false """ },
        { "linear", """ "model_type": "llama", "rope_scaling": { "type": "linear", "factor": 4.0 } """ },
        {
            "llama3",
            """
            "model_type": "llama", "rope_theta": 500000.0, "rope_scaling": { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64 }
            """
        },
        { "qwen2", """ "model_type": "qwen2", "tie_word_embeddings": true """ },
        { "qwen3", """ "model_type": "qwen3", "head_dim": 24, "tie_word_embeddings": false """ },
    };

    [Theory]
    [InlineData("gpt-2", "", true, false)]
    [InlineData("smollm", @"\p{N}", true, false)]
    [InlineData("qwen2", QwenWords, false, false)]
    [InlineData("llama-bpe", Llama3Words, false, true)]
    [InlineData("smaug-bpe", Llama3Words, false, false)]
    public void ByteLevelTokenizerOfEachName_InLlamaCpp_GivesOurTokens(string name, string pattern, bool byteLevelWords, bool ignoreMerges)
    {
        using var folder = new TemporaryFolder();
        using var first = RandomModel(folder["first"], """ "model_type": "llama", "tie_word_embeddings": true """);
        ChangePreTokenizer(Path.Combine(folder["first"], "tokenizer.json"), pattern, byteLevelWords, ignoreMerges);
        using var session = ModelSession.Load(folder["first"]);
        GgufModelWriter.Write(folder["model.gguf"], session.Causal, session.ModelFolder, GgufWeightType.F32);
        using (var written = GgufFile.Open(folder["model.gguf"]))
        {
            Assert.Equal(name, written.Require<string>("tokenizer.ggml.pre"));
        }

        var answer = client.Run(folder["model.gguf"], null, _texts, [], NewTokens);

        Assert.All(
            _texts.Zip(answer.Ids), pair => Assert.Equal(session.Tokenizer.Encode(pair.First, addSpecialTokens: false), pair.Second));
    }

    private const string QwenWords =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Llama3Words =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static void ChangePreTokenizer(string path, string pattern, bool byteLevelWords, bool ignoreMerges)
    {
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        var stages = new JsonArray(new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = byteLevelWords });
        if (pattern.Length > 0)
        {
            stages.Insert(0, new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false });
        }

        json["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = stages };
        json["model"]!["ignore_merges"] = ignoreMerges;
        File.WriteAllText(path, json.ToJsonString());
    }

    private static ModelSession RandomModel(string folder, string settings)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(Repository.SampleModel, name), Path.Combine(folder, name));
        }

        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {
              "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
              "vocab_size": 750, "max_position_embeddings": 256, "rms_norm_eps": 1e-5, {{settings}}
            }
            """);
        using (var model = ModelRegistry.BuildCausal(folder))
        {
            // Wide enough that attention is not uniform; biases and norms get numbers of their own, so that none can be lost unseen.
            ModelWeights.Initialize(model, 0.2, seed: 3, float32, CPU);
            Disturb(model.named_parameters().Where(entry => entry.parameter.dim() == 1).Select(entry => entry.parameter), 0.5);
            SafetensorsWriter.Write(
                Path.Combine(folder, "model.safetensors"),
                model.named_parameters().Select(entry => KeyValuePair.Create<string, Tensor>(entry.name, entry.parameter)));
        }

        return ModelSession.Load(folder);
    }

    private void RequireSame(ModelSession session, GgufWeightType type, string[] prompts, int newTokens = NewTokens)
    {
        using var folder = new TemporaryFolder();
        GgufModelWriter.Write(folder["model.gguf"], session.Causal, session.ModelFolder, type);

        var answer = client.Run(folder["model.gguf"], null, _texts, prompts, newTokens);

        Assert.All(
            _texts.Zip(answer.Ids), pair => Assert.Equal(session.Tokenizer.Encode(pair.First, addSpecialTokens: false), pair.Second));
        RequireText(session, prompts, Generate(session, prompts, newTokens), answer);
    }

    /// <summary>
    /// llama.cpp's tokens are our text, and so is its own rendering of them, but for a first blank, which node-llama-cpp may leave out.
    /// </summary>
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
        var generator = new TextGenerator(session.Causal, session.Tokenizer);
        return [.. prompts.Select(prompt => generator.GenerateBatch([prompt], new GenerationConfig { MaxNewTokens = newTokens })[0])];
    }

    /// <summary>Adds numbers that change the texts.</summary>
    private static void Disturb(IEnumerable<Tensor> tensors, double size)
    {
        using var noGradient = no_grad();
        using var generator = new Generator(7, CPU);
        foreach (var tensor in tensors)
        {
            using var values = randn(tensor.shape, generator: generator) * size;
            tensor.add_(values);
        }
    }
}
