using ResLora.Models;
using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

/// <summary>Models of a few thousand random weights, and token ids for them.</summary>
public static class TinyLlama
{
    public const int VocabularySize = 23;

    /// <summary>Four layers, four heads that share two key heads, a head of its own.</summary>
    public static LlamaConfig Config { get; } = new()
    {
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 4,
        HeadCount = 4,
        ConfiguredKeyValueHeadCount = 2,
        VocabularySize = VocabularySize,
        MaxPositions = 64,
    };

    /// <summary>A model in evaluation mode with frozen weights.</summary>
    public static LlamaModel Create(LlamaConfig? config = null, long seed = 1, ScalarType dtype = ScalarType.Float32)
    {
        var model = new LlamaModel(config ?? Config);
        // Far wider than a model for training starts with, so that attention is not uniform and every mistake shows.
        ModelWeights.Initialize(model, 0.3, seed, dtype, CPU);
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        model.eval();
        return model;
    }

    /// <summary>Random token ids [batch, tokens].</summary>
    public static Tensor Ids(long batch, long tokens, long seed = 5)
    {
        using var generator = new Generator((ulong)seed, CPU);
        return randint(3, VocabularySize, [batch, tokens], dtype: ScalarType.Int64, generator: generator);
    }

    /// <summary>Next-token logits of every position, without gradients.</summary>
    public static Tensor Logits(CausalLanguageModel model, Tensor ids, Tensor? mask = null, bool rightPadded = false)
    {
        using var noGradient = no_grad();
        using var hidden = model.Hidden(ids, mask, rightPadded: rightPadded);
        return model.Logits(hidden);
    }
}
