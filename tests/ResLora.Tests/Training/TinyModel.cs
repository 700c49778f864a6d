using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Text.Data;
using static TorchSharp.torch;

namespace ResLora.Tests.Training;

/// <summary>A random Llama of a few thousand parameters, and sentences for it.</summary>
internal static class TinyModel
{
    public const int Vocabulary = 24;

    public static LlamaModel Create(long seed = 7, int vocabulary = Vocabulary, ScalarType dtype = ScalarType.Float32)
    {
        var model = new LlamaModel(new LlamaConfig
        {
            HiddenSize = 16,
            IntermediateSize = 24,
            LayerCount = 3,
            HeadCount = 4,
            ConfiguredKeyValueHeadCount = 2,
            VocabularySize = vocabulary,
            MaxPositions = 64,
        });
        ModelWeights.Initialize(model, 0.2, seed, dtype, CPU);
        return model;
    }

    /// <summary>
    /// Counting sentences of unequal lengths: begin, start, then start + 1, start + 2, … of which the second half is trained.
    /// </summary>
    public static IReadOnlyList<TokenizedSample> Samples(int count, int shortest = 4)
    {
        var samples = new List<TokenizedSample>();
        for (var i = 0; i < count; i++)
        {
            var length = shortest + (i * 5 % 7);
            int[] ids = [1, .. Enumerable.Range(i, length - 1).Select(n => 2 + (n % (Vocabulary - 2)))];
            int[] labels = [.. ids.Select((id, t) => t < length / 2 ? TokenizedSample.Masked : id)];
            samples.Add(new TokenizedSample(ids, labels));
        }

        return samples;
    }
}
