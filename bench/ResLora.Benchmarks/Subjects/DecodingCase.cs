using ResLora.Benchmarks.Measuring;
using ResLora.Models;
using ResLora.Training.Generation;

namespace ResLora.Benchmarks.Subjects;

/// <summary>Tokens generated after prompts of random tokens; the prompts themselves are read before the clock starts.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Model">The model, borrowed.</param>
/// <param name="Batch">Texts side by side.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="NewTokens">Tokens added to each.</param>
internal sealed record DecodingCase(string Name, CausalLanguageModel Model, int Batch, int Prompt, int NewTokens)
{
    /// <summary>What is timed.</summary>
    public Contender Contender
    {
        get
        {
            DecodingBatch? texts = null;
            return new Contender(Name, () => Continue(texts!)) { Prepare = () => texts = Begin(), Finish = () => texts?.Dispose() };
        }
    }

    private DecodingBatch Begin()
    {
        Variant.Default(Model.DataType).Apply(Model);
        var prompts = RandomTokens.Samples(Batch, Prompt, Model.VocabularySize).Select(sample => sample.Ids).ToArray();
        var texts = new DecodingBatch(Model, prompts, padId: 0, NewTokens + 1, new GenerationConfig { MaxNewTokens = NewTokens + 1 });
        texts.Next();
        return texts;
    }

    private void Continue(DecodingBatch texts)
    {
        for (var i = 0; i < NewTokens; i++)
        {
            texts.Next();
        }
    }
}
