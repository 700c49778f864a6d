using ResLora.Models.Llama;
using ResLora.Tests.Text.Tokenization;
using ResLora.Text.Tokenization;

namespace ResLora.Tests.Training;

/// <summary>
/// A byte-level tokenizer of a few texts with a tiny random model for it: reading and writing without any file of others.
/// </summary>
internal sealed class TinyReader : IDisposable
{
    private static readonly BpeTrainingOptions _options = new() { VocabularySize = 300 };

    public TinyReader(params string[] texts)
    {
        Tokenizer = TokenizerFixtures.Load(
            ByteLevelBpeTrainer.Train(texts, _options), ("tokenizer_config.json", ByteLevelBpeTrainer.DescribeConfig(_options, 64)));
        Model = TinyModel.Create(vocabulary: Tokenizer.VocabularySize);
        Model.eval();
    }

    public Tokenizer Tokenizer { get; }

    public LlamaModel Model { get; }

    public void Dispose() => Model.Dispose();
}
