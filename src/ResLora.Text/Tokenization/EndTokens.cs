using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization;

/// <summary>
/// The tokens at which generation ends. The first of these that says anything decides alone: <c>eos_token_id</c> of generation_config.json,
/// <c>eos_token_id</c> of config.json, <c>eos_token</c> of the tokenizer's own files.
/// </summary>
/// <param name="Ids">The tokens, none twice, in the order of the file; empty when no token ends a text.</param>
/// <param name="Source">The file that decided; null when no file says anything.</param>
public sealed record EndTokens(IReadOnlyList<int> Ids, string? Source)
{
    private const string Key = "eos_token_id";

    /// <summary>Why there are none, a phrase for messages.</summary>
    public string Absence => Source is null
        ? "no file names a token that ends a text (eos_token_id in generation_config.json or config.json, eos_token in tokenizer_config.json)"
        : $"{Source} names no token that ends a text (eos_token_id)";

    /// <summary>Reads them.</summary>
    /// <param name="generation">generation_config.json, or null.</param>
    /// <param name="model">config.json, or null.</param>
    /// <param name="named">The token that the tokenizer's own files name, and the file; null when they name none.</param>
    /// <param name="vocabularySize">The bound of the ids.</param>
    /// <returns>The tokens.</returns>
    /// <exception cref="FileFormatException">An id is no whole number.</exception>
    internal static EndTokens Read(
        TokenizerJsonComponent? generation, TokenizerJsonComponent? model, (int Id, string File)? named, int vocabularySize)
    {
        // A null in generation_config.json is an answer, and the library that reads it too then ends no text. A key that is missing is
        // none.
        var decides = generation is not null && generation.HasKey(Key) ? generation : model is not null && model.Has(Key) ? model : null;
        if (decides is null)
        {
            return named is { } token ? new EndTokens([token.Id], token.File) : new EndTokens([], null);
        }

        var ids = Numbers(decides.ChildOrNull(Key)).Distinct().ToArray();
        var unknown = ids.Where(id => id < 0 || id >= vocabularySize).ToArray();
        if (ids.Length == 0)
        {
            Warnings.Add($"{decides.File}: {Key} names no token, so that texts end at the limit of tokens only.");
        }
        else if (unknown.Length > 0)
        {
            Warnings.Add(
                $"{decides.File}: {Key} names {string.Join(", ", unknown)}, and there are {vocabularySize} tokens; no text can end there.");
        }

        return new EndTokens([.. ids.Except(unknown)], decides.File);
    }

    private static IEnumerable<int> Numbers(TokenizerJsonComponent? value) => value switch
    {
        null => [],
        { IsList: true } => value.Items().Select(item => item.AsNumber()),
        _ => [value.AsNumber()],
    };
}
