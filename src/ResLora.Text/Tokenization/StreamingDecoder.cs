using ResLora.Text.Tokenization.Decoding;

namespace ResLora.Text.Tokenization;

/// <summary>
/// Turns ids into text one by one. All texts put together equal <see cref="Tokenizer.Decode"/> of all ids; no text ends
/// inside a character. One decoder serves one sequence and one thread.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Func<int, string?> _visibleToken;
    private readonly IReadOnlyList<IDecoderStage> _stages;

    internal StreamingDecoder(Func<int, string?> visibleToken, IReadOnlyList<IDecoderStage> stages)
    {
        _visibleToken = visibleToken;
        _stages = stages;
    }

    /// <summary>Takes the next id.</summary>
    /// <param name="id">The id; one that the vocabulary lacks adds nothing.</param>
    /// <returns>The text that is settled by it, often one token long, empty while a character is incomplete.</returns>
    public string Add(int id) => Add([id]);

    /// <summary>Takes several ids.</summary>
    /// <param name="ids">The ids, in order.</param>
    /// <returns>The text that is settled by them.</returns>
    public string Add(IEnumerable<int> ids) =>
        string.Concat(_stages.Aggregate(ids.Select(_visibleToken).OfType<string>(), (tokens, stage) => tokens.SelectMany(stage.Add)));

    /// <summary>Ends the sequence.</summary>
    /// <returns>The rest of the text; bytes that never became a character are U+FFFD.</returns>
    public string Flush()
    {
        IEnumerable<string> rest = [];
        foreach (var stage in _stages)
        {
            rest = [.. rest.SelectMany(stage.Add), .. stage.Flush()];
        }

        return string.Concat(rest);
    }
}
