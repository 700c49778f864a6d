using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Tokenization;

/// <summary>
/// How many tokens the model beside a tokenizer knows. Published folders have added tokens above that, for which no row was made: they do
/// no harm as long as no text uses one.
/// </summary>
/// <param name="json">The tokenizer.</param>
/// <param name="count">The rows of the model's embedding; null where there is no model.</param>
internal sealed class ModelRows(TokenizerJson json, int? count)
{
    /// <summary>Reads <c>vocab_size</c> of a config.json, if there is one.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="json">The tokenizer.</param>
    /// <returns>The rows.</returns>
    /// <exception cref="FileFormatException">Tokens of the tokenizer's own vocabulary, and not only added ones, have no row.</exception>
    public static ModelRows Read(string folder, TokenizerJson json)
    {
        var path = Path.Combine(folder, "config.json");
        var count = ModelFiles.Exists(path) ? TokenizerJsonComponent.ReadFile(path).ChildOrNull("vocab_size")?.AsNumber() : null;
        return json.Model.Vocabulary.Any(token => token.Value >= count)
            ? throw new FileFormatException(
                $"{folder}: the tokenizer has {json.VocabularySize} tokens and the model {count}; they do not belong together.")
            : new ModelRows(json, count);
    }

    /// <summary>The id of a token that is only named, or null where the model has no row for it.</summary>
    public int? Known(int? id) => id >= count ? null : id;

    /// <summary>Refuses ids of a text that have no row.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="text">The text, for the message; null for tokens that stand around every text.</param>
    /// <exception cref="FileFormatException">One has none.</exception>
    public void Require(IEnumerable<int> ids, string? text)
    {
        foreach (var id in ids.Where(id => id >= count).Take(1))
        {
            var place = text is null ? "which stands around every text" : $"in the text {Row.Excerpt(text)}";
            throw new FileFormatException(
                $"{json.File}: the token '{json.TokenOf(id)}' (id {id}), {place}, has no row in the model, which has {count}: take it out of the data, or take a model that was trained with it.");
        }
    }
}
